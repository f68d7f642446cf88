#include "drivers/images/attacks_test_util.h"

#include <gtest/gtest.h>

#include <set>

#include "drivers/images/inspect.h"

namespace vdc::drivers::images {

static const Limits limits{std::uint64_t{1} << 43};

/// Each is refused with a sentence that names what is wrong, as declared and as "auto": declaring
/// nothing must never be a way around a rule.
static void expect_refused(const std::vector<Attack>& attacks) {
    for (const Attack& attack : attacks) {
        SCOPED_TRACE(attack.name);
        const MemorySource source(attack.bytes);
        const auto found = inspect(source, attack.declared, limits);
        ASSERT_FALSE(found.ok());
        EXPECT_NE(base::text(found.error()).find(attack.says), std::string::npos)
            << base::text(found.error());
        EXPECT_TRUE(attack.is_wrong_word || !inspect(source, "auto", limits).ok());
    }
}

TEST(Attacks, WithQcow2AreRefused) {
    expect_refused(qcow2_attacks({}));
}
TEST(Attacks, WithVmdkAreRefused) {
    expect_refused(vmdk_attacks({}));
}
TEST(Attacks, WithVhdAreRefused) {
    expect_refused(vhd_attacks());
}
TEST(Attacks, WithVhdxAreRefused) {
    expect_refused(vhdx_attacks());
}
TEST(Attacks, WithRawPolyglotsAndStrangersAreRefused) {
    expect_refused(other_attacks({}));
}

TEST(Attacks, AreManyAndEachHasItsName) {
    std::set<std::string> names;
    for (const Attack& attack : attacks({}))
        EXPECT_TRUE(names.insert(attack.name).second) << attack.name;
    EXPECT_GE(names.size(), 250u);
}

}  // namespace vdc::drivers::images
