#include <mutex>

#include "agent/host_link.h"
#include "app/daemon.h"
#include "app/host_part.h"
#include "app/underlay.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "wire/http_server.h"
#include "wire/problem.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;

namespace {

/// What people hear who ask a host that is no controller.
class AskElsewhere final : public wire::Handler {
  public:
    explicit AskElsewhere(const Membership& membership)
        : error_{Error::Code::unsupported,
                 "this machine is the host " + membership.host +
                     " of a datacenter that is controlled elsewhere",
                 "ask there: vdc --endpoint " + membership.controller} {}

    void on_request(wire::Request request, wire::Responder responder) override {
        responder.send(wire::problem(error_, request.id));
    }

  private:
    const Error error_;
};

/// Members in the order in which they need each other; they end in the opposite order.
class JoinedHost final : public Daemon {
  public:
    JoinedHost(const Settings& settings, Membership membership)
        : settings_(settings), membership_(std::move(membership)), elsewhere_(membership_) {}
    ~JoinedHost() override {
        server_.reset();
        link_.reset();
        if (host_) host_->stop();
    }

    Status open() {
        const drivers::HostPaths paths{settings_.data, settings_.run,
                                       TRY(datacenter_tag(settings_))};
        const auto bring = [this](const control::FetchImage& effect, const runtime::Fd& into,
                                  std::uint64_t size_max) {
            return bring_image(effect, into, size_max);
        };
        host_ = TRY(HostPart::open(settings_, paths, membership_.host, bring));
        agent::HostLink::Options options;
        options.controller = [this] { return endpoint(); };
        options.hello.observed = host_->observed();
        // Its disks are its own, so nothing here fences itself: no guards are needed.
        options.hello.observed.lease = model::LeaseProfile::usual;
        const auto underlay = TRY(wished_underlay(settings_));
        if (underlay) options.hello.observed.underlay = *underlay;
        options.underlay_from_stream = !underlay;
        options.on_duties = [this](control::Duties duties) {
            host_->set_duties(std::move(duties));
        };
        link_ = std::make_unique<agent::HostLink>(host_->loop(), std::move(options));
        TRY(host_->start(*link_));
        link_->start();
        server_ = TRY(wire::HttpServer::start(elsewhere_));
        TRY(server_->listen_unix(settings_.socket(), 0600));
        return {};
    }

  private:
    /// From the controller, whichever host it is published on: hosts have no way to each other.
    Status bring_image(const control::FetchImage& effect, const runtime::Fd& into,
                       std::uint64_t size_max) {
        const std::string name = text(effect.image.id);
        const auto controller = TRY(wire::Client::connect(present().endpoint()));
        std::uint64_t written = 0;
        Status trouble;
        const auto keep = [&](std::string_view bytes) {
            written += bytes.size();
            trouble = written <= size_max
                          ? runtime::write_all(into.get(), bytes, "image " + name)
                          : Error{Error::Code::corrupt, "the image is larger than it can be"};
            return trouble.ok();
        };
        const wire::Response answer =
            TRY(controller->stream({.path = "/v1/host-images/" + name}, keep));
        TRY(std::move(trouble));
        if (answer.status == 200) return {};
        return Error{Error::Code::unavailable, "the controller does not give image " +
                                                   text(effect.image.id) + ": " +
                                                   std::to_string(answer.status) + " " +
                                                   std::string(wire::status_word(answer.status))};
    }

    Membership present() {
        const std::lock_guard lock(mutex_);
        return membership_;
    }

    /// Of the stream's thread.
    wire::Endpoint endpoint() {
        const Membership now = present();
        if (!now.wants_renewal(runtime::now())) return now.endpoint();
        auto renewed = renew_membership(settings_.data, now);
        if (!renewed.ok()) {
            runtime::log().warning("app", "this host's certificate was not renewed",
                                   {{"error", text(renewed.error())}});
            return now.endpoint();
        }
        const std::lock_guard lock(mutex_);
        membership_ = std::move(*renewed);
        return membership_.endpoint();
    }

    const Settings settings_;
    std::mutex mutex_;
    Membership membership_;  ///< its certificate is renewed
    AskElsewhere elsewhere_;
    std::unique_ptr<HostPart> host_;
    std::unique_ptr<agent::HostLink> link_;
    std::unique_ptr<wire::HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Daemon>> start_joined_host(const Settings& settings,
                                                  const Membership& membership) {
    auto host = std::make_unique<JoinedHost>(settings, membership);
    TRY(host->open());
    return std::unique_ptr<Daemon>(std::move(host));
}

}  // namespace vdc::app
