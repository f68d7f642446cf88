#include "wire/client_link.h"

#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Result<std::unique_ptr<ClientLink>> ClientLink::open(const Endpoint& endpoint,
                                                     milliseconds limit) try {
    const Time end = Clock::now() + limit;
    std::unique_ptr<ClientLink> link(new ClientLink(text(endpoint)));
    if (endpoint.kind == Endpoint::Kind::unix_socket) {
        link->channel_.emplace(link->loop_, TRY(connect_to_path(endpoint.path, limit)));
        return link;
    }
    runtime::Fd socket = TRY(connect_to_port(endpoint.host, endpoint.port, limit));
    TlsContext tls;
    if (endpoint.kind == Endpoint::Kind::tls) tls = TRY(client_tls(endpoint));
    link->channel_.emplace(link->loop_, std::move(socket), tls);
    if (tls == nullptr) return link;
    if (Status shaken = link->shake_hands(endpoint, end); !shaken.ok()) return shaken.error();
    return link;
} catch (const std::exception& failure) {
    return Error{Error::Code::exhausted,
                 std::string("cannot set up an event loop: ") + failure.what()};
}

static Error no_trust(const std::string& name, const std::string& why) {
    return Error{Error::Code::unavailable, "no trusted connection to " + name + ": " + why,
                 "compare the certificate's fingerprint with the one the server shows"};
}

Status ClientLink::shake_hands(const Endpoint& endpoint, Time end) {
    if (!channel_->expect_server(endpoint))
        return Error{Error::Code::invalid, "'" + endpoint.host + "' is no name for TLS"};
    std::optional<error_code> result;
    channel_->async_handshake(asio::ssl::stream_base::client,
                              [&](const error_code& failure) { result = failure; });
    const Status shaken = run_until([&] { return result.has_value(); }, end);
    if (!shaken.ok()) {
        channel_->close();  // its end refers to what is here
        loop_.restart();
        loop_.run();
        return shaken;
    }
    if (*result) {
        const std::string distrust = channel_->distrust();
        return no_trust(name_, distrust.empty() ? result->message() : distrust);
    }
    const Status known = channel_->check_server(endpoint);
    return known.ok() ? Status{} : no_trust(name_, known.error().message);
}

Error ClientLink::broken(const error_code& why) const {
    if (const std::string refused = refusal(why); !refused.empty())
        return Error{Error::Code::unauthenticated,
                     name_ + " does not accept our certificate: " + refused};
    return Error{Error::Code::unavailable, "the connection to " + name_ + " broke" +
                                               (is_end(why) ? "" : ": " + why.message())};
}

Status ClientLink::run_until(const std::function<bool()>& done, Time end) {
    while (!done()) {
        loop_.restart();
        if (loop_.poll_one() > 0 || loop_.run_one_until(end) > 0) continue;
        return Error{Error::Code::timed_out, "no answer from " + name_ + " in time",
                     "the server is busy or hangs; `vdc doctor` looks into it"};
    }
    return {};
}

}  // namespace vdc::wire
