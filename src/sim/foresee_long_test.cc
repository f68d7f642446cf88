#include <gtest/gtest.h>

#include <vector>

#include "sim/injected_loss_test_util.h"

/// What is foreseen of large datacenters, held against what then happens.
namespace vdc::sim {

static std::set<std::string> hosts(int first, int last) {
    std::set<std::string> names;
    for (int number = first; number <= last; ++number) names.insert("h" + std::to_string(number));
    return names;
}

TEST(ForeseeLong, AHostAndThenARackOfAThousandHostsRecoverAsForeseen) {
    InjectedLoss datacenter(1000, /*seed=*/11);
    expect_loss_as_foreseen(datacenter, {"h500"}, 0.2);
    expect_loss_as_foreseen(datacenter, hosts(1, 40), 0.2);
}

/// Also where chance, hosts and racks are others.
TEST(ForeseeLong, HostsAndRacksRecoverAsForeseenWithAnySeed) {
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        InjectedLoss datacenter(200, seed);
        for (const int host : {50, 100, 199})
            expect_loss_as_foreseen(datacenter, {"h" + std::to_string(host)}, 0.2);
        expect_loss_as_foreseen(datacenter, hosts(1, 40), 0.2);
    }
}

}  // namespace vdc::sim
