#include "runtime/workers.h"

#include <pthread.h>

#include <utility>

namespace vdc::runtime {

Workers::Workers(std::size_t count, std::string name, std::size_t queue_max)
    : queue_max_(queue_max) {
    for (std::size_t number = 0; number < count; ++number) {
        threads_.emplace_back([this] {
            while (std::function<void()> task = next()) task();
        });
        pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
    }
}

Workers::~Workers() {
    stop();
}

bool Workers::submit(std::function<void()> task) {
    {
        const std::lock_guard held(mutex_);
        if (stopped_ || queue_.size() >= queue_max_) return false;
        queue_.push_back(std::move(task));
    }
    changed_.notify_one();
    return true;
}

void Workers::stop() {
    std::deque<std::function<void()>> dropped;  // destroyed outside the lock
    {
        const std::lock_guard held(mutex_);
        stopped_ = true;
        dropped.swap(queue_);
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

std::function<void()> Workers::next() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return {};
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    return task;
}

}  // namespace vdc::runtime
