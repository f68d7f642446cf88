#include "app/control_part.h"

#include <charconv>
#include <future>

#include "api/api.h"
#include "api/host_links.h"
#include "control/registration.h"
#include "engine/host_leases.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/random.h"
#include "sim/foresee.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;

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

namespace {

class SerialConsoles final : public api::Consoles {
  public:
    explicit SerialConsoles(HostPart& host) : host_(host) {}
    Result<runtime::Fd> open(const control::ConsoleWish& wish) override {
        return host_.open_console(wish);
    }

  private:
    HostPart& host_;
};

}  // namespace

Result<base::Secret> token_of(const Settings& settings) {
    if (settings.token_file.empty() && settings.listen.empty()) return base::Secret();
    const std::string path =
        settings.token_file.empty() ? settings.data + "/token" : settings.token_file;
    if (!runtime::exists(path))
        TRY(runtime::write_file_atomic(path, runtime::random_token().reveal()));
    std::string token = TRY(runtime::read_file(path, 4096));
    while (!token.empty() && token.back() == '\n') token.pop_back();
    return base::Secret(std::move(token));
}

/// Members in the order in which they need each other; they end in the opposite order.
class ControlPart::Body {
  public:
    explicit Body(Needs needs) : needs_(std::move(needs)) {}

    Status open() {
        joining.emplace(needs_.store, needs_.certificates.authority(), needs_.datacenter);
        engine::Engine::Options options;
        options.term = needs_.term;
        options.log_kept_for = TRY(base::parse_duration(needs_.settings.keep_log));
        const base::MiB log_size = TRY(base::parse_mib(needs_.settings.keep_log_size));
        options.log_bytes_max = static_cast<std::uint64_t>(log_size.count) << 20;
        engine = std::make_unique<engine::Engine>(engine_loop, store_loop, needs_.store, options);
        TRY(engine->start());
        engine->submit({"vdc",
                        "",
                        [fresh = runtime::random_uuid()](const model::Snapshot& s) {
                            return control::beginnings(s, fresh);
                        },
                        {}});
        heard_ = engine->snapshot();
        engine->listen(
            [this](const engine::Engine::Group& commits, const engine::SnapshotPtr& snapshot) {
                joining->hear(*std::exchange(heard_, snapshot), commits);
            });
        open_links();
        return open_api();
    }

    ~Body() {
        if (server_) server_->stop();
        for (runtime::Loop* loop : {&engine_loop, &store_loop, &links_loop}) loop->stop();
        for (runtime::Loop* loop : {&engine_loop, &store_loop, &links_loop}) loop->join();
        server_.reset();
        api_.reset();
    }

    void start() {
        store_loop.start();
        engine_loop.start();
        links_loop.start();
    }

    Status serve() {
        server_ = TRY(wire::HttpServer::start(*api_));
        TRY(server_->listen_unix(needs_.settings.socket(), 0600));
        return needs_.settings.listen.empty() ? Status{} : serve_tls();
    }
    void stop_serving() {
        if (server_) server_->stop();
    }

    runtime::Loop engine_loop{"engine"};
    runtime::Loop store_loop{"store"};  ///< where commits are made
    runtime::Loop links_loop{"host-links"};
    std::optional<api::Joining> joining;  ///< the engine's loop's
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<api::HostLinks> links;

  private:
    /// A lease that is renewed by one who leads no more would be counted by nobody.
    void open_links() {
        leases_ = std::make_unique<engine::HostLeases>(engine_loop, *engine);
        const auto renew = [this](model::HostId host, model::Epoch epoch,
                                  std::function<void(bool)> counted) {
            engine_loop.post([this, host, epoch, counted = std::move(counted)] {
                if (needs_.leads && !needs_.leads()) return;
                counted(leases_->renew(host, epoch));
            });
        };
        links = std::make_unique<api::HostLinks>(api::HostLinks::Services{
            *engine, links_loop, renew, needs_.datacenter, needs_.controllers, needs_.on_affected});
    }

    Status open_api() {
        uploads_ = TRY(api::FileUploads::open(needs_.uploads));
        consoles_ = std::make_unique<SerialConsoles>(needs_.host);
        foresight_ = std::make_unique<sim::Foreseer>(needs_.store);
        api::Options options;
        options.version = VDC_VERSION;
        options.token = TRY(token_of(needs_.settings));
        const auto open_image = [this](model::ImageId image) {
            return needs_.host.images().open(image);
        };
        api_ = std::make_unique<api::Api>(
            api::Services{*engine, engine_loop, *uploads_, *consoles_, *foresight_, &*joining,
                          links.get(), open_image, &needs_.cluster, needs_.own_host},
            std::move(options));
        return {};
    }

    Status serve_tls() {
        const std::string& listen = needs_.settings.listen;
        const auto [address, port] = TRY(parse_listen(listen));
        const wire::TlsSettings tls = TRY(needs_.certificates.tls(address, engine_loop.now()));
        const wire::Listener listener = TRY(server_->listen_tls(address, port, tls));
        renew_tls(listener.id, address);
        runtime::log().info(
            "app", "the API listens",
            {{"address", listen}, {"fingerprint", TRY(needs_.certificates.known_fingerprint())}});
        return {};
    }

    /// Tomorrow's connections see a new certificate.
    void renew_tls(std::uint64_t listener, const std::string& address) {
        engine_loop.post_at(engine_loop.now() + Certificates::renewed_after, [=, this] {
            const auto tls = needs_.certificates.tls(address, engine_loop.now());
            const Status changed = tls.ok() ? server_->change_tls(listener, *tls) : tls.error();
            if (!changed.ok())
                runtime::log().warning("app", "the controller's certificate was not renewed",
                                       {{"error", text(changed.error())}});
            renew_tls(listener, address);
        });
    }

    const Needs needs_;
    std::unique_ptr<engine::HostLeases> leases_;  ///< the engine's loop's
    engine::SnapshotPtr heard_;                   ///< of the engine's loop
    std::unique_ptr<api::FileUploads> uploads_;
    std::unique_ptr<SerialConsoles> consoles_;
    std::unique_ptr<sim::Foreseer> foresight_;
    std::unique_ptr<api::Api> api_;
    std::unique_ptr<wire::HttpServer> server_;
};

ControlPart::ControlPart(std::unique_ptr<Body> body) : body_(std::move(body)) {}
ControlPart::~ControlPart() = default;

Result<std::unique_ptr<ControlPart>> ControlPart::open(Needs needs) {
    auto body = std::make_unique<Body>(std::move(needs));
    TRY(body->open());
    return std::unique_ptr<ControlPart>(new ControlPart(std::move(body)));
}

engine::Engine& ControlPart::engine() {
    return *body_->engine;
}
runtime::Executor& ControlPart::loop() {
    return body_->engine_loop;
}

Result<api::Joining::Papers> ControlPart::let_control(const std::string& host,
                                                      const std::string& request) {
    std::promise<Result<api::Joining::Papers>> promise;
    body_->engine_loop.post([&] {
        promise.set_value(body_->joining->let_control(host, request, body_->engine_loop.now()));
    });
    return promise.get_future().get();
}

void ControlPart::tell_controllers() {
    body_->links->tell_controllers();
}
void ControlPart::start() {
    body_->start();
}
Status ControlPart::serve() {
    return body_->serve();
}
void ControlPart::stop_serving() {
    body_->stop_serving();
}

}  // namespace vdc::app
