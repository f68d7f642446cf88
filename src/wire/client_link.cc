#include "wire/client_link.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

static constexpr std::size_t head_size_max = 64 << 10;
static constexpr std::size_t headers_max = 200;
static constexpr int interim_heads_max = 8;
static constexpr std::size_t received_kept = 64 << 10;
static constexpr std::size_t received_max = 1 << 20;  ///< while we are the one who sends

// ---- opening

static Result<std::unique_ptr<Channel>> open_channel(const Endpoint& endpoint, milliseconds limit) {
    if (endpoint.kind == Endpoint::Kind::unix_socket)
        return std::make_unique<Channel>(TRY(connect_to_path(endpoint.path, limit)));
    runtime::Fd socket = TRY(connect_to_port(endpoint.host, endpoint.port, limit));
    if (endpoint.kind == Endpoint::Kind::tcp) return std::make_unique<Channel>(std::move(socket));
    const TlsContext context = TRY(TlsContext::client(endpoint.fingerprint, endpoint.ca_file));
    return context.connect(std::move(socket), endpoint.host);
}

Result<std::unique_ptr<ClientLink>> ClientLink::open(const Endpoint& endpoint, milliseconds limit) {
    const Time end = Clock::now() + limit;
    std::unique_ptr<Channel> channel = TRY(open_channel(endpoint, limit));
    std::unique_ptr<ClientLink> link(new ClientLink(std::move(channel), text(endpoint)));
    if (Status shaken = link->shake_hands(end); !shaken.ok()) return shaken.error();
    return link;
}

Status ClientLink::shake_hands(Time end) {
    while (true) {
        const Channel::Moved moved = channel_->shake_hands();
        if (moved.outcome == Channel::Outcome::moved) return {};
        if (moved.outcome == Channel::Outcome::broken || moved.outcome == Channel::Outcome::ended)
            return Error{Error::Code::unavailable,
                         "no trusted connection to " + name_ + ": " + channel_->trouble(),
                         "compare the certificate's fingerprint with the one the server shows"};
        if (Status ready = wait(moved.outcome, end); !ready.ok()) return ready;
    }
}

// ---- waiting

Error ClientLink::broken() const {
    return Error{Error::Code::unavailable,
                 "the connection to " + name_ + " broke" +
                     (channel_->trouble().empty() ? "" : ": " + channel_->trouble())};
}

/// Which of the events came.
Result<short> ClientLink::wait_for(short events, Time end) {
    pollfd waiting{channel_->fd(), events, 0};
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 86'400'000)));
        if (ready > 0) return waiting.revents;
        if (ready == 0)
            return Error{Error::Code::timed_out, "no answer from " + name_ + " in time",
                         "the server is busy or hangs; `vdc doctor` looks into it"};
        if (errno != EINTR) return runtime::system_error(errno, "cannot wait for " + name_);
    }
}

Status ClientLink::wait(Channel::Outcome reason, Time end) {
    const short events = reason == Channel::Outcome::wait_writable ? POLLOUT : POLLIN;
    const Result<short> came = wait_for(events, end);
    return came.ok() ? Status{} : came.error();
}

// ---- bytes

/// Takes what is there without waiting.
Result<ClientLink::Found> ClientLink::look() {
    std::array<char, 64 << 10> bytes;
    const Channel::Moved moved = channel_->read(bytes.data(), bytes.size());
    switch (moved.outcome) {
        case Channel::Outcome::moved:
            received_.append(bytes.data(), moved.bytes);
            return Found::bytes;
        case Channel::Outcome::ended: return Found::ended;
        case Channel::Outcome::broken: return broken();
        case Channel::Outcome::wait_readable:
        case Channel::Outcome::wait_writable: break;
    }
    return Found::nothing;
}

Result<bool> ClientLink::receive(Time end) {
    while (true) {
        const Found found = TRY(look());
        if (found != Found::nothing) return found == Found::bytes;
        const Result<short> came = wait_for(POLLIN, end);
        if (!came.ok()) return came.error();
    }
}

void ClientLink::use(std::size_t bytes) {
    used_ += bytes;
    // Given back in large steps: many small pieces must not move the rest each time.
    if (used_ < received_.size() && used_ < received_kept) return;
    received_.erase(0, used_);
    used_ = 0;
}

bool ClientLink::stirs() {
    if (!received().empty()) return true;
    const Result<Found> found = look();
    return !found.ok() || *found != Found::nothing;
}

/// The server stopped reading: did it say why?
Result<ClientLink::Sent> ClientLink::answered_instead() {
    const Error error = broken();
    const Result<Found> found = look();
    if (found.ok() && *found == Found::bytes) return Sent::answered;
    return error;
}

Result<ClientLink::Sent> ClientLink::send(std::string_view bytes, milliseconds stall,
                                          OnAnswer on_answer) {
    while (!bytes.empty()) {
        const iovec slice{const_cast<char*>(bytes.data()), bytes.size()};
        const Channel::Moved moved = channel_->write(&slice, 1);
        if (moved.outcome == Channel::Outcome::broken) return answered_instead();
        bytes.remove_prefix(moved.bytes);
        if (moved.outcome == Channel::Outcome::moved) continue;
        const bool listens = received().size() < received_max;
        const short events = static_cast<short>(POLLOUT | (listens ? POLLIN : 0));
        const short came = TRY(wait_for(events, Clock::now() + stall));
        if ((came & POLLIN) == 0) continue;
        const Found found = TRY(look());
        if (found == Found::ended) return broken();
        if (found == Found::bytes && on_answer == OnAnswer::stop) return Sent::answered;
    }
    return Sent::all;
}

// ---- heads

Result<ResponseHead> ClientLink::receive_any_head(Method asked, Time end) {
    HeadFinder finder;
    while (true) {
        const std::size_t size = TRY(finder.find(received()));
        if (size > 0) {
            auto head = parse_response_head(received().substr(0, size), headers_max, asked);
            use(size);
            return head;
        }
        if (received().size() > head_size_max)
            return Error{Error::Code::too_large, name_ + " sent headers of more than 64 KiB"};
        if (!TRY(receive(end)))
            return Error{Error::Code::unavailable, name_ + " closed the connection unanswered"};
    }
}

Result<ResponseHead> ClientLink::receive_head(Method asked, Time end) {
    for (int interim = 0; interim < interim_heads_max; ++interim) {
        ResponseHead head = TRY(receive_any_head(asked, end));
        if (head.status >= 200 || head.status == 101) return head;
    }
    return Error{Error::Code::corrupt, name_ + " sent nothing but interim answers"};
}

}  // namespace vdc::wire
