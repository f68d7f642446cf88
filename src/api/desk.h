#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "api/api.h"
#include "api/attempts.h"
#include "api/call.h"
#include "api/past.h"
#include "api/watchers.h"
#include "runtime/workers.h"
#include "wire/socket_bridge.h"

namespace vdc::api {

/// Lets each caller do one thing at a time. Any thread.
class OneEach {
  public:
    bool begin(const std::string& caller);  ///< false: something of his is being done
    void end(const std::string& caller);

  private:
    std::mutex mutex_;
    std::set<std::string> busy_;
};

/// What handlers work with. They run on the server's thread: what blocks goes to `readers`.
struct Desk {
    Desk(Services services, Options with);

    engine::Engine& engine;
    runtime::Executor& executor;
    Uploads& uploads;
    Consoles& consoles;
    Foresight& foresight;
    Joining* const joining;  ///< the engine's loop's; null: no machine can become a host
    HostLinks* const links;  ///< null: hosts on other machines are not served
    Cluster* const cluster;  ///< null: there is one controller, and can be no more
    const std::optional<model::HostId> own_host;
    const std::function<base::Result<runtime::Fd>(model::ImageId)> open_image;  ///< may be empty
    Attempts attempts;                                                          ///< to join
    const Options options;
    Watchers watchers;
    Past past{engine, executor};
    wire::SocketBridge bridge;
    runtime::Workers readers{2, "api-reader", 1000};
    OneEach asking;                                ///< what would be
    runtime::Workers foreseers{1, "what-if", 16};  ///< who answer that

    engine::SnapshotPtr snapshot() const { return engine.snapshot(); }

    /// Has `then` called on the engine's loop with the name of the host that asks, or refuses the
    /// call: the beginning of every handler of a route for hosts (Access::host).
    void admit_host(const CallPtr& call, std::function<void(const std::string& host)> then);

    /// Runs a blocking piece of work; refuses the call when too many wait.
    void read_slowly(const CallPtr& call, std::function<void()> work);

    /// Answers a question about what would be with the JSON that `answer` makes, on a thread of its
    /// own: everybody else is answered meanwhile. Refuses the call while one of its caller is
    /// being answered.
    void foresee(const CallPtr& call, std::function<base::Result<std::string>()> answer);

    /// Has `send_piece` write one piece of the stream, or close it, now and each time the reader
    /// has taken the one before: here, then on a thread that may block.
    void send_in_pieces(const wire::Stream& stream, std::function<void()> send_piece);
};

}  // namespace vdc::api
