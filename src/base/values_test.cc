#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/addresses.h"
#include "base/chance.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/units.h"

namespace vdc::base {
namespace {

// ---- ids ---------------------------------------------------------------------------------------

RC_GTEST_PROP(Uuid, TextIsReadBackAndKeepsTheOrder,
              (std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)) {
    const Uuid one{a, b}, other{c, d};
    RC_ASSERT(parse_uuid(text(one)) == one);
    RC_ASSERT((one < other) == (text(one) < text(other)));
    RC_ASSERT(text(one).size() == 36u);
}

TEST(Uuid, OnlyTheFormWith36CharactersIsRead) {
    EXPECT_EQ(parse_uuid("01890A5D-ac96-774B-bcce-b302099A8057"),
              (Uuid{0x01890a5dac96774b, 0xbcceb302099a8057}));
    for (const char* wrong :
         {"", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805",
          "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcceab302099a8057",
          "{1890a5d-ac96-774b-bcce-b302099a8057}", "01890a5g-ac96-774b-bcce-b302099a8057",
          "01890a5d_ac96_774b_bcce_b302099a8057"})
        EXPECT_FALSE(parse_uuid(wrong)) << wrong;
}

TEST(Uuid, DerivedOnesAreTheSameOnEveryMachineAndOfVersion8) {
    const Uuid parent{1, 2};
    const Uuid root = derive_uuid(parent, "root", 0);
    EXPECT_EQ(root, derive_uuid(parent, "root", 0));
    EXPECT_EQ(text(root), "751ab619-e139-8860-b73b-bcce5c3ec3ce");
    EXPECT_EQ(text(root)[14], '8');
    EXPECT_NE(std::string("89ab").find(text(root)[19]), std::string::npos);
    const std::set<Uuid> all{root, derive_uuid(parent, "root", 1), derive_uuid(parent, "port", 0),
                             derive_uuid({1, 3}, "root", 0), derive_uuid({2, 2}, "root", 0)};
    EXPECT_EQ(all.size(), 5u);
}

TEST(Uuid, WhatIsDerivedFromOneWithATimeHasThatTime) {
    const Uuid parent = *parse_uuid("01890a5d-ac96-774b-bcce-b302099a8057");
    const std::string root = text(derive_uuid(parent, "root", 0));
    const std::string port = text(derive_uuid(parent, "port", 0));
    EXPECT_EQ(root.substr(0, 15), "01890a5d-ac96-7");
    EXPECT_EQ(port.substr(0, 15), "01890a5d-ac96-7");
    EXPECT_NE(std::string("89ab").find(root[19]), std::string::npos);
    EXPECT_NE(root, port);
}

// ---- hashes ------------------------------------------------------------------------------------

TEST(Hash, ValuesNeverChangeBecauseNamesAndHistoriesHangOnThem) {
    EXPECT_EQ(text(Hasher{}.finish()), "4cc0aa8de3907144f9e7e304b65a8802");
    EXPECT_EQ(text(Hasher{}.add("").finish()), "9b823b4ab23abdea861bf75acfc428c3");
    EXPECT_EQ(text(Hasher{}.add("vdc").finish()), "84b81e6db70c270b34f3b04be6f106cc");
    EXPECT_EQ(text(Hasher{}.add("12345678").finish()), "11f158999839f36a3858a48bef064a19");
    EXPECT_EQ(text(Hasher{}.add("123456789").finish()), "aa198dc1a5f2bd5cbbca6fd63874f234");
    EXPECT_EQ(text(Hasher{}.add(std::uint64_t{7}).add("x").finish()),
              "8966ed758e212a40ae50787427c051ec");
}

RC_GTEST_PROP(Hash, PartsDoNotRunTogether, (const std::string& a, const std::string& b)) {
    const auto two = [](const std::string& first, const std::string& second) {
        return Hasher{}.add(first).add(second).finish();
    };
    RC_PRE(!a.empty());
    RC_ASSERT(two(a, b) != two("", a + b));
    RC_ASSERT(Hasher{}.add(a + b).finish() != two(a, b));
    RC_ASSERT(Hasher{}.add(a).finish() != Hasher{}.add(a + '\0').finish());
}

TEST(Hash, CountersGiveDifferentHashesInEachHalf) {
    std::set<std::uint64_t> high, low;
    for (std::uint64_t count = 0; count < 100'000; ++count) {
        const Hash128 hash = Hasher{}.add(count).finish();
        high.insert(hash.high);
        low.insert(hash.low);
    }
    EXPECT_EQ(high.size(), 100'000u);
    EXPECT_EQ(low.size(), 100'000u);
}

// ---- chance ------------------------------------------------------------------------------------

TEST(Chance, ASeedAlwaysGivesTheNumbersOfItsSource) {
    Chance chance(1234567);  // the test vector of SplitMix64
    for (const std::uint64_t expected :
         {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u,
          16408922859458223821u})
        EXPECT_EQ(chance.next(), expected);
}

RC_GTEST_PROP(Chance, NumbersKeepToTheirBounds, (std::uint64_t seed)) {
    Chance chance(seed);
    const auto low = *rc::gen::arbitrary<std::int32_t>();
    const auto high = low + static_cast<std::int64_t>(*rc::gen::inRange(0, 1'000'000));
    for (int count = 0; count < 50; ++count) {
        const std::int64_t number = chance.between(low, high);
        RC_ASSERT(number >= low && number <= high);
        RC_ASSERT(chance.below(3) < 3u);
    }
    RC_ASSERT(chance.between(low, low) == low);
    RC_ASSERT(chance.once_in(1, 1));
    RC_ASSERT(!chance.once_in(0, 5));
}

TEST(Chance, SpreadsEvenly) {
    Chance chance(7);
    std::array<int, 10> counts{};
    for (int left = 100'000; left > 0; --left) ++counts[chance.below(10)];
    for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(ChanceDeath, NothingIsBelowZero) {
    Chance chance(1);
    EXPECT_DEATH(chance.below(0), "below zero");
    EXPECT_DEATH(chance.between(2, 1), "crossed");
}

// ---- units -------------------------------------------------------------------------------------

RC_GTEST_PROP(Units, SizesAreReadBackFromTheirText, ()) {
    const MiB size{*rc::gen::inRange<std::int64_t>(0, (std::int64_t{1} << 30) + 1)};
    const auto read = parse_mib(text(size));
    RC_ASSERT(read.ok() && *read == size);
}

TEST(Units, TheLargestUnitThatDividesIsUsed) {
    EXPECT_EQ(text(MiB{0}), "0MiB");
    EXPECT_EQ(text(MiB{512}), "512MiB");
    EXPECT_EQ(text(MiB{1024}), "1GiB");
    EXPECT_EQ(text(MiB{1536}), "1536MiB");
    EXPECT_EQ(text(MiB{3 << 20}), "3TiB");
    EXPECT_EQ(parse_mib("2 GiB").value(), MiB{2048});
}

TEST(Units, SizesWithoutAUnitWithAnotherOneOrTooLargeAreRefused) {
    for (const char* wrong : {"", "512", "1GB", "1G", "1gib", "-1GiB", "1.5GiB", "GiB", "1 GiB ",
                              " 1GiB", "1  GiB", "1025TiB", "99999999999999999999MiB", "0x10MiB"}) {
        const auto size = parse_mib(wrong);
        ASSERT_FALSE(size.ok()) << wrong;
        EXPECT_EQ(size.error().code, Error::Code::invalid);
        EXPECT_FALSE(size.error().hint.empty());
    }
}

TEST(Units, BytesAreHeldByAsManyMibAsTheyNeed) {
    EXPECT_EQ(mib_holding(Bytes{0}), MiB{0});
    EXPECT_EQ(mib_holding(Bytes{1}), MiB{1});
    EXPECT_EQ(mib_holding(Bytes{1 << 20}), MiB{1});
    EXPECT_EQ(mib_holding(Bytes{(1 << 20) + 1}), MiB{2});
    EXPECT_EQ(bytes(MiB{3}), Bytes{3 << 20});
}

// ---- time --------------------------------------------------------------------------------------

RC_GTEST_PROP(Time, InstantsAreReadBackFromTheirText, ()) {
    const Instant instant{Duration{
        *rc::gen::inRange<std::int64_t>(-62'167'219'200'000'000, 253'402'300'799'999'999)}};
    const auto read = parse_instant(text(instant));
    RC_ASSERT(read.ok() && *read == instant);
}

TEST(Time, InstantsAreRfc3339InUtc) {
    EXPECT_EQ(text(Instant{}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(parse_instant("2026-11-22T12:56:48Z").value(),
              parse_instant("2026-11-22T12:56:48.000000Z").value());
    EXPECT_EQ(text(parse_instant("2024-02-29T23:59:59.5Z").value()), "2024-02-29T23:59:59.500000Z");
    EXPECT_EQ(text(Instant{Duration{-1}}), "1969-12-31T23:59:59.999999Z");
}

TEST(Time, WhatIsNoInstantIsRefused) {
    for (const char* wrong :
         {"", "2026-11-22", "2026-11-22 12:56:48Z", "2026-11-22T12:56:48",
          "2026-11-22T12:56:48+01:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
          "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z",
          "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00,5Z", "x026-01-01T00:00:00Z",
          "2026-01-01T00:00:00ZZ"})
        EXPECT_FALSE(parse_instant(wrong).ok()) << wrong;
}

RC_GTEST_PROP(Time, DurationsAreReadBackFromTheirText, ()) {
    const Duration duration{
        *rc::gen::inRange<std::int64_t>(0, std::int64_t{3650} * 86'400'000'000)};
    const auto read = parse_duration(text(duration));
    RC_ASSERT(read.ok() && *read == duration);
}

TEST(Time, DurationsAreExactOrRefused) {
    EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
    EXPECT_EQ(parse_duration("0.25h").value(), 15min);
    EXPECT_EQ(parse_duration("0s").value(), 0s);
    EXPECT_EQ(parse_duration("3650d").value(), std::chrono::days{3650});
    EXPECT_EQ(text(Duration{0}), "0s");
    EXPECT_EQ(text(Duration{90'000'000}), "90s");
    EXPECT_EQ(text(Duration{120'000'000}), "2m");
    EXPECT_EQ(text(Duration{-1}), "-1us");
    for (const char* wrong : {"", "5", "s", "-5s", "+5s", "1,5s", "1.s", ".5s", "5 s", "5S", "5min",
                              "0.5us", "1.1234567s", "3651d", "99999999999999999999s", "1e3s"})
        EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
}

// ---- addresses ---------------------------------------------------------------------------------

RC_GTEST_PROP(Addresses, AreReadBackFromTheirText, (std::uint32_t bits)) {
    const Ipv4 address{bits};
    RC_ASSERT(parse_ipv4(text(address)).value() == address);
    Ipv4Range range;
    range.prefix = *rc::gen::inRange(0, 33);
    range.first = {bits & range.netmask().bits};
    RC_ASSERT(parse_ipv4_range(text(range)).value() == range);
    RC_ASSERT(range.holds(range.first) && range.holds(range.broadcast()));
    RC_ASSERT(range.overlaps(range));
    const Mac mac{(std::uint64_t{bits} << 8 | 1) & ~(std::uint64_t{1} << 40)};
    RC_ASSERT(parse_mac(text(mac)).value() == mac);
}

TEST(Addresses, OfOtherFormsAreRefused) {
    for (const char* wrong :
         {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4",
          "1.2.3.4 ", "0x1.2.3.4", "1.2.3.a", "1..3.4", "16909060", "::1", "1.2.3.0004"})
        EXPECT_FALSE(parse_ipv4(wrong).ok()) << wrong;
    for (const char* wrong : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/24",
                              "10.0.0.0/024", "10.0.0.0/24/1", "10.0.0.0/ 24", "/24"})
        EXPECT_FALSE(parse_ipv4_range(wrong).ok()) << wrong;
    for (const char* wrong :
         {"", "52:54:00:12:34", "52:54:00:12:34:56:78", "52-54-00-12-34-56", "525400123456",
          "52:54:00:12:34:5g", "52:54:00:12:34:+5", "5:54:00:12:34:56", "01:00:5e:00:00:01",
          "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"})
        EXPECT_FALSE(parse_mac(wrong).ok()) << wrong;
}

TEST(Addresses, ARangeKnowsItsEnds) {
    const Ipv4Range range = parse_ipv4_range("10.20.0.0/23").value();
    EXPECT_EQ(text(range.broadcast()), "10.20.1.255");
    EXPECT_EQ(text(range.netmask()), "255.255.254.0");
    EXPECT_EQ(range.size(), 512u);
    EXPECT_FALSE(range.holds(parse_ipv4("10.20.2.0").value()));
    EXPECT_FALSE(range.holds(parse_ipv4("10.19.255.255").value()));
    const Ipv4Range all = parse_ipv4_range("0.0.0.0/0").value();
    EXPECT_TRUE(all.holds(parse_ipv4("255.255.255.255").value()));
    EXPECT_EQ(text(all.netmask()), "0.0.0.0");
    EXPECT_TRUE(range.overlaps(all) && all.overlaps(range));
    EXPECT_FALSE(range.overlaps(parse_ipv4_range("10.20.2.0/24").value()));
}

TEST(Addresses, AnErrorForARangeNamesTheRangeThatWasMeant) {
    EXPECT_EQ(parse_ipv4_range("10.20.1.7/23").error().hint,
              "the range's first address is 10.20.0.0");
}

// ---- secrets -----------------------------------------------------------------------------------

TEST(Secret, MatchesOnlyItsOwnBytesAndIsEmptyOnceMovedFrom) {
    Secret secret("abc");
    EXPECT_TRUE(secret.matches("abc"));
    for (const char* other : {"", "ab", "abcd", "abd", "bbc"}) EXPECT_FALSE(secret.matches(other));
    const Secret moved = std::move(secret);
    EXPECT_TRUE(secret.empty());
    EXPECT_EQ(moved.reveal(), "abc");
}

}  // namespace
}  // namespace vdc::base
