#include "drivers/networks/record.h"

#include <gtest/gtest.h>

#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;

TEST(Record, ComesBackAsItWasWritten) {
    NetworkSpec network = a_network(7, 3);
    network.ports[1].anti_spoof = false;
    const Record record = record_of(network);
    EXPECT_EQ(read_record(write_record(record)), record);
    EXPECT_EQ(record.applied, fingerprint(network));
}

TEST(Record, ThatIsNotWholeIsNone) {
    const std::string whole = write_record(record_of(a_network(7, 3)));
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(read_record(whole.substr(0, size)), std::nullopt);
}

TEST(Record, TheShapeKnowsNoPortsAndNames) {
    NetworkSpec network = a_network(7, 3);
    const auto before = shape_of(network);
    network.ports.pop_back();
    network.names.clear();
    EXPECT_EQ(shape_of(network), before);
    network.mtu = 1400;
    EXPECT_NE(shape_of(network), before);
}

}  // namespace
}  // namespace vdc::drivers::networks
