#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vdc::runtime {

/// A fixed number of threads for deeds that block. Tasks begin in the order they came.
class Workers {
  public:
    explicit Workers(std::size_t count, std::string name = "worker",
                     std::size_t queue_max = 100'000);
    /// Stops.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// False, and the task is dropped, when the queue is full or the workers were stopped.
    [[nodiscard]] bool submit(std::function<void()> task);

    /// Drops the tasks that wait and returns when those that run have ended. Not from a task.
    void stop();

  private:
    std::function<void()> next();

    const std::size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace vdc::runtime
