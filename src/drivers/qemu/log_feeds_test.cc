#include "drivers/qemu/log_feeds.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "drivers/qemu/log_file.h"

namespace vdc::drivers::qemu {

using base::Error;
using runtime::Fd;
using Until = LogFeeds::Until;

namespace {

class Feeds : public ::testing::Test {
  protected:
    Feeds() {
        std::string pattern = ::testing::TempDir() + "/feeds-XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    ~Feeds() override { std::filesystem::remove_all(folder); }

    void append(const std::string& bytes) const {
        std::ofstream(path(), std::ios::app | std::ios::binary) << bytes;
    }
    std::string path() const { return folder + "/console.log"; }

    /// Exactly so many bytes, or what came until the end.
    static std::string read(const Fd& socket, std::size_t size) {
        std::string all(size, 0);
        std::size_t had = 0;
        while (had < size) {
            pollfd ready{socket.get(), POLLIN, 0};
            if (::poll(&ready, 1, 20'000) <= 0) break;
            const ssize_t count = ::read(socket.get(), all.data() + had, size - had);
            if (count <= 0) break;
            had += static_cast<std::size_t>(count);
        }
        all.resize(had);
        return all;
    }

    std::string folder;
    LogFeeds feeds;
};

constexpr std::size_t more_than_all = 1 << 20;

}  // namespace

TEST_F(Feeds, GiveTheEndOfAFileAndThenEnd) {
    append("booting\nready\n");
    EXPECT_EQ(read(feeds.open(path(), 6, Until::end_of_file).value(), more_than_all), "ready\n");
    EXPECT_EQ(read(feeds.open(path(), more_than_all, Until::end_of_file).value(), more_than_all),
              "booting\nready\n");
    EXPECT_EQ(feeds.open(folder + "/none", 6, Until::end_of_file).error().code,
              Error::Code::not_found);
}

TEST_F(Feeds, FollowWhatIsWritten) {
    append("booting\n");
    const Fd reader = feeds.open(path(), more_than_all, Until::reader_goes).value();
    EXPECT_EQ(read(reader, 8), "booting\n");
    append("ready\n");
    EXPECT_EQ(read(reader, 6), "ready\n");
    append("login: ");
    EXPECT_EQ(read(reader, 7), "login: ");
}

TEST_F(Feeds, PassOverWhatWasTrimmed) {
    append(std::string(3 << 20, 'x'));
    append("end\n");
    trim_log(path(), base::Bytes{4096});
    const std::string all =
        read(feeds.open(path(), std::size_t{4} << 20, Until::end_of_file).value(), 4 << 20);
    EXPECT_LT(all.size(), 3u << 20);
    EXPECT_TRUE(all.ends_with("xend\n"));
    EXPECT_EQ(all.find('\0'), std::string::npos);
}

TEST_F(Feeds, LoseNothingForOneWhoReadsLate) {
    const Fd reader = [&] {
        append("a");
        return feeds.open(path(), more_than_all, Until::reader_goes).value();
    }();
    append(std::string(4 << 20, 'b'));
    append("c");
    const std::string all = read(reader, (4 << 20) + 2);
    EXPECT_EQ(all.size(), (4u << 20) + 2);
    EXPECT_TRUE(all.ends_with("bc"));
}

TEST_F(Feeds, EndWithTheirFile) {
    append("gone\n");
    const Fd reader = feeds.open(path(), more_than_all, Until::reader_goes).value();
    std::filesystem::remove(path());
    EXPECT_EQ(read(reader, more_than_all), "gone\n");
}

TEST_F(Feeds, HaveAMost) {
    append("a");
    std::vector<Fd> readers;
    for (int each = 0; each < 64; ++each)
        readers.push_back(feeds.open(path(), 1, Until::reader_goes).value());
    EXPECT_EQ(feeds.open(path(), 1, Until::reader_goes).error().code, Error::Code::exhausted);
    readers.pop_back();
    base::Result<Fd> freed = Fd();
    while (!(freed = feeds.open(path(), 1, Until::reader_goes)).ok()) {
        ASSERT_EQ(freed.error().code, Error::Code::exhausted);
        ::usleep(1000);
    }
}

}  // namespace vdc::drivers::qemu
