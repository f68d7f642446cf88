#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// One thread that waits for everything QEMUs have to say: QMP sockets, consoles, pidfds, and
/// times. What it calls must be short: while one callback runs, all other guests wait.
class Watcher {
  public:
    using Watch = std::uint64_t;  ///< 0 is none
    using Ready = std::function<void(std::uint32_t events)>;

    static base::Result<std::unique_ptr<Watcher>> start();
    ~Watcher();  ///< everything must have been forgotten before

    /// Calls `ready` with EPOLL bits whenever `fd` has one of `events` (or an error or hang-up),
    /// until forget(). The descriptor stays the caller's and stays open until then. Any thread.
    base::Result<Watch> watch(int fd, std::uint32_t events, Ready ready);

    /// Waits for other events from now on.
    void change(Watch watch, std::uint32_t events);

    /// When it returns, the callback is not running and never will again; inside the callback
    /// itself it returns at once. Forgetting twice, or none, is fine.
    /// Any thread.
    void forget(Watch watch);

    /// Calls `task` once, not before `delay`; the result can be forgotten like a watch.
    Watch after(std::chrono::milliseconds delay, std::function<void()> task);

    /// Whether the caller is the watcher's thread, which must never wait for a guest.
    bool on_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  private:
    using Clock = std::chrono::steady_clock;
    struct Watched {
        int fd = -1;
        std::shared_ptr<Ready> ready;
    };
    struct Timer {
        Clock::time_point due;
        std::function<void()> task;
    };

    Watcher() = default;
    void loop();
    int wait_ms();
    void call(Watch watch, std::uint32_t events);
    void call_timers();
    void run(std::unique_lock<std::mutex>& lock, Watch watch, const std::function<void()>& deed);
    void wake();

    runtime::Fd epoll_;
    runtime::Fd wake_;
    std::mutex mutex_;
    std::condition_variable idle_;  ///< told whenever a callback has returned
    std::map<Watch, Watched> watched_;
    std::map<Watch, Timer> timers_;
    Watch last_ = 0;
    Watch running_ = 0;  ///< whose callback runs now
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace vdc::drivers::qemu
