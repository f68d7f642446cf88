#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/images/inspect.h"

/// What QEMU's tools are told about files: each node with its driver, so that nothing is probed,
/// and each backing, so that nothing inside a file is followed.
namespace vdc::drivers::images {

/// An uploaded image that inspect() accepted, as "json:{...}".
std::string graph_of(const Found& found, const std::string& file);

/// A chain of our own qcow2 files, the one on top first, as "json:{...}"; the last has no backing.
std::string graph_of_chain(const std::vector<std::string>& files);

}  // namespace vdc::drivers::images
