#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/control_part.h"
#include "app/daemon.h"
#include "app/doors.h"
#include "app/etcd_process.h"
#include "app/linked_host.h"
#include "base/text.h"
#include "control/places.h"
#include "control/registration.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "store/etcd/controllers.h"
#include "store/etcd/leadership.h"
#include "wire/relay.h"

/// One of several controllers (docs/decisions/0018-one-controller-leads-and-the-others-hand-on.md):
///
///     follows --- its campaign is won ---> leads --- its lease ended ---> begins anew: follows
///
/// The host on this machine knows nothing of that: it lives by its stream, as any other.
namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;
using namespace std::chrono_literals;

namespace {

/// Members in the order in which they need each other; they end in the opposite order.
class ClusterDaemon final : public Daemon, public api::Cluster {
  public:
    ClusterDaemon(const Settings& settings, ControllerPapers papers, const Membership& membership)
        : settings_(with_listen(settings, papers)),
          papers_(std::move(papers)),
          membership_(membership),
          etcd_(std::make_unique<EtcdProcess>(settings_, papers_, membership.host)) {}
    ~ClusterDaemon() override;

    Status open();

    Result<api::ClusterState> state() override;
    Status begin() override {
        return Error{Error::Code::conflict, "there may be several controllers already"};
    }
    Result<Papers> papers() override;
    Result<Keepsakes> keepsakes() override;
    Status remove(const std::string& name) override;

  private:
    static Settings with_listen(Settings settings, const ControllerPapers& papers) {
        settings.listen = papers.listen;
        return settings;
    }

    Status open_doors();
    void run();
    bool pause(base::Duration time);
    Status move_records();
    Status follow();
    Status open_store();
    void close_store();
    Status look();
    Status tell_of_me(model::Revision revision);
    Status renew_certificates();
    bool learn(const std::vector<store::Controller>& controllers);
    Status take_office(std::uint64_t term);
    void lead();
    Status look_around();
    void bring_images(const std::vector<store::Controller>& controllers);
    void undo_move(const Error& why);
    Status open_own_etcd();
    Status let_other_lead_etcd();
    bool answers(const ControllerPapers& known, const store::EtcdMember& member) const;
    std::shared_ptr<store::EtcdClient> client();
    ControllerPapers known();
    Status check_is_member();
    [[noreturn]] void control_no_more();

    const Settings settings_;
    ControllerPapers papers_;  ///< changed by the thread alone, with the mutex
    const Membership membership_;
    drivers::HostPaths paths_;
    std::optional<Certificates> certificates_;
    std::unique_ptr<EtcdProcess> etcd_;
    std::unique_ptr<LinkedHost> host_;

    Waiting waiting_{*this};
    std::unique_ptr<wire::HttpServer> waiting_server_;
    std::unique_ptr<Way> way_;
    std::unique_ptr<wire::Relay> relay_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::vector<std::string> addresses_;  ///< of all controllers
    std::shared_ptr<store::EtcdClient> client_;

    // Of the thread alone.
    std::unique_ptr<store::EtcdClient> own_etcd_;  ///< speaks to this machine's alone
    std::unique_ptr<store::Leadership> leadership_;
    std::unique_ptr<store::SharedStore> store_;
    std::unique_ptr<ControlPart> control_;
    base::Instant began_at_;
    base::Instant told_at_;
    base::Instant certified_at_;
    bool has_vote_ = false;
    std::uint64_t listener_ = 0;              ///< of the waiting server
    std::optional<base::Instant> missed_at_;  ///< it was not found among the controllers
    std::thread thread_;
};

Status ClusterDaemon::open() {
    paths_ = {settings_.data, settings_.run, TRY(datacenter_tag(settings_))};
    certificates_ = TRY(
        Certificates::open(settings_, membership_.datacenter, membership_.host, runtime::now()));
    TRY(renew_store_certificate(settings_.data, papers_, runtime::now()));
    began_at_ = certified_at_ = runtime::now();
    host_ = TRY(LinkedHost::open(settings_, paths_, membership_));
    TRY(open_doors());
    TRY(host_->start());
    thread_ = std::thread([this] { run(); });
    return {};
}

/// Who comes is handed on to the leader, or hears that there is none.
Status ClusterDaemon::open_doors() {
    const auto [address, port] = TRY(parse_listen(settings_.listen));
    const wire::TlsSettings tls = TRY(certificates_->tls(address, runtime::now()));
    waiting_server_ = TRY(wire::HttpServer::start(waiting_));
    const std::string socket = settings_.run + "/waiting.sock";
    TRY(waiting_server_->listen_unix(socket, 0600));
    const auto listener = TRY(waiting_server_->listen_tls("127.0.0.1", 0, tls));
    listener_ = listener.id;
    wire::Endpoint leader{.kind = wire::Endpoint::Kind::tls};
    leader.authority = certificates_->authority().certificate;
    leader.identity = tls.identity;
    way_ = std::make_unique<Way>(
        leader, wire::Endpoint{.path = socket},
        wire::Endpoint{
            .kind = wire::Endpoint::Kind::tcp, .host = "127.0.0.1", .port = listener.port});
    relay_ = TRY(wire::Relay::start());
    TRY(relay_->listen_unix(settings_.socket(), 0600, [this] { return way_->local(); }));
    TRY(relay_->listen_port(address, port, [this] { return way_->tls(); }));
    return {};
}

// ---- the thread --------------------------------------------------------------------------------

/// False: the end has come.
bool ClusterDaemon::pause(base::Duration time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return stopping_; });
    return !stopping_;
}

/// Whatever fails is tried again: nothing that runs on hosts needs a controller.
void ClusterDaemon::run() {
    constexpr base::Duration longer_than_any_lease = 5s;
    std::string last_trouble;
    base::Instant sure_at = runtime::now();
    do {
        const Status outcome = follow();
        if (outcome.ok()) sure_at = runtime::now();
        if (runtime::now() > sure_at + longer_than_any_lease) way_->leads("");
        const std::string trouble = outcome.ok() ? "" : text(outcome.error());
        if (!trouble.empty() && trouble != last_trouble)
            runtime::log().warning("cluster", "this controller cannot follow now",
                                   {{"error", trouble}});
        last_trouble = trouble;
        if (!outcome.ok() && papers_.moving) undo_move(outcome.error());
        if (control_) return lead();
        if (!trouble.empty() && !pause(500ms)) return;
    } while (pause(0ms));
}

/// From the store of an only controller. When etcd itself does not begin, all stays as it was.
Status ClusterDaemon::move_records() {
    const store::EtcdServers servers = store_servers(settings_.data, papers_);
    TRY(store::move_to_etcd(settings_.data + "/store", servers, settings_.data + "/past"));
    {
        const std::lock_guard lock(mutex_);
        papers_.moving = false;
    }
    TRY(keep_controller_papers(settings_.data, papers_));
    runtime::log().info("cluster", "the datacenter's records are in etcd now");
    return {};
}

/// As if it had never begun, if etcd did not take the records in time: the store that was left has
/// all of them as long as its folder is there.
void ClusterDaemon::undo_move(const Error& why) {
    constexpr base::Duration most = 60s;
    if (runtime::now() < began_at_ + most || !runtime::exists(settings_.data + "/store")) return;
    runtime::log().error("cluster", "the datacenter keeps its one controller",
                         {{"error", text(why)}});
    store_.reset();
    const Status undone = [&]() -> Status {
        TRY(etcd_->end());
        TRY(runtime::remove_tree(settings_.data + "/etcd"));
        TRY(drop_controller_papers(settings_.data));
        return runtime::remove_tree(settings_.data + "/host");
    }();
    if (undone.ok()) begin_anew("its records stay where they were");
    began_at_ = runtime::now();
}

/// One turn of a follower. When it has won, it has taken office.
Status ClusterDaemon::follow() {
    if (!missed_at_) TRY(etcd_->ensure());
    if (papers_.moving) TRY(move_records());
    TRY(open_store());
    TRY(look());
    if (!has_vote_) has_vote_ = TRY(etcd_->ensure_vote());
    if (!has_vote_) return Error{Error::Code::unavailable, "its etcd has no vote yet"};
    const auto term = TRY(leadership_->campaign(500ms));
    return term ? take_office(*term) : Status{};
}

Status ClusterDaemon::open_store() {
    if (leadership_) return {};
    const store::EtcdServers servers = store_servers(settings_.data, papers_);
    store::EtcdServers quick = servers;
    quick.answer_within = 1s;
    std::shared_ptr<store::EtcdClient> client = TRY(store::EtcdClient::open(quick));
    {
        const std::lock_guard lock(mutex_);
        client_ = std::move(client);
    }
    store_ = TRY(store::open_etcd_store(servers, settings_.data + "/past"));
    leadership_ = TRY(store::Leadership::open(servers, {.name = membership_.host}));
    return {};
}

/// They speak to the controllers that there were.
void ClusterDaemon::close_store() {
    leadership_.reset();
    store_.reset();
}

std::shared_ptr<store::EtcdClient> ClusterDaemon::client() {
    const std::lock_guard lock(mutex_);
    return client_;
}

ControllerPapers ClusterDaemon::known() {
    const std::lock_guard lock(mutex_);
    return papers_;
}

/// What others have done, and who leads.
Status ClusterDaemon::look() {
    const model::Revision revision = TRY(store_->follow());
    const auto controllers = TRY(store::controllers_of(*client_));
    const std::string leader = TRY(leadership_->leader());
    std::string address;
    for (const store::Controller& each : controllers)
        if (each.name == leader && leader != membership_.host) address = each.address;
    way_->leads(address);
    TRY(tell_of_me(revision));
    if (learn(controllers)) close_store();
    return leadership_ ? Status{} : open_store();
}

Status ClusterDaemon::tell_of_me(model::Revision revision) {
    constexpr base::Duration often = 5s;
    const base::Instant now = runtime::now();
    if (now >= certified_at_ + store_certificate_renewed_after) TRY(renew_certificates());
    if (now < told_at_ + often) return {};
    TRY(check_is_member());
    TRY(store::tell_of_controller(*client_, {membership_.host, settings_.listen, revision, now}));
    told_at_ = now;
    return {};
}

/// One that was removed says nothing of itself any more. Its etcd ends by itself then; one that
/// joins has one that runs, though not all others know of it at once.
Status ClusterDaemon::check_is_member() {
    constexpr base::Duration sure_after = 10s;
    for (const store::EtcdMember& each : TRY(client_->members()))
        if (each.peer == papers_.peer_url()) {
            missed_at_.reset();
            return {};
        }
    const base::Instant now = runtime::now();
    if (!missed_at_) missed_at_ = now;
    if (now >= *missed_at_ + sure_after && !TRY(etcd_->runs())) control_no_more();
    return Error{Error::Code::conflict, "this machine is no controller any more",
                 "it is a host still; `vdc cluster status` shows which controllers there are"};
}

/// It goes on as a host, without what controllers share.
void ClusterDaemon::control_no_more() {
    close_store();
    const Status dropped = drop_controller(settings_.data);
    if (!dropped.ok())
        runtime::log().error("cluster", "what made this machine a controller is there still",
                             {{"error", text(dropped.error())}});
    begin_anew("it was removed from the controllers, and is a host alone");
}

Status ClusterDaemon::renew_certificates() {
    const base::Instant now = runtime::now();
    const auto [address, port] = TRY(parse_listen(settings_.listen));
    TRY(renew_store_certificate(settings_.data, papers_, now));
    const wire::TlsSettings tls = TRY(certificates_->tls(address, now));
    own_etcd_.reset();  // it would show the old one
    way_->prove_with(tls.identity);
    TRY(waiting_server_->change_tls(listener_, tls));
    certified_at_ = now;
    return {};
}

/// Which controllers there are; kept for the next start. Whether others than before.
bool ClusterDaemon::learn(const std::vector<store::Controller>& controllers) {
    std::vector<std::string> servers;
    std::vector<std::string> addresses;
    for (const store::Controller& each : controllers) {
        addresses.push_back(each.address);
        const auto place = parse_listen(each.address);
        if (each.name != membership_.host && place.ok())
            servers.push_back(store_server(place->first));
    }
    const bool changed = !controllers.empty() && servers != papers_.servers;
    if (changed) {
        {
            const std::lock_guard lock(mutex_);
            papers_.servers = std::move(servers);
        }
        const Status kept = keep_controller_papers(settings_.data, papers_);
        if (!kept.ok())
            runtime::log().warning("cluster", "where the controllers are was not kept",
                                   {{"error", text(kept.error())}});
        etcd_ = std::make_unique<EtcdProcess>(settings_, papers_, membership_.host);
    }
    const std::lock_guard lock(mutex_);
    addresses_ = std::move(addresses);
    return changed;
}

// ---- leading -----------------------------------------------------------------------------------

Status ClusterDaemon::take_office(std::uint64_t term) {
    ControlPart::Needs needs{
        settings_,     *store_,          term, *certificates_, membership_.datacenter,
        host_->part(), paths_.uploads(), *this};
    needs.leads = [this] { return leadership_->leads(); };
    needs.controllers = [this] {
        const std::lock_guard lock(mutex_);
        return addresses_;
    };
    needs.own_host = control::host_id(membership_.datacenter, membership_.host);
    auto control = ControlPart::open(std::move(needs));
    if (!control.ok()) {
        leadership_->resign();
        return control.error();
    }
    control_ = std::move(*control);
    relay_.reset();
    control_->start();
    const Status serves = control_->serve();
    if (!serves.ok()) begin_anew("it cannot serve: " + text(serves.error()));
    runtime::log().info("cluster", "this controller leads",
                        {{"term", std::to_string(term)},
                         {"revision", std::to_string(control_->engine().snapshot()->revision)}});
    return {};
}

/// Until its term is over. Then whatever it believes may be wrong, and it begins anew.
void ClusterDaemon::lead() {
    constexpr base::Duration look_every = 1s;
    base::Instant looked_at = runtime::now() - look_every;
    while (pause(100ms)) {
        if (!leadership_->leads()) begin_anew("its term is over");
        if (runtime::now() < looked_at + look_every) continue;
        looked_at = runtime::now();
        const Status looked = look_around();
        if (!looked.ok())
            runtime::log().warning("cluster", "this leader cannot look around",
                                   {{"error", text(looked.error())}});
    }
}

Status ClusterDaemon::look_around() {
    TRY(etcd_->ensure());
    const auto controllers = TRY(store::controllers_of(*client_));
    if (learn(controllers)) control_->tell_controllers();
    bring_images(controllers);
    TRY(let_other_lead_etcd());
    return tell_of_me(control_->engine().snapshot()->revision);
}

Status ClusterDaemon::open_own_etcd() {
    if (own_etcd_) return {};
    store::EtcdServers own = store_servers(settings_.data, papers_);
    own.addresses.resize(1);
    own.answer_within = 1s;
    own_etcd_ = TRY(store::EtcdClient::open(own));
    return {};
}

/// If one machine led both, its loss would cost both elections, one after the other: etcd counts
/// the lease of the lost leader anew when it has elected its own.
Status ClusterDaemon::let_other_lead_etcd() {
    const ControllerPapers papers = known();
    if (papers.servers.empty()) return {};
    TRY(open_own_etcd());
    const store::EtcdHealth health = TRY(own_etcd_->health());
    const std::vector<store::EtcdMember> members = TRY(own_etcd_->members());
    const auto leads = [&](const store::EtcdMember& each) {
        return each.id == health.leader && each.peer == papers.peer_url();
    };
    if (std::ranges::none_of(members, leads)) return {};
    for (const store::EtcdMember& each : members) {
        const bool may = each.peer != papers.peer_url() && !each.learner;
        if (may && answers(papers, each)) return own_etcd_->let_lead(each.id);
    }
    return {};
}

/// So that whoever leads next can give them to hosts.
void ClusterDaemon::bring_images(const std::vector<store::Controller>& controllers) {
    std::vector<model::HostId> hosts;
    for (const store::Controller& each : controllers)
        hosts.push_back(control::host_id(membership_.datacenter, each.name));
    if (control::bring_images(*control_->engine().snapshot(), hosts).empty()) return;
    control_->engine().submit(
        {"control",
         "",
         [hosts](const model::Snapshot& s) { return control::bring_images(s, hosts); },
         {}});
}

ClusterDaemon::~ClusterDaemon() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (control_) control_->stop_serving();
    if (host_) host_->stop();
    control_.reset();
    leadership_.reset();
    relay_.reset();
    waiting_server_.reset();
    waiting_.stop();
}

// ---- what is asked of it -----------------------------------------------------------------------

bool ClusterDaemon::answers(const ControllerPapers& known, const store::EtcdMember& member) const {
    constexpr std::string_view scheme = "https://";
    if (!member.client.starts_with(scheme)) return false;
    store::EtcdServers its = store_servers(settings_.data, known, Whom::others_only);
    its.addresses = {member.client.substr(scheme.size())};
    its.answer_within = 700ms;
    const auto one = store::EtcdClient::open(its);
    if (!one.ok()) return false;
    const auto health = (*one)->health();
    return health.ok() && health->leader != 0;
}

/// Also when most controllers are lost: then no more is known than which there are.
Result<api::ClusterState> ClusterDaemon::state() {
    const auto etcd = client();
    if (!etcd) return Error{Error::Code::unavailable, "this controller begins", "wait a moment"};
    api::ClusterState state;
    state.several = true;
    std::vector<store::Controller> controllers;
    if (const auto standing = store::standing_of(*etcd); standing.ok()) {
        state.leader = standing->leader;
        state.term = standing->term;
        state.revision = standing->revision;
        controllers = store::controllers_of(*etcd).value_or({});
    }
    const ControllerPapers papers = known();
    for (const store::EtcdMember& member : TRY(etcd->members())) {
        api::ClusterState::Controller shown;
        shown.name = member.name.empty() ? member.peer : member.name;
        shown.votes = !member.learner;
        shown.answers = answers(papers, member);
        for (const store::Controller& each : controllers) {
            if (each.name != member.name) continue;
            shown.address = each.address;
            shown.revision = each.revision;
            shown.at = each.at;
        }
        state.controllers.push_back(std::move(shown));
    }
    std::ranges::sort(state.controllers, {}, &api::ClusterState::Controller::name);
    return state;
}

Result<api::Cluster::Papers> ClusterDaemon::papers() {
    Papers shared;
    shared.authority = certificates_->authority();
    shared.store_authority = papers_.store_authority;
    shared.token = TRY(token_of(settings_)).reveal();
    shared.servers = store_servers(settings_.data, known()).addresses;
    return shared;
}

Result<api::Cluster::Keepsakes> ClusterDaemon::keepsakes() {
    Keepsakes kept;
    kept.authority = certificates_->authority();
    kept.token = TRY(token_of(settings_)).reveal();
    kept.datacenter = membership_.datacenter;
    kept.host = membership_.host;
    kept.tag = paths_.tag;
    const std::lock_guard lock(mutex_);
    kept.controllers = addresses_;
    return kept;
}

Status ClusterDaemon::remove(const std::string& name) {
    if (name == membership_.host)
        return Error{Error::Code::conflict, name + " leads now",
                     "`vdc down` there lets another one lead; then remove it"};
    const auto etcd = client();
    for (const store::EtcdMember& member : TRY(etcd->members())) {
        if (member.name != name) continue;
        TRY(etcd->remove_member(member.id));
        TRY(store::forget_controller(*etcd, name));
        runtime::log().info("cluster", name + " is no controller any more");
        return {};
    }
    return Error{Error::Code::not_found, "there is no controller '" + base::quoted(name, 80) + "'",
                 "`vdc cluster status` shows which there are"};
}

}  // namespace

Result<std::unique_ptr<Daemon>> start_cluster_controller(const Settings& settings,
                                                         const ControllerPapers& papers,
                                                         const Membership& membership) {
    if (!settings.listen.empty() && settings.listen != papers.listen)
        return Error{Error::Code::conflict,
                     "this controller listens at " + papers.listen + ", not at " + settings.listen,
                     "leave --listen away"};
    auto controller = std::make_unique<ClusterDaemon>(settings, papers, membership);
    TRY(controller->open());
    return std::unique_ptr<Daemon>(std::move(controller));
}

}  // namespace vdc::app
