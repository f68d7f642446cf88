#include "drivers/networks/netlink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace vdc::drivers::networks {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

/// A family's header of four bytes.
struct Four {
    char bytes[4] = {'h', 'e', 'a', 'd'};
};

TEST(Netlink, LaysAttributesOneInTheOther) {
    NetlinkMessage message(16, NLM_F_CREATE, Four{});
    message.add(1, std::uint16_t{0x0202}).begin(2).add_text(3, "abc").end().add_text(4, "");
    EXPECT_EQ(message.bytes(7),
              "\x30\0\0\0\x10\0\x05\x04\x07\0\0\0\0\0\0\0"  // header, number 7
              "head"
              "\x06\0\x01\0\x02\x02\0\0"
              "\x0c\0\x02\x80\x08\0\x03\0"  // nested
              "abc\0"
              "\x05\0\x04\0\0\0\0\0"s);
}

TEST(Netlink, SaysWhatTheKernelSaid) {
    ifinfomsg nobody{};
    nobody.ifi_index = 0x7fffffff;
    const auto asked = ask_routing({NetlinkMessage(RTM_DELLINK, 0, nobody)}, "cannot do it");
    ASSERT_FALSE(asked.ok());
    EXPECT_THAT(asked.error().message, HasSubstr("cannot do it: "));
}

TEST(Netlink, OfNothingNeedsNoAnswer) {
    EXPECT_TRUE(ask_routing({}, "cannot do it").ok());
}

}  // namespace
}  // namespace vdc::drivers::networks
