#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "control/host_messages.h"
#include "runtime/fd.h"
#include "wire/http_client.h"

namespace vdc::agent {

/// A host's side of consoles that people at a controller see (docs/consoles.md): opens what was
/// asked for, dials, and carries bytes both ways until either end is over. A thread for each.
class ConsoleDialer {
  public:
    /// A stream socket that is what was wished for. May block for a moment; from any thread.
    using Open = std::function<base::Result<runtime::Fd>(const control::ConsoleWish&)>;
    /// Hears why there will be no call for a session. From any thread.
    using Refuse = std::function<void(const std::string& session, const base::Error& why)>;

    static constexpr std::size_t calls_max = 32;

    /// It dials at `path`, followed by the session.
    ConsoleDialer(std::string path, Open open, Refuse refuse);
    ~ConsoleDialer();  ///< hangs up everywhere
    ConsoleDialer(const ConsoleDialer&) = delete;
    ConsoleDialer& operator=(const ConsoleDialer&) = delete;

    /// Begins a call to the controller at `where`; returns at once.
    void dial(wire::Endpoint where, control::OpenConsole asked);

  private:
    struct Call {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> over;
    };
    void serve(const wire::Endpoint& where, const control::OpenConsole& asked);

    const std::string path_;
    const Open open_;
    const Refuse refuse_;
    runtime::Pipe stop_;  ///< its reading end has ended when all calls shall
    std::mutex mutex_;
    std::list<Call> calls_;
};

}  // namespace vdc::agent
