#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/console_calls.h"
#include "control/affected_hosts.h"
#include "control/host_messages.h"
#include "engine/engine.h"
#include "runtime/executor.h"
#include "wire/responder.h"

/// The controller's ends of the streams to hosts on other machines (control/host_messages.h).
namespace vdc::api {

class HostLinks {
  public:
    struct Services {
        engine::Engine& engine;
        /// Reads duties and writes messages, so that the engine need not.
        runtime::Executor& loop;
        /// The host lives, under that epoch; `counted` hears whether that counts, from any thread
        /// (engine/host_leases.h).
        std::function<void(model::HostId, model::Epoch, std::function<void(bool)> counted)> renew;
        std::string datacenter;  ///< its id
        /// Where all controllers listen now, for hosts to keep; any thread. Empty: this one is all.
        std::function<std::vector<std::string>()> controllers = {};
        /// Hears whom each group of commits concerns, on the engine's loop. May be empty.
        std::function<void(const control::Affected&)> on_affected = {};
    };

    /// Made before the engine's loop runs. What the services refer to outlives the loop's tasks.
    explicit HostLinks(Services services);
    ~HostLinks();

    /// The stream of the host with that name, which its certificate has proven. One at a time: a
    /// newer one ends the one before, which is a connection that nobody has noticed to be dead.
    /// What a host says of others, or of what is not claimed on it, is refused
    /// (control::may_report). From any thread.
    wire::WebSocketEvents stream_of(const std::string& host);

    /// Tells all hosts anew where the controllers are. From any thread.
    void tell_controllers();

    /// Has a host open a console of an instance that is claimed there, and dial. `done` gets it, or
    /// why there is none: unavailable (the host is not connected), exhausted, timed_out, or the
    /// host's own reason. From any thread; `done` is called on the loop.
    void open_console(model::HostId host, const control::ConsoleWish& wish,
                      ConsoleCalls::Done done);
    /// The host with that name has dialed for a session. `taken` gets whom to give the console to;
    /// not_found when nobody waits for it, conflict when the instance has left the host meanwhile.
    /// From any thread; `taken` is called on the loop.
    void take_console(const std::string& host, const std::string& session,
                      std::function<void(base::Result<ConsoleCalls::Done>)> taken);
    /// A console that was taken is over. From any thread.
    void console_ended(const std::string& session);

  private:
    class Body;
    engine::Engine& engine_;
    std::shared_ptr<Body> body_;
    std::uint64_t listener_ = 0;
};

}  // namespace vdc::api
