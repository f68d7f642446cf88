#include "drivers/qemu/log_feeds.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "drivers/qemu/unix_socket.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Result;
using runtime::Fd;

static constexpr std::size_t feeds_max = 64;
static constexpr auto look_every = std::chrono::milliseconds(100);

LogFeeds::~LogFeeds() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<Fd> LogFeeds::open(const std::string& path, std::size_t size_max, Until until) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat seen {};
    if (!file || ::fstat(file.get(), &seen) != 0)
        return runtime::system_error(errno, "cannot open " + path);
    auto ends = TRY(runtime::make_socket_pair(runtime::Blocking::no));
    const std::int64_t size = seen.st_size;
    const std::int64_t begin = size - std::min(size, static_cast<std::int64_t>(size_max));
    const std::lock_guard lock(mutex_);
    if (feeds_.size() >= feeds_max)
        return Error{Error::Code::exhausted, "64 console logs are being read on that host already",
                     "end one of those that follow"};
    feeds_.push_back({std::move(file), std::move(ends.ours), begin, until});
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
    return std::move(ends.theirs);
}

/// What was trimmed away reads as zeros, and is passed over.
LogFeeds::Outcome LogFeeds::send_piece(Feed& feed) {
    std::array<char, 16 << 10> bytes;
    const ssize_t count = ::pread(feed.file.get(), bytes.data(), bytes.size(), feed.sent);
    if (count < 0) return Outcome::over;
    if (count == 0) return Outcome::nothing_now;
    const auto end = bytes.begin() + count;
    const auto from = std::find_if(bytes.begin(), end, [](char each) { return each != 0; });
    feed.sent += from - bytes.begin();
    if (from == end) return Outcome::more;
    const ssize_t taken = ::send(feed.reader.get(), &*from, static_cast<std::size_t>(end - from),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0) return errno == EAGAIN ? Outcome::nothing_now : Outcome::over;
    feed.sent += taken;
    return Outcome::more;
}

/// Sends what can be sent. False: it is over.
bool LogFeeds::goes_on(Feed& feed) {
    Outcome outcome = Outcome::more;
    while (outcome == Outcome::more) outcome = send_piece(feed);
    pollfd reader{feed.reader.get(), POLLRDHUP, 0};
    struct stat seen {};
    const bool read = outcome != Outcome::over && ::poll(&reader, 1, 0) == 0 &&
                      ::fstat(feed.file.get(), &seen) == 0 && seen.st_nlink > 0;
    if (!read) return false;
    feed.sent = std::min<std::int64_t>(feed.sent, seen.st_size);  // where no holes can be made
    return feed.until == Until::reader_goes || feed.sent < seen.st_size;
}

void LogFeeds::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        std::erase_if(feeds_, [](Feed& feed) { return !goes_on(feed); });
        if (feeds_.empty())
            changed_.wait(lock, [this] { return stopping_ || !feeds_.empty(); });
        else
            changed_.wait_for(lock, look_every, [this] { return stopping_; });
    }
}

}  // namespace vdc::drivers::qemu
