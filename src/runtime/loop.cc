#include "runtime/loop.h"

#include <pthread.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "runtime/clock.h"

namespace vdc::runtime {

using base::Instant;

Loop::Loop(std::string name) : name_(std::move(name)) {}

Loop::~Loop() {
    stop();
    join();
}

void Loop::start() {
    base::check(!thread_.joinable(), "a loop is started once");
    thread_ = std::thread([this] { serve(); });
    pthread_setname_np(thread_.native_handle(), name_.substr(0, 15).c_str());
}

void Loop::stop() {
    const std::lock_guard held(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

void Loop::join() {
    base::check(!on_this_loop(), "a task cannot wait for its own loop");
    if (thread_.joinable()) thread_.join();
    // What was dropped may own things whose ends post again: destroyed outside the lock.
    std::vector<Letter> dropped;
    {
        const std::lock_guard held(mutex_);
        if (stopped_) dropped.swap(heap_);
    }
}

bool Loop::on_this_loop() const {
    return std::this_thread::get_id() == runner_.load();
}

Instant Loop::now() const {
    return runtime::now();
}

bool Loop::later(const Letter& a, const Letter& b) {
    return std::tie(a.when, a.sequence) > std::tie(b.when, b.sequence);
}

void Loop::put(std::unique_lock<std::mutex>& held, Instant when, std::function<void()> task) {
    if (stopped_) return held.unlock();  // the task ends with our caller, outside the lock
    heap_.push_back({when, sequence_++, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), later);
    const bool first = heap_.front().sequence + 1 == sequence_;
    held.unlock();
    if (first) changed_.notify_one();
}

void Loop::post(std::function<void()> task) {
    std::unique_lock held(mutex_);
    // The time is read under the lock: so the order of times is the order of posting.
    put(held, now(), std::move(task));
}

void Loop::post_at(Instant when, std::function<void()> task) {
    std::unique_lock held(mutex_);
    put(held, when, std::move(task));
}

/// Waits for the next task that is due; an empty one means stop.
std::function<void()> Loop::next() {
    // Condition variables do not count while the host sleeps, our time does: look again.
    static constexpr base::Duration nap_max = std::chrono::seconds(5);
    std::unique_lock held(mutex_);
    for (;;) {
        if (stopped_) return {};
        if (heap_.empty()) {
            changed_.wait(held);
            continue;
        }
        const base::Duration left = heap_.front().when - now();
        if (left <= base::Duration::zero()) break;
        changed_.wait_for(held, std::min(left, nap_max));
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    std::function<void()> task = std::move(heap_.back().task);
    heap_.pop_back();
    return task;
}

void Loop::serve() {
    runner_ = std::this_thread::get_id();
    while (std::function<void()> task = next()) task();
}

}  // namespace vdc::runtime
