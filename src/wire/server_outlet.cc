#include "wire/server_outlet.h"

#include <utility>

namespace vdc::wire {

void ServerOutlet::wake_once(std::unique_lock<std::mutex> lock) {
    if (std::exchange(woken_, true)) return;
    lock.unlock();
    wake_();
}

bool ServerOutlet::write(std::string bytes, Kind kind) {
    std::unique_lock lock(mutex_);
    if (ended()) return false;
    cut_ = pending_size_ + unsent_ + bytes.size() > queue_max_;
    const bool taken = !cut_;
    if (taken) {
        pending_size_ += bytes.size();
        pending_.push_back({std::move(bytes), kind});
    }
    busy_ = true;
    wake_once(std::move(lock));
    return taken;
}

void ServerOutlet::close(Goodbye goodbye) {
    std::unique_lock lock(mutex_);
    if (ended()) return;
    goodbye_ = std::move(goodbye);
    wake_once(std::move(lock));
}

bool ServerOutlet::closed() const {
    const std::lock_guard lock(mutex_);
    return ended();
}

std::size_t ServerOutlet::queued() const {
    const std::lock_guard lock(mutex_);
    return pending_size_ + unsent_;
}

void ServerOutlet::on_closed(std::function<void()> call) {
    {
        const std::lock_guard lock(mutex_);
        if (!over_) {
            on_closed_.push_back(std::move(call));
            return;
        }
    }
    call();
}

void ServerOutlet::on_drained(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    if (!over_) on_drained_ = std::move(call);
}

ServerOutlet::Taken ServerOutlet::take() {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    unsent_ += std::exchange(pending_size_, 0);
    return Taken{std::exchange(pending_, {}), goodbye_, cut_};
}

void ServerOutlet::report(std::size_t unsent) {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        unsent_ = unsent;
        if (unsent_ == 0 && pending_.empty() && std::exchange(busy_, false)) call = on_drained_;
    }
    if (call) call();
}

void ServerOutlet::over() {
    std::vector<std::function<void()>> calls;
    std::function<void()> dropped;  // may hold the last handle of this outlet: not under the lock
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(over_, true)) return;
        calls.swap(on_closed_);
        dropped.swap(on_drained_);
        pending_ = {};
        pending_size_ = 0;
    }
    for (const auto& call : calls) call();
}

}  // namespace vdc::wire
