#include "app/controller_papers.h"

#include "app/control_part.h"
#include "base/addresses.h"
#include "base/json.h"
#include "runtime/files.h"
#include "runtime/process.h"
#include "wire/authority.h"
#include "wire/problem.h"

namespace vdc::app {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static constexpr base::Duration certificate_lifetime = 30 * store_certificate_renewed_after;
static constexpr const char* peer_port = ":2380";

static std::string folder_of(const std::string& data) {
    return data + "/controller";
}
static std::string papers_of(const std::string& data) {
    return folder_of(data) + "/papers.json";
}
static std::string authority_of(const std::string& data) {
    return folder_of(data) + "/etcd-authority.pem";
}

std::string ControllerPapers::address() const {
    return parse_listen(listen).value().first;
}
std::string ControllerPapers::client_url() const {
    return "https://" + store_server(address());
}
std::string ControllerPapers::peer_url() const {
    return "https://" + address() + peer_port;
}

std::string store_server(const std::string& address) {
    return address + ":2379";
}

Status check_has_etcd() {
    TRY(runtime::must_run({.words = {"etcd", "--version"}}));
    return {};
}

Status check_listens_for_others(const std::string& listen) {
    const auto place = parse_listen(listen);
    const auto address = base::parse_ipv4(place.ok() ? place->first : "");
    if (address.ok() && *address) return {};
    return Error{Error::Code::invalid,
                 listen.empty() ? "this controller cannot be reached by others"
                                : "others cannot reach a controller at '" + listen + "'",
                 "start it with one address of this machine: vdc up --listen 10.0.0.1:7443"};
}

// ---- what is kept

static std::vector<std::string> servers_in(const Json& json) {
    std::vector<std::string> servers;
    const Json& listed = json.at("servers");
    if (listed.is(Json::Kind::array))
        for (const Json& each : listed.items())
            if (each.is(Json::Kind::text)) servers.push_back(each.text());
    return servers;
}

Result<std::optional<ControllerPapers>> read_controller_papers(const std::string& data) {
    if (!runtime::exists(papers_of(data))) return std::optional<ControllerPapers>();
    const std::string kept = TRY(runtime::read_file(papers_of(data)));
    const Json json = TRY(base::parse_json(kept));
    ControllerPapers papers;
    papers.listen = json.text_at("listen");
    papers.moving = json.boolean_at("moving");
    papers.servers = servers_in(json);
    TRY(check_listens_for_others(papers.listen));
    papers.store_authority = TRY(wire::load_identity(authority_of(data), authority_of(data)));
    return std::optional(std::move(papers));
}

Status keep_controller_papers(const std::string& data, const ControllerPapers& papers) {
    TRY(runtime::ensure_dir(folder_of(data), 0700));
    const wire::Identity& authority = papers.store_authority;
    TRY(runtime::write_file_atomic(authority_of(data), authority.certificate + authority.key,
                                   0600));
    Json servers = Json::array();
    for (const std::string& each : papers.servers) servers.push(each);
    const Json json = Json::object(
        {{"listen", papers.listen}, {"moving", papers.moving}, {"servers", std::move(servers)}});
    TRY(runtime::write_file_atomic(papers_of(data), base::dump(json)));
    return runtime::sync_dir(folder_of(data));
}

Status drop_controller_papers(const std::string& data) {
    TRY(runtime::remove_file(papers_of(data)));
    return runtime::remove_tree(folder_of(data));
}

/// The papers come last: as long as they are there, it is begun again.
Status drop_controller(const std::string& data) {
    for (const char* folder : {"/etcd", "/past"}) TRY(runtime::remove_tree(data + folder));
    for (const char* file : {"/authority.pem", "/token"}) TRY(runtime::remove_file(data + file));
    TRY(drop_controller_papers(data));
    return runtime::sync_dir(data);
}

// ---- etcd

Status renew_store_certificate(const std::string& data, const ControllerPapers& papers,
                               base::Instant now) {
    const std::string folder = folder_of(data);
    const std::string key = TRY(wire::make_key());
    const wire::Grant grant{{}, {papers.address(), "127.0.0.1"}, now, certificate_lifetime};
    const std::string request = TRY(wire::make_signing_request(key));
    const std::string certificate = TRY(wire::sign(papers.store_authority, request, grant));
    const std::string& authority = papers.store_authority.certificate;
    TRY(runtime::write_file_atomic(folder + "/etcd-authority.crt", authority));
    TRY(runtime::write_file_atomic(folder + "/etcd.key", key));
    return runtime::write_file_atomic(folder + "/etcd.crt", certificate);
}

store::EtcdServers store_servers(const std::string& data, const ControllerPapers& papers,
                                 Whom whom) {
    const std::string folder = folder_of(data);
    store::EtcdServers servers;
    if (whom == Whom::own_first) servers.addresses.push_back(store_server(papers.address()));
    for (const std::string& each : papers.servers) servers.addresses.push_back(each);
    servers.authority = folder + "/etcd-authority.crt";
    servers.certificate = folder + "/etcd.crt";
    servers.key = folder + "/etcd.key";
    return servers;
}

// ---- from another controller

static Result<wire::Identity> identity_from(const Json& json) {
    wire::Identity identity{json.text_at("certificate"), json.text_at("key")};
    TRY(wire::fingerprint(identity.certificate));
    return identity;
}

Result<ControllerPapers> get_controller_papers(const std::string& data, const wire::Endpoint& me,
                                               const std::string& listen) {
    TRY(check_listens_for_others(listen));
    const auto controller = TRY(wire::Client::connect(me));
    const auto response = TRY(controller->request({.path = "/v1/controller-papers"}));
    if (const auto refused = wire::error_of(response)) return *refused;
    const Json shared = TRY(base::parse_json(response.body));
    ControllerPapers papers;
    papers.listen = listen;
    papers.store_authority = TRY(identity_from(shared.at("store_authority")));
    papers.servers = servers_in(shared);
    const wire::Identity authority = TRY(identity_from(shared.at("authority")));
    TRY(runtime::write_file_atomic(data + "/authority.pem", authority.certificate + authority.key,
                                   0600));
    TRY(runtime::write_file_atomic(data + "/token", shared.text_at("token"), 0600));
    TRY(keep_controller_papers(data, papers));
    return papers;
}

}  // namespace vdc::app
