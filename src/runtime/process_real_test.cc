#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/process.h"

namespace vdc::runtime {
namespace {

struct Namespace {
    std::string name = "vdctest" + std::to_string(::getpid());
    Namespace() { must_run({.words = {"ip", "netns", "add", name}}).value(); }
    ~Namespace() { (void)run({.words = {"ip", "netns", "del", name}}); }
};

TEST(ProcessReal, RunsInANamedNetworkNamespaceAndTheCallerStaysOutside) {
    const Namespace inner;
    const Command look{.words = {"readlink", "/proc/self/ns/net"}};
    Command look_inside = look;
    look_inside.network_namespace = inner.name;
    const std::string before = must_run(look).value();
    const std::string inside = must_run(look_inside).value();
    EXPECT_NE(inside, before);
    EXPECT_EQ(must_run(look).value(), before);
    const std::string links =
        must_run({.words = {"ip", "-o", "link"}, .network_namespace = inner.name}).value();
    EXPECT_EQ(links.rfind("1: lo", 0), 0u) << links;
}

}  // namespace
}  // namespace vdc::runtime
