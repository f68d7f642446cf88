#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/console_dialer.h"
#include "control/host_messages.h"
#include "wire/http_client.h"

/// A host's one stream to the controller on another machine (control/host_messages.h).
namespace vdc::agent {

/// Keeps the stream, on a thread of its own: connects again when it broke or is half a day old,
/// says hello, renews the lease, passes duties and reports on. For hosts whose runs all ride
/// through (model/runs.h): when its epoch is over it has nothing to end, says so, and begins the
/// next.
class HostLink final : public Controller {
  public:
    struct Options {
        /// Where the controller is, and who we are. Asked before each attempt to connect, on the
        /// stream's thread: it may block, to renew a certificate.
        std::function<wire::Endpoint()> controller;
        std::string path = "/v1/host-link";
        control::Hello hello;  ///< what the host is; its lease is none of `none`
        /// The host's underlay is the address from which it speaks to the controller.
        bool underlay_from_stream = false;
        /// Completes what the host says of itself when its underlay is known, before each hello; on
        /// the stream's thread. May be empty.
        std::function<void(model::HostObserved&)> complete = {};
        /// The duties as they are now, on the agent's executor.
        std::function<void(control::Duties)> on_duties;
        /// Where controllers are, on the stream's thread; may be empty.
        std::function<void(control::Controllers)> on_controllers = {};
        /// Opens consoles that people at the controller want; empty: none is.
        ConsoleDialer::Open open_console = {};
        std::string console_path = "/v1/host-consoles/";  ///< where the host then dials
    };

    /// `agents` outlives this and its tasks.
    HostLink(runtime::Executor& agents, Options options);
    /// Ends the stream; who waits for an answer gets none.
    ~HostLink() override;

    void start();

    /// As Controller; an error (unavailable) when the stream is down or breaks before the answer.
    void report(model::Step step, std::function<void(base::Status)> done) override;

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace vdc::agent
