#include "drivers/qemu/log_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vdc::drivers::qemu {

namespace {

class LogFile : public testing::Test {
  protected:
    LogFile() { ::close(::mkstemp(path.data())); }
    ~LogFile() override { ::unlink(path.c_str()); }

    void append(const runtime::Fd& file, const std::string& bytes) {
        ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
    }
    std::int64_t stored() {
        struct stat seen {};
        ::stat(path.c_str(), &seen);
        return std::int64_t{seen.st_blocks} * 512;
    }

    std::string path = "/tmp/vdc-log-XXXXXX";
};

}  // namespace

TEST_F(LogFile, TrimmedKeepsItsEndAndWhoAppendsNoticesNothing) {
    const auto file = open_log(path).value();
    for (int i = 0; i < 1024; ++i) append(file, std::string(1023, 'x') + "\n");
    append(file, "last words\n");
    EXPECT_GE(stored(), 1 << 20);
    trim_log(path, {64 << 10});
    EXPECT_LT(stored(), 128 << 10);
    append(file, "and more\n");
    EXPECT_EQ(log_tail(path, 20).value(), "last words\nand more\n");
    EXPECT_LE(log_tail(path, 4 << 20).value().size(), 128u << 10);
}

TEST_F(LogFile, SmallOnesStayWhole) {
    const auto file = open_log(path).value();
    append(file, std::string(100, 'x'));
    trim_log(path, {64});
    EXPECT_EQ(log_tail(path, 1000).value(), std::string(100, 'x'));
}

TEST_F(LogFile, WhatIsMissingIsToldByTheReaderOnly) {
    trim_log(path + ".missing", {64});
    EXPECT_EQ(log_tail(path + ".missing", 10).error().code, base::Error::Code::not_found);
}

}  // namespace vdc::drivers::qemu
