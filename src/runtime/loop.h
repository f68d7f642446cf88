#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/executor.h"

namespace vdc::runtime {

/// An Executor that is one thread with a mailbox. Everything that belongs to it is touched by its
/// tasks only, and so needs no lock.
class Loop final : public Executor {
  public:
    /// `name` is what tools show of the thread, at most 15 bytes of it. Tasks may be posted at
    /// once; they wait for start().
    explicit Loop(std::string name);
    /// Stops and joins.
    ~Loop() override;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Begins to run tasks. Once.
    void start();

    /// No task begins after the one that runs now; those that wait, and those posted later, are
    /// dropped. From any thread, also from a task. Does not wait.
    void stop();

    /// Waits until the thread has ended. Not from a task.
    void join();

    bool on_this_loop() const;

    base::Instant now() const override;
    void post(std::function<void()> task) override;
    void post_at(base::Instant when, std::function<void()> task) override;

  private:
    struct Letter {
        base::Instant when;
        std::uint64_t sequence = 0;
        std::function<void()> task;
    };
    static bool later(const Letter& a, const Letter& b);
    void put(std::unique_lock<std::mutex>& held, base::Instant when, std::function<void()> task);
    std::function<void()> next();
    void serve();

    const std::string name_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Letter> heap_;  ///< the next one at the front
    std::uint64_t sequence_ = 0;
    bool stopped_ = false;
    std::atomic<std::thread::id> runner_;
    std::thread thread_;
};

}  // namespace vdc::runtime
