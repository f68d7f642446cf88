#include "drivers/qemu/watcher.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace vdc::drivers::qemu {

using base::check;

base::Result<std::unique_ptr<Watcher>> Watcher::start() {
    std::unique_ptr<Watcher> watcher(new Watcher);
    watcher->epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!watcher->epoll_) return runtime::system_error(errno, "cannot make an epoll descriptor");
    watcher->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!watcher->wake_) return runtime::system_error(errno, "cannot make an eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
    if (::epoll_ctl(watcher->epoll_.get(), EPOLL_CTL_ADD, watcher->wake_.get(), &event) != 0)
        return runtime::system_error(errno, "cannot watch an eventfd");
    watcher->thread_ = std::thread([raw = watcher.get()] { raw->loop(); });
    return watcher;
}

Watcher::~Watcher() {
    if (!thread_.joinable()) return;
    check(!on_thread(), "the watcher cannot end on its own thread");
    {
        const std::lock_guard lock(mutex_);
        check(watched_.empty(), "the watcher ended before what it watched");
        stopping_ = true;
    }
    wake();
    thread_.join();
}

base::Result<Watcher::Watch> Watcher::watch(int fd, std::uint32_t events, Ready ready) {
    const std::lock_guard lock(mutex_);
    const Watch watch = ++last_;
    epoll_event event{.events = events, .data = {.u64 = watch}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return runtime::system_error(errno, "cannot watch descriptor " + std::to_string(fd));
    watched_[watch] = {fd, std::make_shared<Ready>(std::move(ready))};
    return watch;
}

void Watcher::change(Watch watch, std::uint32_t events) {
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(watch);
    if (found == watched_.end()) return;
    epoll_event event{.events = events, .data = {.u64 = watch}};
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second.fd, &event) == 0,
          "a watched descriptor was closed before it was forgotten");
}

void Watcher::forget(Watch watch) {
    if (watch == 0) return;
    std::unique_lock lock(mutex_);
    timers_.erase(watch);
    if (const auto found = watched_.find(watch); found != watched_.end()) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
        watched_.erase(found);
    }
    if (on_thread()) return;
    idle_.wait(lock, [&] { return running_ != watch; });
}

Watcher::Watch Watcher::after(std::chrono::milliseconds delay, std::function<void()> task) {
    Watch watch = 0;
    {
        const std::lock_guard lock(mutex_);
        watch = ++last_;
        timers_[watch] = {Clock::now() + delay, std::move(task)};
    }
    wake();
    return watch;
}

void Watcher::wake() {
    ::eventfd_write(wake_.get(), 1);
}

int Watcher::wait_ms() {
    if (timers_.empty()) return -1;
    const auto first = std::min_element(timers_.begin(), timers_.end(), [](auto& a, auto& b) {
        return a.second.due < b.second.due;
    });
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(first->second.due - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void Watcher::loop() {
    std::array<epoll_event, 64> events{};
    for (;;) {
        int wait = -1;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            wait = wait_ms();
        }
        const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait);
        for (int i = 0; i < count; ++i)
            call(events[static_cast<std::size_t>(i)].data.u64,
                 events[static_cast<std::size_t>(i)].events);
        call_timers();
    }
}

void Watcher::run(std::unique_lock<std::mutex>& lock, Watch watch,
                  const std::function<void()>& deed) {
    running_ = watch;
    lock.unlock();
    deed();
    lock.lock();
    running_ = 0;
    idle_.notify_all();
}

void Watcher::call(Watch watch, std::uint32_t events) {
    if (watch == 0) {
        eventfd_t ignored = 0;
        ::eventfd_read(wake_.get(), &ignored);
        return;
    }
    std::unique_lock lock(mutex_);
    const auto found = watched_.find(watch);
    if (found == watched_.end()) return;  // forgotten by an earlier callback of this round
    const std::shared_ptr<Ready> ready = found->second.ready;
    run(lock, watch, [&] { (*ready)(events); });
}

void Watcher::call_timers() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto due = std::find_if(timers_.begin(), timers_.end(), [](const auto& timer) {
            return timer.second.due <= Clock::now();
        });
        if (due == timers_.end()) return;
        const Watch watch = due->first;
        const std::function<void()> task = std::move(due->second.task);
        timers_.erase(due);
        run(lock, watch, task);
    }
}

}  // namespace vdc::drivers::qemu
