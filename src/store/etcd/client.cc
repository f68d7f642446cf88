#include "store/etcd/client.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <mutex>

#include <etcd.grpc.pb.h>
#include "runtime/files.h"

// The one file that knows gRPC: it costs more to compile than the rest of the room.
namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using Code = Error::Code;

namespace {

namespace pb = etcdserverpb;

/// What a page of pairs may weigh; gRPC's own limit of 4 MiB is less than some pages have.
constexpr int answer_bytes_max = 64 << 20;

Code code_of(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED:
        case grpc::StatusCode::UNKNOWN:  // a server that stops answers so: "raft: stopped"
        case grpc::StatusCode::INTERNAL: return Code::unavailable;
        case grpc::StatusCode::RESOURCE_EXHAUSTED: return Code::exhausted;
        case grpc::StatusCode::UNAUTHENTICATED:
        case grpc::StatusCode::PERMISSION_DENIED: return Code::forbidden;
        case grpc::StatusCode::NOT_FOUND:
        case grpc::StatusCode::OUT_OF_RANGE: return Code::not_found;
        default: return Code::failed;
    }
}

const char* hint_of(Code code) {
    switch (code) {
        case Code::unavailable: return "see that most of its servers run and reach one another";
        case Code::exhausted:
            return "give it more room (--quota-backend-bytes), then `etcdctl alarm disarm`";
        case Code::forbidden: return "see which certificate it asks for";
        default: return "";
    }
}

Error error_of(const std::string& server, const grpc::Status& status) {
    const Code code = code_of(status.error_code());
    return {code, "etcd at " + server + ": " + status.error_message(), hint_of(code)};
}

Result<std::string> read_secret(const std::string& path) {
    if (path.empty()) return std::string();
    return runtime::read_file(path);
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials(const EtcdServers& servers) {
    if (servers.authority.empty()) return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = TRY(read_secret(servers.authority));
    options.pem_cert_chain = TRY(read_secret(servers.certificate));
    options.pem_private_key = TRY(read_secret(servers.key));
    return grpc::SslCredentials(options);
}

Status check_servers(const EtcdServers& servers) {
    if (servers.addresses.empty())
        return Error{Code::invalid, "no address of etcd is given", "for example 127.0.0.1:2379"};
    for (const std::string& address : servers.addresses) {
        const bool local = address.starts_with("127.") || address.starts_with("[::1]") ||
                           address.starts_with("localhost:");
        if (address.find(':') == std::string::npos)
            return Error{Code::invalid, "'" + address + "' is no address with a port",
                         "for example 127.0.0.1:2379"};
        if (servers.authority.empty() && !local)
            return Error{Code::invalid,
                         "etcd at " + address + " would be spoken to without encryption",
                         "give its certificate authority, and a certificate to show it"};
    }
    return {};
}

struct Server {
    std::unique_ptr<pb::KV::Stub> keys;
    std::unique_ptr<pb::Lease::Stub> leases;
    std::unique_ptr<pb::Cluster::Stub> cluster;
    std::unique_ptr<pb::Maintenance::Stub> maintenance;
};

std::shared_ptr<Server> connect(const std::string& address,
                                const std::shared_ptr<grpc::ChannelCredentials>& proof) {
    grpc::ChannelArguments options;
    options.SetMaxReceiveMessageSize(answer_bytes_max);
    options.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    options.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    options.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);  // etcd bears no less than 5 s
    options.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // No connection is shared: a new channel connects anew.
    options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(address, proof, options);
    return std::make_shared<Server>(Server{pb::KV::NewStub(channel), pb::Lease::NewStub(channel),
                                           pb::Cluster::NewStub(channel),
                                           pb::Maintenance::NewStub(channel)});
}

}  // namespace

class EtcdClient::Body {
  public:
    Body(EtcdServers servers, std::shared_ptr<grpc::ChannelCredentials> proof)
        : known_(std::move(servers)),
          proof_(std::move(proof)),
          server_(connect(known_.addresses.front(), proof_)) {}

    std::size_t servers() const { return known_.addresses.size(); }

    /// Asks the server that answered last; where it does not, the next call asks the next one.
    template <class Answer>
    Result<Answer> call(
        const std::function<grpc::Status(const Server&, grpc::ClientContext&, Answer&)>& ask) {
        const auto [turn, server] = present();
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + known_.answer_within);
        Answer answer;
        const grpc::Status status = ask(*server, context, answer);
        if (status.ok()) return answer;
        Error error = error_of(known_.addresses[turn % servers()], status);
        if (error.code == Code::unavailable) turn_away(turn);
        return error;
    }

    /// For what may be asked twice: every server once.
    template <class Answer>
    Result<Answer> call_any(
        const std::function<grpc::Status(const Server&, grpc::ClientContext&, Answer&)>& ask) {
        Result<Answer> answer = call(ask);
        for (std::size_t tried = 1; tried < servers(); ++tried) {
            if (answer.ok() || answer.error().code != Code::unavailable) break;
            answer = call(ask);
        }
        return answer;
    }

  private:
    std::pair<std::size_t, std::shared_ptr<Server>> present() {
        const std::lock_guard lock(mutex_);
        return {turn_, server_};
    }

    /// To the next server, unless somebody did already; always by a new connection. One that an
    /// etcd took while it began, before it serves, is never answered. The files are read anew: a
    /// certificate may have been renewed.
    void turn_away(std::size_t turn) {
        const std::lock_guard lock(mutex_);
        if (turn_ != turn) return;
        ++turn_;
        if (auto proof = credentials(known_); proof.ok()) proof_ = std::move(*proof);
        server_ = connect(known_.addresses[turn_ % servers()], proof_);
    }

    const EtcdServers known_;
    std::mutex mutex_;
    std::shared_ptr<grpc::ChannelCredentials> proof_;
    std::size_t turn_ = 0;
    std::shared_ptr<Server> server_;
};

EtcdClient::EtcdClient(std::unique_ptr<Body> body) : body_(std::move(body)) {}
EtcdClient::~EtcdClient() = default;

Result<std::unique_ptr<EtcdClient>> EtcdClient::open(const EtcdServers& servers) {
    TRY(check_servers(servers));
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    const auto proof = TRY(credentials(servers));
    auto body = std::make_unique<Body>(servers, proof);
    return std::unique_ptr<EtcdClient>(new EtcdClient(std::move(body)));
}

Result<EtcdClient::Page> EtcdClient::range(const std::string& key, const std::string& end,
                                           std::int64_t limit) {
    pb::RangeRequest request;
    request.set_key(key);
    request.set_range_end(end);
    request.set_limit(limit);
    pb::RangeResponse answer = TRY(body_->call_any<pb::RangeResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::RangeResponse& into) {
            return server.keys->Range(&context, request, &into);
        }));
    Page page;
    page.more = answer.more();
    for (pb::KeyValue& each : *answer.mutable_kvs())
        page.pairs.push_back({std::move(*each.mutable_key()), std::move(*each.mutable_value()),
                              each.mod_revision()});
    return page;
}

Result<std::optional<EtcdPair>> EtcdClient::get(const std::string& key) {
    Page page = TRY(range(key, {}, 1));
    if (page.pairs.empty()) return std::optional<EtcdPair>();
    return std::optional(std::move(page.pairs.front()));
}

Result<std::optional<std::int64_t>> EtcdClient::write(std::span<const EtcdGuard> guards,
                                                      std::span<const EtcdWrite> writes) {
    base::check(guards.size() <= etcd_writes_max && writes.size() <= etcd_writes_max,
                "a transaction keeps to etcd's limits");
    pb::TxnRequest request;
    for (const EtcdGuard& guard : guards) {
        pb::Compare& compare = *request.add_compare();
        compare.set_key(guard.key);
        // A key that does not exist has the revision 0.
        compare.set_target(pb::Compare::MOD);
        compare.set_mod_revision(guard.modified);
    }
    for (const EtcdWrite& write : writes) {
        pb::RequestOp& step = *request.add_success();
        if (write.value) {
            step.mutable_request_put()->set_key(write.key);
            step.mutable_request_put()->set_value(*write.value);
            step.mutable_request_put()->set_lease(write.lease);
        } else {
            step.mutable_request_delete_range()->set_key(write.key);
            step.mutable_request_delete_range()->set_range_end(write.end);
        }
    }
    const pb::TxnResponse answer = TRY(body_->call<pb::TxnResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::TxnResponse& into) {
            return server.keys->Txn(&context, request, &into);
        }));
    if (!answer.succeeded()) return std::optional<std::int64_t>();
    return std::optional(answer.header().revision());
}

Status EtcdClient::forget(std::int64_t before) {
    pb::CompactionRequest request;
    request.set_revision(before);
    const auto answer = body_->call_any<pb::CompactionResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::CompactionResponse& into) {
            return server.keys->Compact(&context, request, &into);
        });
    // Somebody else did it already.
    if (!answer.ok() && answer.error().code != Code::not_found) return answer.error();
    return {};
}

Result<std::int64_t> EtcdClient::grant(std::int64_t seconds) {
    pb::LeaseGrantRequest request;
    request.set_ttl(seconds);
    const auto answer = TRY(body_->call_any<pb::LeaseGrantResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::LeaseGrantResponse& into) {
            return server.leases->LeaseGrant(&context, request, &into);
        }));
    return answer.id();
}

Result<bool> EtcdClient::renew(std::int64_t lease) {
    pb::LeaseKeepAliveRequest request;
    request.set_id(lease);
    // A stream by its interface; one question and one answer are all that we want of it.
    const auto answer = TRY(body_->call_any<pb::LeaseKeepAliveResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::LeaseKeepAliveResponse& into) {
            const auto stream = server.leases->LeaseKeepAlive(&context);
            stream->Write(request);
            stream->WritesDone();
            const bool answered = stream->Read(&into);
            const grpc::Status status = stream->Finish();
            return answered ? grpc::Status::OK : status;
        }));
    return answer.ttl() > 0;
}

// ---- members -----------------------------------------------------------------------------------

static std::string first_of(const google::protobuf::RepeatedPtrField<std::string>& urls) {
    return urls.empty() ? std::string() : urls.Get(0);
}

Result<std::vector<EtcdMember>> EtcdClient::members() {
    const pb::MemberListRequest request;
    const auto answer = TRY(body_->call_any<pb::MemberListResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::MemberListResponse& into) {
            return server.cluster->MemberList(&context, request, &into);
        }));
    std::vector<EtcdMember> members;
    for (const pb::Member& each : answer.members())
        members.push_back({each.id(), each.name(), first_of(each.peerurls()),
                           first_of(each.clienturls()), each.islearner()});
    return members;
}

Status EtcdClient::add_learner(const std::string& peer_url) {
    pb::MemberAddRequest request;
    request.add_peerurls(peer_url);
    request.set_islearner(true);
    TRY(body_->call<pb::MemberAddResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::MemberAddResponse& into) {
            return server.cluster->MemberAdd(&context, request, &into);
        }));
    return {};
}

Status EtcdClient::promote(std::uint64_t member) {
    pb::MemberPromoteRequest request;
    request.set_id(member);
    TRY(body_->call<pb::MemberPromoteResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::MemberPromoteResponse& into) {
            return server.cluster->MemberPromote(&context, request, &into);
        }));
    return {};
}

Status EtcdClient::remove_member(std::uint64_t member) {
    pb::MemberRemoveRequest request;
    request.set_id(member);
    const auto answer = body_->call<pb::MemberRemoveResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::MemberRemoveResponse& into) {
            return server.cluster->MemberRemove(&context, request, &into);
        });
    if (!answer.ok() && answer.error().code != Code::not_found) return answer.error();
    return {};
}

Status EtcdClient::let_lead(std::uint64_t member) {
    pb::MoveLeaderRequest request;
    request.set_targetid(member);
    TRY(body_->call<pb::MoveLeaderResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::MoveLeaderResponse& into) {
            return server.maintenance->MoveLeader(&context, request, &into);
        }));
    return {};
}

Result<EtcdHealth> EtcdClient::health() {
    const pb::StatusRequest request;
    const auto answer = TRY(body_->call<pb::StatusResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::StatusResponse& into) {
            return server.maintenance->Status(&context, request, &into);
        }));
    return EtcdHealth{answer.leader(), answer.raftindex(), answer.version(), answer.dbsize()};
}

// ---- leases ------------------------------------------------------------------------------------

Status EtcdClient::revoke(std::int64_t lease) {
    pb::LeaseRevokeRequest request;
    request.set_id(lease);
    const auto answer = body_->call_any<pb::LeaseRevokeResponse>(
        [&](const Server& server, grpc::ClientContext& context, pb::LeaseRevokeResponse& into) {
            return server.leases->LeaseRevoke(&context, request, &into);
        });
    // It may have ended by itself.
    if (!answer.ok() && answer.error().code != Code::not_found) return answer.error();
    return {};
}

}  // namespace vdc::store
