#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "drivers/qemu/message_splitter.h"
#include "drivers/qemu/watcher.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// Who hears what a QEMU says unasked. Called on the watcher's thread: be short, ask nothing.
struct QmpEars {
    std::function<void(const std::string& event, const base::Json& data)> event =
        [](const std::string&, const base::Json&) {};
    std::function<void(const base::Error& why)> closed = [](const base::Error&) {};
};

/// One connection to a QEMU's monitor, for the QEMU Machine Protocol.
///
///     greeting --(qmp_capabilities)--> negotiating --(its answer)--> ready --> closed
///
/// Any thread but the watcher's may execute commands; they go one at a time. What the server sends
/// is bounded (MessageSplitter); once it breaks the protocol the connection is closed.
class Qmp {
  public:
    using Milliseconds = std::chrono::milliseconds;

    /// Connects and returns at once; the greeting comes when QEMU is that far.
    static base::Result<std::unique_ptr<Qmp>> connect(Watcher& watcher, const std::string& path,
                                                      QmpEars ears);
    /// Over a connected socket that does not block.
    static base::Result<std::unique_ptr<Qmp>> over(Watcher& watcher, runtime::Fd socket,
                                                   QmpEars ears);
    ~Qmp();  ///< no ear is called any more
    Qmp(const Qmp&) = delete;
    Qmp& operator=(const Qmp&) = delete;

    /// Waits until commands may be sent. timed_out, or why it was closed.
    base::Status wait_ready(Milliseconds limit);

    /// What the command returned. Errors: failed with QEMU's own words, timed_out when there was
    /// no answer (the command may still be done), unavailable when the connection is closed.
    /// `descriptor` goes along with it (getfd, add-fd) and stays the caller's.
    base::Result<base::Json> execute(const std::string& command,
                                     base::Json arguments = base::Json::object(),
                                     Milliseconds limit = std::chrono::seconds(10),
                                     int descriptor = -1);

    /// Sends a command whose answer nobody awaits. Also on the watcher's thread. Best effort.
    void send(const std::string& command);

    bool closed() const;

  private:
    using Clock = std::chrono::steady_clock;
    enum class Phase { greeting, negotiating, ready, closed };

    Qmp(Watcher& watcher, runtime::Fd socket, QmpEars ears);
    void readable();
    void take(const base::Json& message);
    void greet();
    void settle(const base::Json& message);
    void answer(const base::Json& message);
    void close(base::Error why);
    base::Result<base::Json> converse(const std::string& command, const base::Json& arguments,
                                      Clock::time_point deadline, int descriptor);
    base::Status transmit(std::string_view line, int descriptor, Clock::time_point deadline);
    base::Result<base::Json> await(std::int64_t id, const std::string& command,
                                   Clock::time_point deadline);

    Watcher& watcher_;
    runtime::Fd socket_;
    QmpEars ears_;
    Watcher::Watch watch_ = 0;
    MessageSplitter splitter_;  ///< of the watcher's thread

    mutable std::mutex mutex_;  ///< all below
    std::condition_variable changed_;
    bool busy_ = false;  ///< from a command to its answer
    Phase phase_ = Phase::greeting;
    std::optional<base::Error> why_closed_;
    std::int64_t last_id_ = 0;
    std::int64_t awaited_ = -1;  ///< the id whose answer is awaited
    std::optional<base::Json> answer_;
};

/// The items of a list that QEMU returned; none of what is no list.
const base::Json::Array& items_of(const base::Json& json);

}  // namespace vdc::drivers::qemu
