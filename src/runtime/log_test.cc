#include "runtime/log.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <sstream>
#include <thread>
#include <type_traits>

#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"
#include "runtime/files.h"

namespace vdc::runtime {
namespace {

using base::Json;
using base::Secret;

class Logs : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdclogXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        path = folder + "/log";
    }
    void TearDown() override { EXPECT_TRUE(remove_tree(folder).ok()); }
    std::vector<std::string> lines(const std::string& from) const {
        auto all = base::split(read_file(from, 8 << 20).value(), '\n');
        all.pop_back();
        return all;
    }
    std::string folder;
    std::string path;
};

TEST_F(Logs, ALineIsAnObjectWithTimeLevelRoomMessageAndFields) {
    Log log = Log::to_file(path).value();
    log.info("agent", "launched", {{"instance", "web-1"}, {"pid", 4711}, {"kvm", false}});
    const Json line = base::parse_json(lines(path).at(0)).value();
    EXPECT_TRUE(base::parse_instant(line.text_at("time")).ok());
    EXPECT_EQ(line.text_at("level"), "info");
    EXPECT_EQ(line.text_at("room"), "agent");
    EXPECT_EQ(line.text_at("message"), "launched");
    EXPECT_EQ(line.text_at("instance"), "web-1");
    EXPECT_EQ(line.integer_at("pid"), 4711);
    EXPECT_FALSE(line.boolean_at("kvm", true));
}

TEST_F(Logs, WhatOthersWroteForgesNoLineAndDrivesNoTerminal) {
    Log log = Log::to_file(path).value();
    log.warning("qemu", "said \n{\"level\":\"info\"}", {{"text", "\033[2J"}});
    ASSERT_EQ(lines(path).size(), 1u);
    const Json line = base::parse_json(lines(path)[0]).value();
    EXPECT_EQ(line.text_at("message"), "said \\x0a{\"level\":\"info\"}");
    EXPECT_EQ(line.text_at("text"), "\\x1b[2J");
}

TEST_F(Logs, LinesBelowTheLeastLevelAreDropped) {
    Log log = Log::to_file(path).value();
    log.debug("r", "no");
    log.set_least(Level::error);
    log.warning("r", "no");
    log.error("r", "yes");
    EXPECT_EQ(lines(path).size(), 1u);
}

TEST_F(Logs, AFullFileBecomesTheOldOneAndANewOneBegins) {
    Log log = Log::to_file(path, 1000).value();
    for (int number = 0; number < 30; ++number) log.info("r", "line", {{"number", number}});
    const auto now = lines(path);
    const auto old = lines(path + ".1");
    EXPECT_LE(read_file(path).value().size(), 1000u);
    EXPECT_LE(read_file(path + ".1").value().size(), 1000u);
    EXPECT_EQ(base::parse_json(now.back())->integer_at("number"), 29);
    EXPECT_EQ(base::parse_json(now.front())->integer_at("number"),
              base::parse_json(old.back())->integer_at("number") + 1);
}

TEST_F(Logs, LinesOfManyThreadsDoNotMix) {
    Log log = Log::to_file(path).value();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int turn = 0; turn < 500; ++turn)
                log.info("room", std::string(200, 'x'), {{"thread", thread}});
        });
    for (std::thread& thread : threads) thread.join();
    const auto all = lines(path);
    EXPECT_EQ(all.size(), 2000u);
    for (const std::string& line : all) ASSERT_TRUE(base::parse_json(line).ok()) << line;
}

TEST_F(Logs, LinesThatWereLostAreCountedInTheNext) {
    // A full disk, played by the limit of file sizes.
    Log log = Log::to_file(path).value();
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
    log.error("r", "nobody reads this");
    log.error("r", "nor this");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    log.info("r", "fine again");
    log.info("r", "and still");
    ASSERT_EQ(lines(path).size(), 2u);
    EXPECT_EQ(base::parse_json(lines(path)[0])->integer_at("lines_lost"), 2);
    EXPECT_FALSE(base::parse_json(lines(path)[1])->has("lines_lost"));
}

TEST_F(Logs, AFileThatCannotBeOpenedIsNamed) {
    const auto log = Log::to_file(folder + "/none/log");
    ASSERT_FALSE(log.ok());
    EXPECT_NE(log.error().message.find(folder + "/none/log"), std::string::npos);
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

TEST(Secrets, CannotBeFormattedDumpedOrLogged) {
    static_assert(Printable<std::string> && !Printable<Secret>);
    static_assert(!std::is_convertible_v<Secret, std::string>);
    static_assert(!std::is_convertible_v<Secret, std::string_view>);
    static_assert(!std::is_constructible_v<Json, Secret>);
    static_assert(!std::is_constructible_v<std::string, Secret>);
}

TEST(Secrets, MatchTheirBytesOnly) {
    const Secret secret("correct horse");
    EXPECT_TRUE(secret.matches("correct horse"));
    EXPECT_FALSE(secret.matches("correct hors"));
    EXPECT_FALSE(secret.matches("Correct horse"));
    EXPECT_FALSE(secret.matches(""));
    EXPECT_EQ(secret.reveal(), "correct horse");
}

TEST(Secrets, LeaveNothingBehindWhenTheyAreMovedAway) {
    Secret from("short");
    const Secret to = std::move(from);
    EXPECT_TRUE(to.matches("short"));
    EXPECT_TRUE(from.empty());
}

}  // namespace
}  // namespace vdc::runtime
