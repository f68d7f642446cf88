#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"

/// Labels of hosts: words by which people name what is lost together.
namespace vdc::model {

/// What that label of the host says, or nullptr: the host has no such label.
const std::string* label_of(const Host& host, const std::string& label);

/// The hosts of which that label says that value, in id order.
std::vector<const Host*> hosts_with(const Snapshot& snapshot, const std::string& label,
                                    const std::string& value);

/// What the host fails together with: its label `rack`, or else the label `power`, or else nothing
/// but the datacenter.
std::string failure_domain(const Host& host);

}  // namespace vdc::model
