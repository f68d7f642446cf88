#include "drivers/networks/port_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

std::vector<std::string> keys_of(const NetworkSpec& network, const std::string& name) {
    for (const FilterSet& set : port_sets(network.ports))
        if (set.name == name) return set.keys;
    throw std::runtime_error("no set " + name);
}

TEST(PortSets, HoldAllThatAPortOwns) {
    const NetworkSpec network = a_network(1, 1);
    const std::string tap = "t00000001000b\0\0\0"s;
    const std::string mac = "\x52\x54\0\0\0\x0b\0\0"s;
    const std::string local = "\xfe\x80\0\0\0\0\0\0\x50\x54\0\xff\xfe\0\0\x0b"s;
    EXPECT_THAT(keys_of(network, "macs"), ElementsAre(tap + mac));
    EXPECT_THAT(keys_of(network, "mac_numbers"), ElementsAre(tap + mac));
    EXPECT_THAT(keys_of(network, "addresses"), ElementsAre(tap + "\x0a\x14\0\x0b"s));
    EXPECT_THAT(keys_of(network, "locals"), ElementsAre(tap + local));
    EXPECT_THAT(keys_of(network, "local_numbers"), ElementsAre(tap + local));
    EXPECT_THAT(keys_of(network, "free"), IsEmpty());
}

TEST(PortSets, OfAFreePortHoldItsNameAlone) {
    NetworkSpec network = a_network(1, 2);
    network.ports[0].anti_spoof = false;
    EXPECT_THAT(keys_of(network, "free"), ElementsAre("t00000001000b\0\0\0"s));
    for (const char* name : {"macs", "mac_numbers", "addresses", "locals", "local_numbers"})
        EXPECT_THAT(keys_of(network, name),
                    ElementsAre(testing::StartsWith("t00000001000c\0\0\0"s)))
            << name;
}

}  // namespace
}  // namespace vdc::drivers::networks
