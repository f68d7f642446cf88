#include <atomic>
#include <thread>

#include "agent/host_link.h"
#include "app/daemon.h"
#include "app/host_part.h"
#include "runtime/clock.h"
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
        host_ = TRY(HostPart::open(settings_, paths, membership_.host));
        agent::HostLink::Options options;
        options.controller = [this] { return endpoint(); };
        options.hello.observed = host_->observed();
        // Its disks are its own, so nothing here fences itself: no guards are needed.
        options.hello.observed.lease = model::LeaseProfile::usual;
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
    /// Of the stream's thread.
    wire::Endpoint endpoint() {
        if (membership_.wants_renewal(runtime::now())) {
            auto renewed = renew_membership(settings_.data, membership_);
            if (renewed.ok())
                membership_ = std::move(*renewed);
            else
                runtime::log().warning("app", "this host's certificate was not renewed",
                                       {{"error", text(renewed.error())}});
        }
        return membership_.endpoint();
    }

    const Settings settings_;
    Membership membership_;  ///< once open, the stream's thread's
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
