#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::runtime {

enum class Level { debug, info, warning, error };
std::string_view word(Level level);

/// A fact beside the message: {"instance", "web-1"}, {"pid", 4711}. A base::Secret does not fit.
struct Field {
    std::string_view name;
    base::Json value;
};

/// One JSON object per line: time, level, room, message, then the fields:
///     {"time":"2026-11-22T12:56:48.000000Z","level":"info","room":"agent","message":"..."}
/// Control characters in texts are written as \xNN, so that what others wrote can neither forge a
/// line nor drive a terminal. Thread-safe. Logging never fails its caller: lines that could not be
/// written are counted, and the count is told with the next line that can.
class Log {
  public:
    /// Writes to our stderr.
    Log() = default;

    /// Appends to a file (made with mode 0640). When it passes `size_max` it becomes PATH.1, and a
    /// new one begins.
    static base::Result<Log> to_file(const std::string& path, std::int64_t size_max = 64 << 20);

    Log(Log&& other) noexcept;
    Log& operator=(Log&& other) noexcept;

    /// Lines below this level are dropped; `info` unless set. From any thread.
    void set_least(Level least);
    /// Whether a line of this level would be written: asked before making a costly one.
    bool takes(Level level) const;

    void write(Level level, std::string_view room, std::string_view message,
               std::vector<Field> fields = {});

    void debug(std::string_view room, std::string_view message, std::vector<Field> fields = {}) {
        write(Level::debug, room, message, std::move(fields));
    }
    void info(std::string_view room, std::string_view message, std::vector<Field> fields = {}) {
        write(Level::info, room, message, std::move(fields));
    }
    void warning(std::string_view room, std::string_view message, std::vector<Field> fields = {}) {
        write(Level::warning, room, message, std::move(fields));
    }
    void error(std::string_view room, std::string_view message, std::vector<Field> fields = {}) {
        write(Level::error, room, message, std::move(fields));
    }

  private:
    base::Status open();
    void put(const std::string& line);
    void turn_over();

    mutable std::mutex mutex_;
    Level least_ = Level::info;
    std::string path_;  ///< empty: stderr
    std::int64_t size_max_ = 0;
    std::int64_t size_ = 0;
    std::int64_t lost_ = 0;
    Fd file_;
};

/// The log of this process: stderr until `app` sets another one, before it starts threads.
Log& log();

}  // namespace vdc::runtime
