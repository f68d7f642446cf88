#include "app/membership.h"

#include <stdio.h>

#include <cerrno>

#include "base/json.h"
#include "base/text.h"
#include "runtime/files.h"
#include "wire/authority.h"
#include "wire/join_token.h"
#include "wire/problem.h"

namespace vdc::app {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static std::string folder_of(const std::string& data) {
    return data + "/host";
}

/// Where a membership is put together; of one that broke off, no more than the key.
static std::string joining_folder(const std::string& data) {
    return data + "/host.joining";
}

// ---- what is kept

wire::Endpoint Membership::endpoint(std::size_t turn) const {
    wire::Endpoint endpoint = wire::parse_endpoint(controllers[turn % controllers.size()]).value();
    endpoint.authority = authority;
    endpoint.identity = identity;
    return endpoint;
}

bool Membership::wants_renewal(base::Instant now) const {
    return now >= not_before + (not_after - not_before) / 2;
}

static Status adopt_certificate(Membership& membership) {
    const wire::CertificateFacts facts = TRY(wire::read_facts(membership.identity.certificate));
    if (!facts.party || facts.party->kind != wire::Party::Kind::host)
        return Error{Error::Code::corrupt, "the certificate is no host's"};
    membership.host = facts.party->name;
    membership.not_before = facts.not_before;
    membership.not_after = facts.not_after;
    return {};
}

Result<std::optional<Membership>> read_membership(const std::string& data) {
    const std::string folder = folder_of(data);
    if (!runtime::exists(folder)) return std::optional<Membership>();
    Membership membership;
    membership.identity = TRY(wire::load_identity(folder + "/host.crt", folder + "/host.key"));
    membership.authority = TRY(runtime::read_file(folder + "/authority.crt"));
    constexpr std::size_t controllers_bytes_max = 64 << 10;
    const std::string lines =
        TRY(runtime::read_file(folder + "/controller", controllers_bytes_max));
    for (const std::string& line : base::split(lines, '\n'))
        if (!line.empty()) membership.controllers.push_back(line);
    membership.datacenter = TRY(runtime::read_file(folder + "/datacenter", 1024));
    TRY(wire::fingerprint(membership.authority));
    if (membership.controllers.empty())
        return Error{Error::Code::corrupt, "'" + folder + "/controller' names no controller",
                     "write https://ADDRESS:PORT of one into it"};
    for (const std::string& each : membership.controllers) TRY(wire::parse_endpoint(each));
    TRY(adopt_certificate(membership));
    return std::optional(std::move(membership));
}

static Status write_controllers(const std::string& folder,
                                const std::vector<std::string>& controllers) {
    return runtime::write_file_atomic(folder + "/controller", base::join(controllers, "\n"), 0644);
}

Status keep_controllers(const std::string& data, const std::vector<std::string>& controllers) {
    return write_controllers(folder_of(data), controllers);
}

Status keep_membership(const std::string& data, const Membership& membership) {
    const std::string folder = joining_folder(data);
    TRY(runtime::ensure_dir(folder, 0700));
    TRY(runtime::write_file_atomic(folder + "/host.key", membership.identity.key, 0600));
    TRY(runtime::write_file_atomic(folder + "/host.crt", membership.identity.certificate, 0644));
    TRY(runtime::write_file_atomic(folder + "/authority.crt", membership.authority, 0644));
    TRY(write_controllers(folder, membership.controllers));
    TRY(runtime::write_file_atomic(folder + "/datacenter", membership.datacenter, 0644));
    TRY(runtime::remove_tree(folder_of(data)));
    if (::rename(folder.c_str(), folder_of(data).c_str()) != 0)
        return runtime::system_error(errno, "cannot rename '" + folder + "'");
    return runtime::sync_dir(data);
}

// ---- asking

/// What the controller answered: papers, or its refusal.
static Result<Json> ask(wire::Client& controller, const std::string& path, const Json& body) {
    wire::Request request;
    request.method = wire::Method::post;
    request.path = path;
    request.headers.add("Content-Type", "application/json");
    request.body = base::dump(body);
    const wire::Response response = TRY(controller.request(request));
    if (const auto refused = wire::error_of(response)) return *refused;
    return base::parse_json(response.body);
}

static wire::ClientLimits limits() {
    wire::ClientLimits limits;
    limits.body_max = 64 << 10;
    return limits;
}

/// Takes what came only if it is what was asked for.
static Result<Membership> membership_from(const Json& papers,
                                          const std::vector<std::string>& controllers,
                                          const std::string& key, const std::string& authority) {
    Membership membership = TRY(
        membership_of(papers.text_at("certificate"), key, papers.text_at("authority"), authority));
    membership.controllers = controllers;
    membership.datacenter = papers.text_at("datacenter");
    return membership;
}

Result<Membership> membership_of(const std::string& certificate, const std::string& key,
                                 const std::string& authority, const std::string& fingerprint) {
    Membership membership;
    membership.identity = {certificate, key};
    membership.authority = authority;
    TRY(adopt_certificate(membership));
    const std::string request = TRY(wire::make_signing_request(key));
    const std::string certified = TRY(wire::read_facts(certificate)).key;
    if (certified == TRY(wire::key_of_request(request)) &&
        TRY(wire::fingerprint(authority)) == fingerprint)
        return membership;
    return Error{Error::Code::corrupt, "the controller answered with papers that are not ours"};
}

// ---- joining

static Status check_is_free(const std::string& data, const std::optional<Membership>& before,
                            const std::string& name, base::Instant now, bool as_controller) {
    const bool becomes_controller = as_controller && before && before->host == name;
    if (before && before->not_after > now && !becomes_controller)
        return Error{Error::Code::conflict,
                     "this machine is the host " + before->host + " of the datacenter " +
                         before->datacenter + " (" + before->controllers.front() + ") already",
                     "`vdc up` starts it; `vdc down --purge` makes the machine free, after its "
                     "host was removed there"};
    if (!runtime::exists(data + "/store")) return {};
    return Error{Error::Code::conflict, "'" + data + "' holds a datacenter of its own",
                 "`vdc down --purge` removes it with all that is in it; or use another --data"};
}

/// The key of a membership that expired, or of an attempt whose end is unknown; else a new one.
static Result<std::string> key_for_joining(const std::string& data,
                                           const std::optional<Membership>& before) {
    const std::string path = joining_folder(data) + "/host.key";
    TRY(runtime::ensure_dir(joining_folder(data), 0700));
    if (runtime::exists(path)) return runtime::read_file(path);
    const std::string key = before ? before->identity.key : TRY(wire::make_key());
    TRY(runtime::write_file_atomic(path, key, 0600));
    TRY(runtime::sync_dir(data));
    return key;
}

/// Whether the controller may have done what it was asked for: it never answered.
static bool unknown_end(const Error& error) {
    return error.code == Error::Code::unavailable || error.code == Error::Code::timed_out ||
           error.code == Error::Code::corrupt;
}

static Result<Membership> join_with(wire::Client& controller, const std::string& address,
                                    const wire::JoinToken& token, const std::string& name,
                                    const std::string& key, bool as_controller) {
    Json plea = Json::object({{"token", text(token).reveal()},
                              {"name", name},
                              {"request", TRY(wire::make_signing_request(key))}});
    if (as_controller) plea.set("controller", true);
    const Json papers = TRY(ask(controller, "/v1/join", plea));
    return membership_from(papers, {address}, key, token.authority);
}

Result<Membership> join_datacenter(const std::string& data, const std::string& address,
                                   const std::string& token_text, const std::string& name,
                                   base::Instant now, bool as_controller) {
    const wire::JoinToken token = TRY(wire::parse_join_token(token_text));
    wire::Endpoint endpoint = TRY(wire::parse_endpoint(
        address.find("://") == std::string::npos ? "https://" + address : address));
    endpoint.authority_fingerprint = token.authority;
    TRY(runtime::ensure_dir(data, 0711));
    const runtime::FileLock lock = TRY(runtime::lock_file(data + "/host.lock"));
    const std::optional<Membership> before = TRY(read_membership(data));
    TRY(check_is_free(data, before, name, now, as_controller));
    const auto controller = TRY(wire::Client::connect(endpoint, limits()));
    const std::string key = TRY(key_for_joining(data, before));
    const auto joined =
        join_with(*controller, wire::text(endpoint), token, name, key, as_controller);
    if (!joined.ok() && !unknown_end(joined.error()))
        (void)runtime::remove_tree(joining_folder(data));  // the error says more
    if (!joined.ok()) return joined.error();
    TRY(keep_membership(data, *joined));
    return joined;
}

Result<Membership> renew_membership(const std::string& data, Membership membership,
                                    std::size_t turn) {
    const auto controller = TRY(wire::Client::connect(membership.endpoint(turn), limits()));
    const std::string request = TRY(wire::make_signing_request(membership.identity.key));
    const Json papers =
        TRY(ask(*controller, "/v1/host-certificate", Json::object({{"request", request}})));
    const std::string authority = TRY(wire::fingerprint(membership.authority));
    membership =
        TRY(membership_from(papers, membership.controllers, membership.identity.key, authority));
    TRY(runtime::write_file_atomic(folder_of(data) + "/host.crt", membership.identity.certificate,
                                   0644));
    return membership;
}

}  // namespace vdc::app
