#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "store/etcd/client.h"

/// Which of the controllers on one etcd leads. The leader's key hangs on a lease of etcd's, which
/// only decides how soon a dead leader is replaced. Safety needs no clock: the revision at which
/// the key was made is the leader's term, and whoever begins to lead writes its term into the head
/// first, so that no write of an earlier leader can follow (layout.h).
namespace vdc::store {

class Leadership {
  public:
    struct Options {
        std::string name;  ///< of this controller, for people
        /// A leader that is not heard of for so long is replaced. etcd's own election may take a
        /// second: shorter than 2 s makes leaders change for nothing.
        std::chrono::seconds lease{3};
        base::Duration look_every = std::chrono::milliseconds(200);  ///< whether nobody leads
    };

    /// Errors: those of EtcdClient::open().
    static base::Result<std::unique_ptr<Leadership>> open(const EtcdServers& servers,
                                                          Options options);
    /// Resigns.
    ~Leadership();
    Leadership(const Leadership&) = delete;
    Leadership& operator=(const Leadership&) = delete;

    /// Waits until this controller leads, at most so long. The term, or nothing when another one
    /// leads still. `unavailable`: etcd does not answer; try again. The store must be read anew
    /// (Store::latest) before the first commit of the term.
    base::Result<std::optional<std::uint64_t>> campaign(base::Duration within);

    /// Whether it leads, as far as this controller can know: its lease was renewed, counted from
    /// when it was asked for. False is final for this term. Any thread.
    bool leads() const;

    /// Who leads, by name; empty: nobody.
    base::Result<std::string> leader();

    /// Lets another one lead at once. Nothing when this one does not.
    void resign();

  private:
    using Clock = std::chrono::steady_clock;

    Leadership(std::unique_ptr<EtcdClient> client, Options options);

    base::Result<std::optional<std::uint64_t>> try_once();
    base::Status take_head(std::uint64_t term);
    void renew();

    const std::unique_ptr<EtcdClient> client_;
    const Options options_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    std::int64_t lease_ = 0;           ///< of the term; 0: does not lead
    Clock::time_point leads_until_{};  ///< unless it is renewed
    std::thread renewer_;
};

}  // namespace vdc::store
