#include "drivers/qemu/qmp.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "drivers/qemu/unix_socket.h"

namespace vdc::drivers::qemu {

using base::check;
using base::Error;
using base::Json;
using base::Result;
using base::Status;
using runtime::Fd;

/// Of qmp_capabilities and of commands whose answer nobody awaits.
static constexpr std::int64_t negotiation_id = 0;

static std::string reason(const Json& message) {
    return base::quoted(message.at("error").text_at("desc", "no reason given"), 400);
}

/// QEMU tells most errors apart by their sentence only; these classes it has (qapi/error.json).
static Error::Code code_of(const Json& message) {
    const std::string kind = message.at("error").text_at("class");
    if (kind == "DeviceNotFound") return Error::Code::not_found;
    if (kind == "CommandNotFound") return Error::Code::unsupported;
    return Error::Code::failed;
}

static std::string line_of(const std::string& command, const Json& arguments, std::int64_t id) {
    Json message = Json::object({{"execute", command}});
    if (!arguments.is_null() && !arguments.members().empty()) message.set("arguments", arguments);
    message.set("id", id);
    return base::dump(message) + "\n";
}

Qmp::Qmp(Watcher& watcher, Fd socket, QmpEars ears)
    : watcher_(watcher), socket_(std::move(socket)), ears_(std::move(ears)) {}

Result<std::unique_ptr<Qmp>> Qmp::connect(Watcher& watcher, const std::string& path, QmpEars ears) {
    return over(watcher, TRY(connect_to(path)), std::move(ears));
}

Result<std::unique_ptr<Qmp>> Qmp::over(Watcher& watcher, Fd socket, QmpEars ears) {
    std::unique_ptr<Qmp> qmp(new Qmp(watcher, std::move(socket), std::move(ears)));
    // The first event may come before watch() has returned: hold it up until watch_ is known.
    const std::lock_guard lock(qmp->mutex_);
    qmp->watch_ = TRY(watcher.watch(qmp->socket_.get(), EPOLLIN,
                                    [raw = qmp.get()](std::uint32_t) { raw->readable(); }));
    return qmp;
}

Qmp::~Qmp() {
    watcher_.forget(watch_);
}

bool Qmp::closed() const {
    const std::lock_guard lock(mutex_);
    return phase_ == Phase::closed;
}

void Qmp::readable() {
    { const std::lock_guard watch_is_known(mutex_); }
    std::array<char, 65536> bytes;
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        close({Error::Code::unavailable, "QEMU closed its monitor"});
        return;
    }
    const Status fed = splitter_.feed({bytes.data(), static_cast<std::size_t>(count)},
                                      [this](const Json& message) { take(message); });
    if (!fed) close(fed.error());
}

void Qmp::close(Error why) {
    watcher_.forget(watch_);
    {
        const std::lock_guard lock(mutex_);
        phase_ = Phase::closed;
        why_closed_ = why;
        ::shutdown(socket_.get(), SHUT_RDWR);
    }
    changed_.notify_all();
    ears_.closed(why);
}

void Qmp::take(const Json& message) {
    if (message.has("event")) {
        ears_.event(message.text_at("event"), message.at("data"));
    } else if (message.has("QMP")) {
        greet();
    } else if (message.integer_at("id", -1) == negotiation_id) {
        settle(message);
    } else {
        answer(message);
    }
}

void Qmp::greet() {
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::greeting) return;
        phase_ = Phase::negotiating;
    }
    send("qmp_capabilities");
}

void Qmp::settle(const Json& message) {
    if (!message.has("return")) {
        close({Error::Code::unsupported, "QEMU refused to begin: " + reason(message)});
        return;
    }
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::negotiating) return;
    phase_ = Phase::ready;
    changed_.notify_all();
}

void Qmp::answer(const Json& message) {
    const std::lock_guard lock(mutex_);
    if (message.integer_at("id", -1) != awaited_) return;  // late: its time was up
    answer_ = message;
    changed_.notify_all();
}

Status Qmp::wait_ready(Milliseconds limit) {
    check(!watcher_.on_thread(), "the watcher's thread must not wait for QEMU");
    std::unique_lock lock(mutex_);
    const bool settled = changed_.wait_for(
        lock, limit, [&] { return phase_ == Phase::ready || phase_ == Phase::closed; });
    if (phase_ == Phase::closed) return *why_closed_;
    if (settled) return {};
    return Error{Error::Code::timed_out,
                 "QEMU's monitor did not answer within " + base::text(base::Duration(limit))};
}

void Qmp::send(const std::string& command) {
    const std::string line = line_of(command, {}, negotiation_id);
    // A line this short fits into the socket or QEMU reads nothing any more.
    (void)::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<Json> Qmp::execute(const std::string& command, Json arguments, Milliseconds limit,
                          int descriptor) {
    check(!watcher_.on_thread(), "the watcher's thread must not wait for QEMU");
    const auto deadline = Clock::now() + limit;
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, deadline, [&] { return !busy_; }))
            return Error{Error::Code::timed_out, "QEMU is still busy with an earlier command; '" +
                                                     command + "' was not sent"};
        busy_ = true;
    }
    auto result = converse(command, arguments, deadline, descriptor);
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
    }
    changed_.notify_all();
    return result;
}

Result<Json> Qmp::converse(const std::string& command, const Json& arguments,
                           Clock::time_point deadline, int descriptor) {
    TRY(wait_ready(std::chrono::ceil<Milliseconds>(deadline - Clock::now())));
    std::int64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        id = awaited_ = ++last_id_;
        answer_.reset();
    }
    TRY(transmit(line_of(command, arguments, id), descriptor, deadline));
    return await(id, command, deadline);
}

Result<Json> Qmp::await(std::int64_t id, const std::string& command, Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    check(id == awaited_, "two commands await their answers at once");
    changed_.wait_until(lock, deadline,
                        [&] { return answer_.has_value() || phase_ == Phase::closed; });
    awaited_ = -1;
    if (!answer_ && phase_ == Phase::closed) return *why_closed_;
    if (!answer_)
        return Error{Error::Code::timed_out, "QEMU did not answer '" + command + "' in time"};
    if (const Json* value = answer_->find("return")) return *value;
    return Error{code_of(*answer_), "QEMU refused '" + command + "': " + reason(*answer_)};
}

/// One sendmsg() without waiting; the first byte takes the descriptor along.
static ssize_t send_part(int socket, std::string_view bytes, int descriptor) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// Whether the socket took bytes again before the deadline.
static bool wait_writable(int socket, std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{.fd = socket, .events = POLLOUT, .revents = 0};
    const auto limit = std::clamp<std::int64_t>(left.count(), 0, 60'000);
    return ::poll(&wait, 1, static_cast<int>(limit)) > 0;
}

Status Qmp::transmit(std::string_view line, int descriptor, Clock::time_point deadline) {
    while (!line.empty()) {
        const ssize_t count = send_part(socket_.get(), line, descriptor);
        if (count > 0) {
            line.remove_prefix(static_cast<std::size_t>(count));
            descriptor = -1;
        } else if (errno != EAGAIN && errno != EINTR) {
            return Error{Error::Code::unavailable, "QEMU closed its monitor"};
        } else if (!wait_writable(socket_.get(), deadline)) {
            // Half a command may be on its way, so nothing can follow it: readable() sees the end.
            ::shutdown(socket_.get(), SHUT_RDWR);
            return Error{Error::Code::timed_out, "QEMU does not read its monitor"};
        }
    }
    return {};
}

const Json::Array& items_of(const Json& json) {
    static const Json::Array none;
    return json.is(Json::Kind::array) ? json.items() : none;
}

}  // namespace vdc::drivers::qemu
