#include "drivers/qemu/console.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "drivers/qemu/unix_socket.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;

static constexpr std::size_t people_max = 16;

/// What can be read now: nothing yet (0), the end (-1), or how many bytes.
static ssize_t receive(int socket, std::array<char, 4096>& bytes) {
    const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count > 0) return count;
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

Console::~Console() {
    std::vector<Watcher::Watch> watches;
    {
        const std::lock_guard lock(mutex_);
        watches.push_back(guest_watch_);
        for (const auto& [number, person] : people_) watches.push_back(person.watch);
    }
    for (const Watcher::Watch watch : watches) watcher_.forget(watch);
}

Result<Fd> Console::open() {
    const std::lock_guard one(opening_);
    auto pair = TRY(runtime::make_socket_pair(runtime::Blocking::no));
    {
        const std::lock_guard lock(mutex_);
        if (people_.size() >= people_max)
            return Error{Error::Code::exhausted,
                         "16 people have this console open already; close one"};
    }
    TRY(connect());
    TRY(add_person(std::move(pair.ours)));
    return std::move(pair.theirs);
}

Status Console::connect() {
    const std::lock_guard lock(mutex_);
    if (guest_) return {};
    guest_ = TRY(connect_to(path_));
    auto watch = watcher_.watch(guest_.get(), EPOLLIN,
                                [this](std::uint32_t events) { guest_ready(events); });
    if (!watch) guest_.reset();
    guest_watch_ = TRY(std::move(watch));
    return {};
}

Status Console::add_person(Fd socket) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++last_;
    const auto watch = TRY(watcher_.watch(socket.get(), EPOLLIN,
                                          [this, number](std::uint32_t) { person_ready(number); }));
    people_[number] = {std::move(socket), watch};
    return {};
}

void Console::guest_ready(std::uint32_t events) {
    const std::lock_guard lock(mutex_);
    if ((events & EPOLLOUT) != 0) flush();
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    std::array<char, 4096> bytes;
    const ssize_t count = receive(guest_.get(), bytes);
    if (count > 0) pass_on({bytes.data(), static_cast<std::size_t>(count)});
    if (count < 0) drop_all();
}

void Console::pass_on(std::string_view bytes) {
    for (const auto& [number, person] : people_)
        (void)::send(person.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Console::person_ready(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = people_.find(number);
    if (found == people_.end()) return;
    std::array<char, 4096> bytes;
    const ssize_t count = receive(found->second.socket.get(), bytes);
    if (count > 0) type({bytes.data(), static_cast<std::size_t>(count)});
    if (count < 0) drop_person(number);
}

void Console::type(std::string_view bytes) {
    typed_ += bytes;
    flush();
}

/// While something waits for QEMU nobody is listened to, so no more than one piece per person
/// waits.
void Console::flush() {
    const ssize_t count = typed_.empty() ? 0
                                         : ::send(guest_.get(), typed_.data(), typed_.size(),
                                                  MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) typed_.erase(0, static_cast<std::size_t>(count));
    const bool waiting = !typed_.empty();
    watcher_.change(guest_watch_, waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
    const std::uint32_t listen_to = waiting ? 0U : EPOLLIN;
    for (const auto& [number, person] : people_) watcher_.change(person.watch, listen_to);
}

void Console::drop_person(std::uint64_t number) {
    const auto found = people_.find(number);
    watcher_.forget(found->second.watch);
    people_.erase(found);
    if (people_.empty()) drop_all();  // another daemon may want the only place
}

void Console::drop_all() {
    for (const auto& [number, person] : people_) watcher_.forget(person.watch);
    people_.clear();
    watcher_.forget(guest_watch_);
    guest_.reset();
    typed_.clear();
}

}  // namespace vdc::drivers::qemu
