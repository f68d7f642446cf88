#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// Lets people read files of log_file.h, also while they are written. One thread for all of them,
/// begun with the first one. Nothing is kept for who reads slowly: they get it from the file later.
class LogFeeds {
  public:
    enum class Until { end_of_file, reader_goes };

    LogFeeds() = default;
    ~LogFeeds();  ///< hangs up on everybody
    LogFeeds(const LogFeeds&) = delete;
    LogFeeds& operator=(const LogFeeds&) = delete;

    /// A stream socket from which the last `size_max` bytes of the file come, without the zeros of
    /// a trimmed front, and then what is appended, until the reader goes or the file does. Errors:
    /// not_found; exhausted when 64 are being read.
    base::Result<runtime::Fd> open(const std::string& path, std::size_t size_max, Until until);

  private:
    struct Feed {
        runtime::Fd file;
        runtime::Fd reader;
        std::int64_t sent = 0;  ///< of the file, with what was passed over
        Until until = Until::end_of_file;
    };
    enum class Outcome { more, nothing_now, over };
    static Outcome send_piece(Feed& feed);
    static bool goes_on(Feed& feed);
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::list<Feed> feeds_;
    std::thread thread_;
};

}  // namespace vdc::drivers::qemu
