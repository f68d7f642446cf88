#include "app/doors.h"

#include "app/control_part.h"
#include "runtime/clock.h"
#include "wire/problem.h"

namespace vdc::app {

using base::Error;

void Waiting::on_request(wire::Request request, wire::Responder responder) {
    const bool local = request.peer.kind == wire::Peer::Kind::unix_socket;
    const bool asks_who = request.method == wire::Method::get && request.path == "/v1/cluster";
    const auto duty = std::make_shared<wire::Responder>(std::move(responder));
    if (local && asks_who && looks_.submit([this, duty] { tell(*duty); })) return;
    const Error error{Error::Code::unavailable, "no controller leads now",
                      "instances go on; try again in a moment, or `vdc cluster status` on a "
                      "controller"};
    duty->send(wire::problem(error, request.id));
}

void Waiting::tell(wire::Responder& duty) {
    const auto state = cluster_.state();
    if (!state.ok()) return duty.send(wire::problem(state.error(), ""));
    const base::Json json = api::to_json(*state, runtime::now());
    duty.send(wire::answer(200, "application/json", base::dump(json) + "\n"));
}

void Way::prove_with(const wire::Identity& identity) {
    const std::lock_guard lock(mutex_);
    for_local_.identity = identity;
}

void Way::leads(const std::string& address) {
    const auto place = parse_listen(address);
    const std::lock_guard lock(mutex_);
    leader_.reset();
    if (!address.empty() && place.ok()) leader_ = *place;
}

wire::Endpoint Way::local() const {
    const std::lock_guard lock(mutex_);
    return leader_ ? to_leader(for_local_) : waiting_local_;
}

wire::Endpoint Way::tls() const {
    const std::lock_guard lock(mutex_);
    return leader_ ? to_leader({.kind = wire::Endpoint::Kind::tcp}) : waiting_tls_;
}

wire::Endpoint Way::to_leader(wire::Endpoint endpoint) const {
    endpoint.host = leader_->first;
    endpoint.port = leader_->second;
    return endpoint;
}

}  // namespace vdc::app
