#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace vdc::base {
namespace {

RC_GTEST_PROP(Text, WhatWasSplitIsJoinedAgain, (const std::string& text)) {
    RC_ASSERT(join(split(text, ','), ",") == text);
    RC_ASSERT(split(text, ',').size() ==
              static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1);
}

TEST(Text, NamesAreDnsLabels) {
    for (const std::string& good : {std::string("a"), std::string("0"), std::string("web-1"),
                                    std::string("a--b"), std::string(63, 'x')})
        EXPECT_TRUE(check_name("instance", good).ok()) << good;
    for (const std::string& bad :
         {std::string(), std::string("-a"), std::string("a-"), std::string("-"), std::string("A"),
          std::string("a_b"), std::string("a.b"), std::string("a b"), std::string("\xc3\xa9"),
          std::string("a\n"), std::string(64, 'x'), std::string("a\0b", 3)})
        EXPECT_FALSE(check_name("instance", bad).ok()) << bad;
    const Error error = check_name("an instance", "We b\n").error();
    EXPECT_EQ(error.message, "'We b\\x0a' cannot name an instance");
    EXPECT_FALSE(error.hint.empty());
}

TEST(Text, TheNearestWordIsWithinTwoEditsAndTheFirstOfEquals) {
    const std::vector<std::string> words{"memory", "vcpus", "disk", "disc"};
    EXPECT_EQ(nearest("memroy", words), "memory");
    EXPECT_EQ(nearest("vcpu", words), "vcpus");
    EXPECT_EQ(nearest("disl", words), "disk");
    EXPECT_EQ(nearest("dis", words), "disk");
    EXPECT_EQ(nearest("network", words), "");
    EXPECT_EQ(nearest("", words), "");
    EXPECT_EQ(nearest("ab", {"cd"}), "") << "nothing in common";
    EXPECT_EQ(nearest(std::string(101, 'x'), {std::string(101, 'x')}), "");
    EXPECT_EQ(did_you_mean("memroy", words), "; did you mean 'memory'?");
    EXPECT_EQ(did_you_mean("network", words), "");
}

TEST(Text, QuotedTextCanNeitherForgeALineNorDriveATerminal) {
    EXPECT_EQ(quoted("a\nb\x1b[2J\x7f\t"), "a\\x0ab\\x1b[2J\\x7f\\x09");
    EXPECT_EQ(quoted(std::string(10, 'x'), 5), "xxxxx...");
    EXPECT_EQ(quoted(std::string(5, 'x'), 5), "xxxxx");
    EXPECT_EQ(quoted("\xc3\xa9"), "\xc3\xa9");
}

RC_GTEST_PROP(Text, QuotedTextHasNoControlCharacters, (const std::string& text)) {
    for (const char c : quoted(text, 1000)) {
        const auto byte = static_cast<unsigned char>(c);
        RC_ASSERT(byte >= 0x20 && byte != 0x7f);
    }
}

TEST(Text, OnlyTheShortestFormOfACharacterIsUtf8) {
    for (const char* good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good));
    for (const char* bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
          "\xed\xbf\xbf", "\xe1\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
          "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "a\xff"})
        EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace vdc::base
