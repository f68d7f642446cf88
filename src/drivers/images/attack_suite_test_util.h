#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/images/attacks_test_util.h"
#include "drivers/images/forge_test_util.h"

namespace vdc::drivers::images {

/// Collects attacks on one format.
struct Suite {
    std::string prefix;
    std::string declared;
    std::vector<Attack> list;

    void add(std::string_view name, std::string_view says, const forge::Bytes& image) {
        list.push_back(
            {prefix + "_" + std::string(name), declared, std::string(says), image.data, false});
    }
};

/// A qcow2 with a backing file. Nothing is allocated: all that is read comes from there.
forge::Bytes backed(std::string_view name, std::string_view format = {});

}  // namespace vdc::drivers::images
