#include "api/access.h"

#include <unistd.h>

namespace vdc::api {

using base::Error;
using base::Result;
using base::Status;

static Result<Caller> by_uid(const wire::Peer& peer) {
    const bool ours = peer.uid && (*peer.uid == 0 || *peer.uid == ::geteuid());
    if (ours) return Caller{"admin", /*admin=*/true};
    return Error{Error::Code::forbidden,
                 "user id " + (peer.uid ? std::to_string(*peer.uid) : "unknown") +
                     " may not use this socket",
                 "only root and the daemon's own user may"};
}

/// A controller hands on what its local admin asks of it.
static Caller by_certificate(const wire::Peer& peer) {
    const auto party = peer.certificate ? peer.certificate->party : std::nullopt;
    if (!party) return {};
    if (party->kind == wire::Party::Kind::controller) return {"admin", /*admin=*/true};
    const std::string& name = party->name;
    return {"host " + name, /*admin=*/false, name};
}

static Result<Caller> by_token(const wire::Request& request, const base::Secret& token) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string* given = request.headers.find("Authorization");
    if (given == nullptr) return by_certificate(request.peer);
    const bool bearer =
        given->size() > scheme.size() &&
        wire::same_ignoring_case(std::string_view(*given).substr(0, scheme.size()), scheme);
    if (bearer && !token.empty() && token.matches(std::string_view(*given).substr(scheme.size())))
        return Caller{"admin", /*admin=*/true};
    return Error{Error::Code::unauthenticated, "the token is not the right one",
                 "it lies in the data folder of the daemon, in the file token"};
}

Result<Caller> caller_of(const wire::Request& request, const base::Secret& token) {
    switch (request.peer.kind) {
        case wire::Peer::Kind::unix_socket: return by_uid(request.peer);
        case wire::Peer::Kind::tls: return by_token(request, token);
        case wire::Peer::Kind::tcp: break;
    }
    if (request.headers.has("Authorization"))
        return Error{Error::Code::forbidden,
                     "a token was sent over a connection that is not encrypted",
                     "use https, and make a new token: this one may have been read"};
    return Caller{};
}

static bool may(const Caller& caller, Access wanted) {
    switch (wanted) {
        case Access::anybody: return true;
        case Access::admin: return caller.admin;
        case Access::host: return !caller.host.empty();
    }
    base::broken("an access of no kind");
}

Status authorize(const Caller& caller, Access wanted) {
    if (may(caller, wanted)) return {};
    if (wanted == Access::host)
        return Error{Error::Code::unauthenticated,
                     "this is for hosts, and no host's certificate was shown",
                     "`vdc join` gets one"};
    if (!caller.host.empty())
        return Error{Error::Code::forbidden,
                     caller.name + " may not do this: a host speaks about itself alone",
                     "send `Authorization: Bearer TOKEN` over https, or use the local socket"};
    return Error{Error::Code::unauthenticated, "this needs to know who asks",
                 "send `Authorization: Bearer TOKEN` over https, or use the local socket"};
}

}  // namespace vdc::api
