#include <atomic>
#include <mutex>
#include <thread>

#include "app/control_part.h"
#include "app/controller_papers.h"
#include "app/daemon.h"
#include "app/machine_name.h"
#include "app/membership.h"
#include "app/underlay.h"
#include "base/text.h"
#include "control/affected_hosts.h"
#include "control/registration.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/random.h"
#include "wire/authority.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;

namespace {

/// The agent's way to the engine of its own process.
class InProcess final : public agent::Controller {
  public:
    InProcess(engine::Engine& engine, runtime::Executor& agents, std::string host)
        : engine_(engine), agents_(agents), actor_("host " + std::move(host)) {}

    void report(model::Step step, std::function<void(Status)> done) override {
        engine_.submit(
            {actor_, "",
             [step = std::move(step)](const model::Snapshot&) { return std::vector{step}; },
             [this, done = std::move(done)](const Result<model::Revision>& outcome, const auto&) {
                 agents_.post([done, status = outcome.ok() ? Status{} : Status(outcome.error())] {
                     done(status);
                 });
             }});
    }

  private:
    engine::Engine& engine_;
    runtime::Executor& agents_;
    const std::string actor_;
};

/// A daemon that was killed holds its lock until its last thread has gone: waits a moment for that.
Result<std::unique_ptr<store::Store>> open_when_free(const std::string& folder) {
    constexpr int attempts = 40;
    for (int attempt = 1;; ++attempt) {
        auto opened = store::open_sqlite_store(folder);
        const bool taken = !opened.ok() && opened.error().code == Error::Code::conflict;
        if (!taken || attempt == attempts) return opened;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

/// The only controller of its datacenter, with a store of its own, and its own host beside it.
/// Members in the order in which they need each other; they end in the opposite order.
class ControllerDaemon final : public Daemon, public api::Cluster {
  public:
    explicit ControllerDaemon(const Settings& settings) : settings_(settings) {}
    ~ControllerDaemon() override;

    Status open();

    Result<api::ClusterState> state() override { return api::ClusterState{}; }
    Status begin() override;
    Result<Papers> papers() override { return no_cluster(); }
    Result<Keepsakes> keepsakes() override;
    Status remove(const std::string&) override { return no_cluster(); }

  private:
    static Error no_cluster() {
        return {Error::Code::conflict, "this datacenter has one controller, and can have no more",
                "run `vdc cluster init` there first"};
    }
    Status open_store();
    void open_moves(model::HostObserved& observed);
    wire::HostProof proof();
    void register_host();
    Status start_loops();
    Status make_own_papers();
    void renew_duties();

    const Settings settings_;
    drivers::HostPaths paths_;
    std::string host_name_;
    std::string datacenter_;
    base::Ipv4 underlay_;
    model::HostId host_;
    std::unique_ptr<store::Store> store_;
    std::optional<Certificates> certificates_;
    std::mutex proof_mutex_;
    wire::HostProof proof_;
    base::Instant proven_at_;
    std::unique_ptr<HostPart> own_host_;
    std::unique_ptr<ControlPart> control_;
    std::unique_ptr<InProcess> way_;
    std::atomic<bool> duties_posted_ = false;
    std::atomic<bool> has_begun_ = false;  ///< to have several controllers
};

Status ControllerDaemon::open() {
    host_name_ = settings_.host_name.empty() ? machine_name() : settings_.host_name;
    TRY(base::check_name("a host", host_name_));
    underlay_ = TRY(controller_underlay(settings_));
    TRY(open_store());
    own_host_ = TRY(HostPart::open(settings_, paths_, host_name_));
    ControlPart::Needs needs{settings_,  *store_,          1,    *certificates_, datacenter_,
                             *own_host_, paths_.uploads(), *this};
    needs.on_affected = [this](const control::Affected& affected) {
        if (affected.contains(host_)) renew_duties();  // most commits do not concern this host
    };
    control_ = TRY(ControlPart::open(std::move(needs)));
    register_host();
    TRY(start_loops());
    return control_->serve();
}

Status ControllerDaemon::open_store() {
    store_ = TRY(open_when_free(settings_.data + "/store"));
    paths_ = {settings_.data, settings_.run, TRY(datacenter_tag(settings_))};
    datacenter_ = TRY(store_->note("datacenter"));
    if (datacenter_.empty()) {
        datacenter_ = text(runtime::random_uuid());
        TRY(store_->set_note("datacenter", datacenter_));
    }
    host_ = control::host_id(datacenter_, host_name_);
    certificates_ = TRY(Certificates::open(settings_, datacenter_, host_name_, runtime::now()));
    return {};
}

/// What its host shows to others. Any thread. A new one is made each day; the last one is good for
/// a month.
wire::HostProof ControllerDaemon::proof() {
    const std::lock_guard lock(proof_mutex_);
    const base::Instant now = runtime::now();
    if (now < proven_at_ + Certificates::renewed_after) return proof_;
    auto made = certificates_->host_proof(now);
    if (made.ok()) {
        proof_ = std::move(*made);
        proven_at_ = now;
    } else {
        runtime::log().warning("app", "this host's certificate was not renewed",
                               {{"error", text(made.error())}});
    }
    return proof_;
}

/// Where no other host can reach this one, no guests move.
void ControllerDaemon::open_moves(model::HostObserved& observed) {
    if (!underlay_) return;
    const auto at = own_host_->open_moves(underlay_, [this] { return proof(); });
    observed.moves_at = at.value_or("");
    if (!at.ok())
        observed.warnings.push_back("no guests move from this host, or to it: " +
                                    at.error().message);
}

void ControllerDaemon::register_host() {
    model::HostObserved observed = own_host_->observed();
    observed.underlay = underlay_;
    if (std::string warning = underlay_warning(settings_, underlay_); !warning.empty())
        observed.warnings.push_back(std::move(warning));
    open_moves(observed);
    control_->engine().submit({"host " + host_name_, "",
                               [id = host_, name = host_name_, observed](const model::Snapshot& s) {
                                   return control::registration(s, id, name, observed);
                               },
                               [](const Result<model::Revision>& outcome, const auto&) {
                                   if (!outcome.ok())
                                       runtime::log().error("app", "this host could not join",
                                                            {{"error", text(outcome.error())}});
                               }});
}

/// The engine begins, and with it all that listens to it.
Status ControllerDaemon::start_loops() {
    way_ = std::make_unique<InProcess>(control_->engine(), own_host_->loop(), host_name_);
    renew_duties();
    control_->start();
    return own_host_->start(*way_);
}

/// At most one letter at a time: the newest snapshot is what counts.
void ControllerDaemon::renew_duties() {
    if (duties_posted_.exchange(true)) return;
    own_host_->loop().post([this] {
        duties_posted_ = false;
        own_host_->set_duties(control::duties(*control_->engine().snapshot(), host_));
    });
}

// ---- several controllers -----------------------------------------------------------------------

/// From the next beginning on this daemon is one of several controllers (cluster_daemon.cc), and
/// its host lives by a stream, as any other does. The papers come first: they say that the rest is
/// on its way.
Status ControllerDaemon::make_own_papers() {
    ControllerPapers papers;
    papers.listen = settings_.listen;
    papers.moving = true;
    papers.store_authority = TRY(wire::make_authority(datacenter_ + ", its store", runtime::now()));
    TRY(keep_controller_papers(settings_.data, papers));
    const std::string key = TRY(wire::make_key());
    const std::string request = TRY(wire::make_signing_request(key));
    const auto its = TRY(control_->let_control(host_name_, request));
    const std::string fingerprint = TRY(wire::fingerprint(its.authority));
    Membership membership = TRY(membership_of(its.certificate, key, its.authority, fingerprint));
    membership.datacenter = datacenter_;
    membership.controllers = {"https://" + settings_.listen};
    return keep_membership(settings_.data, membership);
}

Result<api::Cluster::Keepsakes> ControllerDaemon::keepsakes() {
    Keepsakes kept;
    kept.authority = certificates_->authority();
    kept.token = TRY(token_of(settings_)).reveal();
    kept.datacenter = datacenter_;
    kept.host = host_name_;
    kept.tag = paths_.tag;
    if (!settings_.listen.empty()) kept.controllers.push_back(settings_.listen);
    return kept;
}

Status ControllerDaemon::begin() {
    TRY(check_listens_for_others(settings_.listen));
    TRY(check_has_etcd());
    if (has_begun_.exchange(true))
        return Error{Error::Code::conflict, "it has begun already", "wait a moment"};
    const Status made = make_own_papers();
    if (!made.ok()) {
        has_begun_ = false;
        (void)drop_controller_papers(settings_.data);  // the error says more
        return made;
    }
    // The answer goes first.
    constexpr auto soon = std::chrono::milliseconds(300);
    control_->loop().post_at(control_->loop().now() + soon,
                             [] { begin_anew("the datacenter's records move to etcd"); });
    return {};
}

ControllerDaemon::~ControllerDaemon() {
    if (control_) control_->stop_serving();
    if (own_host_) own_host_->stop();
    control_.reset();
}

}  // namespace

Result<std::unique_ptr<Daemon>> start_controller(const Settings& settings) {
    auto controller = std::make_unique<ControllerDaemon>(settings);
    TRY(controller->open());
    return std::unique_ptr<Daemon>(std::move(controller));
}

}  // namespace vdc::app
