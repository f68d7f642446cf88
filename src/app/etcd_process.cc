#include "app/etcd_process.h"

#include "drivers/networks/daemons.h"
#include "runtime/files.h"
#include "runtime/process.h"
#include "store/etcd/client.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;
namespace net = drivers::networks;

static std::string pid_file(const std::string& run) {
    return run + "/etcd.pid";
}

/// The one that runs; nothing when none does.
static Result<std::optional<net::Daemon>> running(const std::string& run) {
    if (!runtime::exists(pid_file(run))) return std::optional<net::Daemon>();
    const auto kept = net::parse_daemon(TRY(runtime::read_file(pid_file(run), 64)));
    if (!kept) return std::optional<net::Daemon>();
    runtime::reap(kept->pid);
    return net::alive(*kept) ? kept : std::optional<net::Daemon>();
}

std::vector<std::string> etcd_words(const std::string& data, const ControllerPapers& papers,
                                    const std::string& name, const std::string& cluster,
                                    const std::string& state) {
    const std::string folder = data + "/controller";
    std::vector<std::string> words = {"etcd", "--name", name, "--data-dir", data + "/etcd"};
    const auto add = [&](const std::string& option, const std::string& value) {
        words.push_back("--" + option);
        words.push_back(value);
    };
    add("listen-client-urls", papers.client_url());
    add("advertise-client-urls", papers.client_url());
    add("listen-peer-urls", papers.peer_url());
    add("initial-advertise-peer-urls", papers.peer_url());
    add("initial-cluster", cluster);
    add("initial-cluster-state", state);
    add("quota-backend-bytes", "8589934592");
    // Whoever connects, a controller or another etcd, must show a certificate of the store's own
    // authority.
    for (const std::string whose : {"", "peer-"}) {
        words.push_back("--" + whose + "client-cert-auth");
        add(whose + "trusted-ca-file", folder + "/etcd-authority.crt");
        add(whose + "cert-file", folder + "/etcd.crt");
        add(whose + "key-file", folder + "/etcd.key");
    }
    return words;
}

EtcdProcess::EtcdProcess(const Settings& settings, const ControllerPapers& papers, std::string name)
    : data_(settings.data), run_(settings.run), papers_(papers), name_(std::move(name)) {}

Status EtcdProcess::start(const std::string& cluster, const std::string& state) {
    const auto words = etcd_words(data_, papers_, name_, cluster, state);
    const pid_t pid = TRY(runtime::start_to_stay(words, data_ + "/etcd.log"));
    const auto started = net::daemon_of(pid);
    if (!started)
        return Error{Error::Code::failed, "etcd ended at once", "see " + data_ + "/etcd.log"};
    return runtime::write_file_atomic(pid_file(run_), text(*started), 0600,
                                      runtime::Survives::our_crash);
}

/// The others know of it before it begins. One that was a member and has lost what it had is
/// another one now.
Result<std::string> EtcdProcess::join_others() {
    const auto others =
        TRY(store::EtcdClient::open(store_servers(data_, papers_, Whom::others_only)));
    std::string cluster = name_ + "=" + papers_.peer_url();
    bool is_known = false;
    for (const store::EtcdMember& each : TRY(others->members())) {
        if (each.peer != papers_.peer_url()) {
            cluster += "," + each.name + "=" + each.peer;
            continue;
        }
        is_known = each.name.empty();
        if (!is_known) TRY(others->remove_member(each.id));
    }
    if (!is_known) TRY(others->add_learner(papers_.peer_url()));
    return cluster;
}

Status EtcdProcess::ensure() {
    if (TRY(running(run_))) return {};
    if (runtime::exists(data_ + "/etcd/member") || papers_.servers.empty())
        return start(name_ + "=" + papers_.peer_url(), "new");
    const std::string cluster = TRY(join_others());
    return start(cluster, "existing");
}

Result<bool> EtcdProcess::ensure_vote() {
    const auto client = TRY(store::EtcdClient::open(store_servers(data_, papers_)));
    for (const store::EtcdMember& each : TRY(client->members())) {
        if (each.peer != papers_.peer_url()) continue;
        if (!each.learner) return true;
        const auto others =
            TRY(store::EtcdClient::open(store_servers(data_, papers_, Whom::others_only)));
        return others->promote(each.id).ok();
    }
    return Error{Error::Code::conflict, "this machine's etcd is none of the datacenter's",
                 "was it removed? `vdc cluster status` on another controller says so"};
}

Result<bool> EtcdProcess::runs() const {
    return TRY(running(run_)).has_value();
}

Status EtcdProcess::end() {
    const auto its = TRY(running(run_));
    if (!its) return {};
    TRY(net::end(*its));
    runtime::reap(its->pid);
    return {};
}

}  // namespace vdc::app
