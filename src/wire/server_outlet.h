#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wire/responder.h"

namespace vdc::wire {

/// The server's Outlet: a mailbox between the writers' threads and a connection on the loop.
class ServerOutlet final : public Outlet {
  public:
    /// `wake` is called when there is something to take, on the writer's thread; it must bring
    /// about a take() on the loop.
    ServerOutlet(std::size_t queue_max, std::function<void()> wake)
        : queue_max_(queue_max), wake_(std::move(wake)) {}

    bool write(std::string bytes, Kind kind) override;
    void close(Goodbye goodbye) override;
    bool closed() const override;
    std::size_t queued() const override;
    void on_closed(std::function<void()> call) override;
    void on_drained(std::function<void()> call) override;

    // For the connection, on the loop.

    struct Piece {
        std::string bytes;
        Kind kind;
    };
    struct Taken {
        std::vector<Piece> pieces;
        std::optional<Goodbye> goodbye;  ///< close() was called, and this is all
        bool cut = false;                ///< the reader is too slow
    };
    Taken take();
    /// `unsent` bytes of those taken wait for the kernel.
    void report(std::size_t unsent);
    /// The connection is over: tells who wanted to know, once.
    void over();

  private:
    void wake_once(std::unique_lock<std::mutex> lock);
    bool ended() const { return goodbye_ || cut_ || over_; }

    const std::size_t queue_max_;
    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::vector<Piece> pending_;
    std::size_t pending_size_ = 0;
    std::size_t unsent_ = 0;
    bool woken_ = false;
    bool busy_ = false;  ///< something was queued since the last drain
    std::optional<Goodbye> goodbye_;
    bool cut_ = false;
    bool over_ = false;
    std::vector<std::function<void()>> on_closed_;
    std::function<void()> on_drained_;
};

}  // namespace vdc::wire
