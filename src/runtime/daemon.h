#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::runtime {

/// The daemon's line to the process that started it. Exactly one of the two is said; ending
/// without a word counts as a failure.
class Readiness {
  public:
    explicit Readiness(Fd line) : line_(std::move(line)) {}

    void ready();
    void failed(const base::Error& error);

  private:
    void say(const std::string& words);
    Fd line_;
};

struct Background {
    std::string output;  ///< file that takes stdout and stderr, appended, made 0640
    std::chrono::milliseconds limit = std::chrono::seconds(60);  ///< to become ready
};

/// Goes on as a daemon: its own session, no terminal, folder "/", stdin from /dev/null. Returns
/// twice: in the daemon with its Readiness; and here, once the daemon has said ready(), with
/// nothing, or with the error it gave, or with what became of it (it ended, it took too long and
/// was killed). Call it before any thread is started.
base::Result<std::optional<Readiness>> go_to_background(const Background& background);

/// Writes who we are, so that others find us: pid and start time.
base::Status write_pid_file(const std::string& path);

/// The pid that the file names, if that very process runs; nothing when there is no file or the
/// process is gone (also when its number passed to another).
base::Result<std::optional<pid_t>> read_pid_file(const std::string& path);

}  // namespace vdc::runtime
