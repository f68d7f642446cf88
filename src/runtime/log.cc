#include "runtime/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "runtime/clock.h"

namespace vdc::runtime {

using base::Json;
using base::Result;
using base::Status;

static constexpr std::size_t text_max = 4096;

std::string_view word(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    base::broken("a level outside its set");
}

Log::Log(Log&& other) noexcept {
    *this = std::move(other);
}

Log& Log::operator=(Log&& other) noexcept {
    if (this == &other) return *this;
    const std::scoped_lock held(mutex_, other.mutex_);
    least_ = other.least_;
    path_ = std::exchange(other.path_, {});
    size_max_ = other.size_max_;
    size_ = other.size_;
    lost_ = other.lost_;
    file_ = std::move(other.file_);
    return *this;
}

Result<Log> Log::to_file(const std::string& path, std::int64_t size_max) {
    Log made;
    made.path_ = path;
    made.size_max_ = size_max;
    TRY(made.open());
    return made;
}

Status Log::open() {
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!file_) return system_error(errno, "cannot open the log " + base::quoted(path_));
    struct stat seen {};
    size_ = ::fstat(file_.get(), &seen) == 0 ? seen.st_size : 0;
    return {};
}

void Log::set_least(Level least) {
    const std::lock_guard held(mutex_);
    least_ = least;
}

bool Log::takes(Level level) const {
    const std::lock_guard held(mutex_);
    return level >= least_;
}

static Json printable(const Json& value) {
    return value.is(Json::Kind::text) ? Json(base::quoted(value.text(), text_max)) : value;
}

static std::string line_of(Level level, std::string_view room, std::string_view message,
                           const std::vector<Field>& fields, std::int64_t lost) {
    Json line = Json::object({{"time", text(now())},
                              {"level", word(level)},
                              {"room", room},
                              {"message", base::quoted(message, text_max)}});
    for (const Field& field : fields) line.set(field.name, printable(field.value));
    if (lost > 0) line.set("lines_lost", lost);
    return dump(line) + '\n';
}

void Log::write(Level level, std::string_view room, std::string_view message,
                std::vector<Field> fields) {
    const std::lock_guard held(mutex_);
    if (level < least_) return;
    put(line_of(level, room, message, fields, lost_));
}

/// One write() per line: on a file opened to append, lines of several processes do not mix.
void Log::put(const std::string& line) {
    if (!path_.empty() && size_ > 0 && size_ + static_cast<std::int64_t>(line.size()) > size_max_)
        turn_over();
    const ssize_t wrote = ::write(file_ ? file_.get() : STDERR_FILENO, line.data(), line.size());
    lost_ = wrote == static_cast<ssize_t>(line.size()) ? 0 : lost_ + 1;
    if (wrote > 0) size_ += wrote;
}

void Log::turn_over() {
    if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return;
    // When no new file can be made we go on in the old one, under its new name.
    Fd old = std::move(file_);
    if (!open().ok()) file_ = std::move(old);
}

Log& log() {
    // Never destroyed: threads may log while the process ends.
    static Log& of_this_process = *new Log;
    return of_this_process;
}

}  // namespace vdc::runtime
