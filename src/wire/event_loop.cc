#include "wire/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <utility>

namespace vdc::wire {

using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

static constexpr std::uint64_t bell_id = 0;
static constexpr std::size_t events_max = 128;

Result<std::shared_ptr<EventLoop>> EventLoop::make(std::chrono::milliseconds tick) {
    std::shared_ptr<EventLoop> loop(new EventLoop);
    loop->tick_ = tick;
    loop->epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    loop->bell_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{EPOLLIN, {}};
    event.data.u64 = bell_id;
    if (!loop->epoll_ || !loop->bell_ ||
        ::epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->bell_.get(), &event) != 0)
        return system_error(errno, "cannot set up an event loop");
    return loop;
}

void EventLoop::post(std::function<void()> call) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        mail_.push_back(std::move(call));
        if (std::exchange(rung_, true)) return;
    }
    const std::uint64_t one = 1;
    // An eventfd of ours takes this unless 2^64 - 2 rings wait in it.
    base::check(::write(bell_.get(), &one, sizeof one) == sizeof one, "the loop's bell rings");
}

void EventLoop::take_mail() {
    std::uint64_t count = 0;
    // Nothing in it means that another round took the mail already.
    (void)!::read(bell_.get(), &count, sizeof count);
    std::vector<std::function<void()>> mail;
    {
        const std::lock_guard lock(mutex_);
        mail.swap(mail_);
        rung_ = false;
    }
    for (const auto& call : mail) call();
}

Status EventLoop::watch(std::uint64_t id, int fd, std::uint32_t events,
                        std::shared_ptr<Watcher> watcher) {
    epoll_event event{events, {}};
    event.data.u64 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return system_error(errno, "cannot watch a descriptor");
    watchers_.emplace(id, std::move(watcher));
    return {};
}

void EventLoop::change(std::uint64_t id, int fd, std::uint32_t events) {
    epoll_event event{events, {}};
    event.data.u64 = id;
    const int done = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
    base::check(done == 0, "a watched descriptor can be changed");
}

void EventLoop::forget(std::uint64_t id, int fd) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    watchers_.erase(id);
}

Watcher* EventLoop::find(std::uint64_t id) {
    const auto found = watchers_.find(id);
    return found == watchers_.end() ? nullptr : found->second.get();
}

void EventLoop::dispatch(std::uint64_t id, std::uint32_t events) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) return;
    const std::shared_ptr<Watcher> kept = found->second;  // it may forget itself
    kept->on_ready(events);
}

void EventLoop::tick() {
    next_tick_ = now_ + tick_;
    std::vector<std::shared_ptr<Watcher>> all;
    all.reserve(watchers_.size());
    for (const auto& [id, watcher] : watchers_) all.push_back(watcher);
    for (const auto& watcher : all) watcher->on_tick(now_);
}

void EventLoop::run() {
    thread_ = std::this_thread::get_id();
    std::array<epoll_event, events_max> events{};
    while (!ended_) {
        const int timeout = ticking_ ? static_cast<int>(tick_.count()) : -1;
        const int count = ::epoll_wait(epoll_.get(), events.data(), events_max, timeout);
        base::check(count >= 0 || errno == EINTR, "epoll of our own descriptors");
        now_ = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            if (event.data.u64 == bell_id)
                take_mail();
            else
                dispatch(event.data.u64, event.events);
        }
        if (ticking_ && now_ >= next_tick_) tick();
    }
    std::vector<std::function<void()>> unrun;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    unrun.swap(mail_);
}

const std::string& EventLoop::date() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == date_second_) return date_;
    date_second_ = now.tv_sec;
    std::tm at{};
    ::gmtime_r(&now.tv_sec, &at);
    // By hand: strftime's names follow the locale, RFC 9110 section 5.6.7 wants English.
    static constexpr std::string_view days = "SunMonTueWedThuFriSat";
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::array<char, 80> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                      days.data() + 3 * at.tm_wday, at.tm_mday, months.data() + 3 * at.tm_mon,
                      at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    date_.assign(text.data(), static_cast<std::size_t>(length));
    return date_;
}

}  // namespace vdc::wire
