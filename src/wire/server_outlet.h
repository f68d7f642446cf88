#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "wire/event_loop.h"
#include "wire/responder.h"

namespace vdc::wire {

/// The server's Outlet: a mailbox between the writers' threads and a connection on the loop.
class ServerOutlet final : public Outlet {
  public:
    /// `wake` is posted to the loop when there is something to take; it must call take().
    ServerOutlet(std::shared_ptr<EventLoop> loop, std::size_t queue_max, std::function<void()> wake)
        : loop_(std::move(loop)), queue_max_(queue_max), wake_(std::move(wake)) {}

    bool write(std::string bytes) override;
    void close() override;
    bool closed() const override;
    std::size_t queued() const override;
    void on_closed(std::function<void()> call) override;
    void on_drained(std::function<void()> call) override;

    // For the connection, on the loop.

    struct Taken {
        std::string bytes;
        bool ends = false;  ///< close() was called, and this is all
        bool cut = false;   ///< the reader is too slow
    };
    Taken take();
    /// `unsent` bytes of those taken wait for the kernel.
    void report(std::size_t unsent);
    /// The connection is over: tells who wanted to know, once.
    void over();

  private:
    void wake_once(std::unique_lock<std::mutex> lock);

    const std::shared_ptr<EventLoop> loop_;
    const std::size_t queue_max_;
    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::string pending_;
    std::size_t unsent_ = 0;
    bool woken_ = false;
    bool busy_ = false;  ///< something was queued since the last drain
    bool ends_ = false;
    bool cut_ = false;
    bool over_ = false;
    std::vector<std::function<void()>> on_closed_;
    std::function<void()> on_drained_;
};

}  // namespace vdc::wire
