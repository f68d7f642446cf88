#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::wire {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Something with a descriptor that the loop watches.
class Watcher {
  public:
    virtual ~Watcher() = default;
    /// `events` of epoll. Called while it is watched, never after EventLoop::forget().
    virtual void on_ready(std::uint32_t events) = 0;
    /// Called on each tick while anything at all is watched with Ticks::yes.
    virtual void on_tick(SteadyTime now) = 0;
};

/// One thread, one epoll, one mailbox. Everything but post() belongs to the thread itself.
class EventLoop {
  public:
    static base::Result<std::shared_ptr<EventLoop>> make(std::chrono::milliseconds tick);

    /// Runs the call on the thread, in order of posting. From any thread; once the loop has ended
    /// the call is dropped, unrun.
    void post(std::function<void()> call);

    bool on_thread() const { return std::this_thread::get_id() == thread_.load(); }

    /// Runs until end() was called, here.
    void run();
    void end() { ended_ = true; }

    /// Ids grow and are never used again, so that a late event cannot reach a newcomer that got
    /// the same descriptor.
    std::uint64_t next_id() { return ++last_id_; }
    base::Status watch(std::uint64_t id, int fd, std::uint32_t events,
                       std::shared_ptr<Watcher> watcher);
    void change(std::uint64_t id, int fd, std::uint32_t events);
    void forget(std::uint64_t id, int fd);
    Watcher* find(std::uint64_t id);

    /// Ticks come only while somebody wants them: an idle server does not wake up.
    void want_ticks(bool wanted) { ticking_ = wanted; }

    SteadyTime now() const { return now_; }  ///< when this round began
    /// For the Date header; renewed each second.
    const std::string& date();
    /// One buffer for everybody's reading, used within one call.
    std::vector<char>& scratch() { return scratch_; }

  private:
    EventLoop() = default;
    void take_mail();
    void tick();
    void dispatch(std::uint64_t id, std::uint32_t events);

    runtime::Fd epoll_;
    runtime::Fd bell_;
    std::chrono::milliseconds tick_{};
    std::atomic<std::thread::id> thread_{};
    std::mutex mutex_;
    std::vector<std::function<void()>> mail_;
    bool rung_ = false;    ///< the bell was rung for what is in mail_
    bool closed_ = false;  ///< no mail is taken any more
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Watcher>> watchers_;
    bool ended_ = false;
    bool ticking_ = false;
    SteadyTime now_{};
    SteadyTime next_tick_{};
    std::time_t date_second_ = 0;
    std::string date_;
    std::vector<char> scratch_ = std::vector<char>(64 << 10);
};

}  // namespace vdc::wire
