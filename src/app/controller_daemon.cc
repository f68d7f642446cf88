#include "app/daemon.h"

#include <atomic>
#include <charconv>
#include <optional>
#include <set>
#include <thread>

#include "agent/agent.h"
#include "api/api.h"
#include "api/host_links.h"
#include "app/certificates.h"
#include "app/host_part.h"
#include "app/machine_name.h"
#include "app/membership.h"
#include "app/underlay.h"
#include "base/text.h"
#include "control/affected_hosts.h"
#include "control/registration.h"
#include "engine/engine.h"
#include "engine/host_leases.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/random.h"
#include "sim/foresee.h"
#include "store/store.h"
#include "wire/http_server.h"

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

class SerialConsoles final : public api::Consoles {
  public:
    explicit SerialConsoles(drivers::qemu::Instances& instances) : instances_(instances) {}
    Result<runtime::Fd> open(model::InstanceId instance) override {
        return instances_.open_console(instance);
    }
    Result<std::string> log_tail(model::InstanceId instance, std::size_t size_max) override {
        return instances_.console_log(instance, size_max);
    }

  private:
    drivers::qemu::Instances& instances_;
};

Result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    int port = -1;
    if (colon != std::string::npos) {
        const char* end = listen.data() + listen.size();
        if (std::from_chars(listen.data() + colon + 1, end, port).ptr != end) port = -1;
    }
    if (colon == 0 || port < 0 || port > 65'535)
        return Error{Error::Code::invalid, "'" + listen + "' is no place to listen at",
                     "write ADDRESS:PORT, for example 0.0.0.0:7443"};
    return std::pair{listen.substr(0, colon), static_cast<std::uint16_t>(port)};
}

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

/// Members in the order in which they need each other; they end in the opposite order.
class ControllerDaemon final : public Daemon {
  public:
    explicit ControllerDaemon(const Settings& settings) : settings_(settings) {}
    ~ControllerDaemon() override;

    Status open();

  private:
    Status open_store();
    Status open_host();
    void open_links(const std::string& datacenter);
    Status start_loops();
    Status open_api();
    Status open_tls();
    void renew_tls(std::uint64_t listener, const std::string& address);
    void hear(const engine::Engine::Group& commits, const engine::SnapshotPtr& snapshot);
    void renew_duties();

    const Settings settings_;
    drivers::HostPaths paths_;
    std::string host_name_;
    base::Ipv4 underlay_;
    model::HostId host_;
    std::unique_ptr<store::Store> store_;
    std::optional<Certificates> certificates_;
    std::optional<api::Joining> joining_;  ///< the engine's loop's
    runtime::Loop engine_loop_{"engine"};
    runtime::Loop store_loop_{"store"};  ///< where commits are made
    runtime::Loop links_loop_{"host-links"};
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<engine::HostLeases> leases_;  ///< the engine's loop's
    std::unique_ptr<api::HostLinks> links_;
    std::unique_ptr<InProcess> controller_;
    std::unique_ptr<HostPart> own_host_;
    std::unique_ptr<api::FileUploads> uploads_;
    std::unique_ptr<SerialConsoles> consoles_;
    std::unique_ptr<sim::Foreseer> foresight_;
    std::unique_ptr<api::Api> api_;
    std::unique_ptr<wire::HttpServer> server_;
    engine::SnapshotPtr heard_;  ///< of the engine's loop
    std::atomic<bool> duties_posted_ = false;
};

Status ControllerDaemon::open() {
    host_name_ = settings_.host_name.empty() ? machine_name() : settings_.host_name;
    TRY(base::check_name("a host", host_name_));
    underlay_ = TRY(controller_underlay(settings_));
    TRY(open_store());
    TRY(open_host());
    TRY(start_loops());
    return open_api();
}

Status ControllerDaemon::open_store() {
    store_ = TRY(open_when_free(settings_.data + "/store"));
    paths_ = {settings_.data, settings_.run, TRY(datacenter_tag(settings_))};
    std::string id = TRY(store_->note("datacenter"));
    if (id.empty()) {
        id = text(runtime::random_uuid());
        TRY(store_->set_note("datacenter", id));
    }
    host_ = control::host_id(id, host_name_);
    certificates_ = TRY(Certificates::open(settings_, id, host_name_, engine_loop_.now()));
    joining_.emplace(*store_, certificates_->authority(), id);
    engine::Engine::Options options;
    options.log_kept_for = TRY(base::parse_duration(settings_.keep_log));
    options.log_bytes_max =
        static_cast<std::uint64_t>(TRY(base::parse_mib(settings_.keep_log_size)).count) << 20;
    engine_ = std::make_unique<engine::Engine>(engine_loop_, store_loop_, *store_, options);
    TRY(engine_->start());
    engine_->submit({"vdc",
                     "",
                     [fresh = runtime::random_uuid()](const model::Snapshot& s) {
                         return control::beginnings(s, fresh);
                     },
                     {}});
    open_links(id);
    return {};
}

Status ControllerDaemon::open_host() {
    own_host_ = TRY(HostPart::open(settings_, paths_, host_name_));
    model::HostObserved observed = own_host_->observed();
    observed.underlay = underlay_;
    if (std::string warning = underlay_warning(settings_, underlay_); !warning.empty())
        observed.warnings.push_back(std::move(warning));
    engine_->submit({"host " + host_name_, "",
                     [id = host_, name = host_name_, observed](const model::Snapshot& s) {
                         return control::registration(s, id, name, observed);
                     },
                     [](const Result<model::Revision>& outcome, const auto&) {
                         if (!outcome.ok())
                             runtime::log().error("app", "this host could not join",
                                                  {{"error", text(outcome.error())}});
                     }});
    return {};
}

/// The hosts on other machines, which come by themselves.
void ControllerDaemon::open_links(const std::string& datacenter) {
    leases_ = std::make_unique<engine::HostLeases>(engine_loop_, *engine_);
    const auto renew = [this](model::HostId host, model::Epoch epoch,
                              std::function<void(bool)> counted) {
        engine_loop_.post([this, host, epoch, counted = std::move(counted)] {
            counted(leases_->renew(host, epoch));
        });
    };
    links_ = std::make_unique<api::HostLinks>(
        api::HostLinks::Services{*engine_, links_loop_, renew, datacenter});
}

/// The engine begins, and with it all that listens to it.
Status ControllerDaemon::start_loops() {
    heard_ = engine_->snapshot();
    engine_->listen([this](const engine::Engine::Group& commits,
                           const engine::SnapshotPtr& snapshot) { hear(commits, snapshot); });
    controller_ = std::make_unique<InProcess>(*engine_, own_host_->loop(), host_name_);
    renew_duties();
    store_loop_.start();
    engine_loop_.start();
    links_loop_.start();
    return own_host_->start(*controller_);
}

/// Most of what is committed does not concern this host.
void ControllerDaemon::hear(const engine::Engine::Group& commits,
                            const engine::SnapshotPtr& snapshot) {
    const engine::SnapshotPtr before = std::exchange(heard_, snapshot);
    joining_->hear(*before, commits);
    if (control::affected_hosts(*before, *snapshot, commits).contains(host_)) renew_duties();
}

/// At most one letter at a time: the newest snapshot is what counts.
void ControllerDaemon::renew_duties() {
    if (duties_posted_.exchange(true)) return;
    own_host_->loop().post([this] {
        duties_posted_ = false;
        own_host_->set_duties(control::duties(*engine_->snapshot(), host_));
    });
}

Status ControllerDaemon::open_api() {
    uploads_ = TRY(api::FileUploads::open(paths_.uploads()));
    consoles_ = std::make_unique<SerialConsoles>(own_host_->qemus());
    foresight_ = std::make_unique<sim::Foreseer>(*store_);
    api::Options options;
    options.version = VDC_VERSION;
    if (!settings_.token_file.empty() || !settings_.listen.empty()) {
        const std::string path =
            settings_.token_file.empty() ? settings_.data + "/token" : settings_.token_file;
        if (!runtime::exists(path))
            TRY(runtime::write_file_atomic(path, runtime::random_token().reveal()));
        std::string token = TRY(runtime::read_file(path, 4096));
        while (!token.empty() && token.back() == '\n') token.pop_back();
        options.token = base::Secret(std::move(token));
    }
    api_ = std::make_unique<api::Api>(
        api::Services{*engine_, engine_loop_, *uploads_, *consoles_, *foresight_, &*joining_,
                      links_.get(),
                      [this](model::ImageId image) { return own_host_->images().open(image); }},
        std::move(options));
    server_ = TRY(wire::HttpServer::start(*api_));
    TRY(server_->listen_unix(settings_.socket(), 0600));
    if (!settings_.listen.empty()) TRY(open_tls());
    return {};
}

Status ControllerDaemon::open_tls() {
    const auto [address, port] = TRY(parse_listen(settings_.listen));
    const wire::TlsSettings tls = TRY(certificates_->tls(address, engine_loop_.now()));
    const wire::Listener listener = TRY(server_->listen_tls(address, port, tls));
    renew_tls(listener.id, address);
    runtime::log().info(
        "app", "the API listens",
        {{"address", settings_.listen}, {"fingerprint", TRY(certificates_->known_fingerprint())}});
    return {};
}

/// Tomorrow's connections see a new certificate.
void ControllerDaemon::renew_tls(std::uint64_t listener, const std::string& address) {
    engine_loop_.post_at(engine_loop_.now() + Certificates::renewed_after, [=, this] {
        const auto tls = certificates_->tls(address, engine_loop_.now());
        const Status changed = tls.ok() ? server_->change_tls(listener, *tls) : tls.error();
        if (!changed.ok())
            runtime::log().warning("app", "the controller's certificate was not renewed",
                                   {{"error", text(changed.error())}});
        renew_tls(listener, address);
    });
}

ControllerDaemon::~ControllerDaemon() {
    if (server_) server_->stop();
    if (own_host_) own_host_->stop();
    for (runtime::Loop* loop : {&engine_loop_, &store_loop_, &links_loop_}) loop->stop();
    for (runtime::Loop* loop : {&engine_loop_, &store_loop_, &links_loop_}) loop->join();
    server_.reset();
    api_.reset();
}

}  // namespace

Result<std::unique_ptr<Daemon>> start_controller(const Settings& settings) {
    auto controller = std::make_unique<ControllerDaemon>(settings);
    TRY(controller->open());
    return std::unique_ptr<Daemon>(std::move(controller));
}

}  // namespace vdc::app
