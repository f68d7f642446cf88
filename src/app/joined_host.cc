#include "app/daemon.h"
#include "app/linked_host.h"
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
                 "ask there: vdc --endpoint " + membership.controllers.front()} {}

    void on_request(wire::Request request, wire::Responder responder) override {
        responder.send(wire::problem(error_, request.id));
    }

  private:
    const Error error_;
};

/// Members in the order in which they need each other; they end in the opposite order.
class JoinedHost final : public Daemon {
  public:
    explicit JoinedHost(const Membership& membership) : elsewhere_(membership) {}
    ~JoinedHost() override { server_.reset(); }

    Status open(const Settings& settings, const Membership& membership) {
        const drivers::HostPaths paths{settings.data, settings.run, TRY(datacenter_tag(settings))};
        host_ = TRY(LinkedHost::open(settings, paths, membership));
        TRY(host_->start());
        server_ = TRY(wire::HttpServer::start(elsewhere_));
        TRY(server_->listen_unix(settings.socket(), 0600));
        return {};
    }

  private:
    AskElsewhere elsewhere_;
    std::unique_ptr<LinkedHost> host_;
    std::unique_ptr<wire::HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Daemon>> start_joined_host(const Settings& settings,
                                                  const Membership& membership) {
    auto host = std::make_unique<JoinedHost>(membership);
    TRY(host->open(settings, membership));
    return std::unique_ptr<Daemon>(std::move(host));
}

}  // namespace vdc::app
