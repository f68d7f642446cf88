#pragma once

#include <memory>
#include <string>

#include "api/cluster.h"
#include "api/consoles.h"
#include "api/foresight.h"
#include "api/host_links.h"
#include "api/joining.h"
#include "api/uploads.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "runtime/executor.h"
#include "wire/http_server.h"

/// The HTTP API: what people and tools may ask of the datacenter. See README.md.
namespace vdc::api {

/// What the API works with. All outlive it.
struct Services {
    engine::Engine& engine;
    runtime::Executor& executor;  ///< whose time it is
    Uploads& uploads;
    Consoles& consoles;
    Foresight& foresight;
    Joining* joining = nullptr;  ///< null: no machine can become a host
    HostLinks* links = nullptr;  ///< null: none of them is served
    /// The file of an image that is published on this machine; from any thread. Empty: there are
    /// none for hosts on other machines.
    std::function<base::Result<runtime::Fd>(model::ImageId)> open_image = {};
    Cluster* cluster = nullptr;  ///< null: there is one controller, and can be no more
    /// The host of this machine, to which uploads come; none: control knows which one that is.
    std::optional<model::HostId> own_host = {};
};

struct Options {
    std::string version = "0.0.0";  ///< of the program
    base::Secret token = {};        ///< opens the API over TLS; empty: nothing does
};

/// Answers the requests of any number of servers. Its server is stopped before it ends.
class Api final : public wire::Handler {
  public:
    Api(Services services, Options options);
    ~Api() override;

    void on_request(wire::Request request, wire::Responder responder) override;
    base::Result<std::unique_ptr<wire::BodySink>> on_body_begin(const wire::Request& head) override;

    /// The OpenAPI 3.1 document, as served at /v1/openapi.json.
    static std::string openapi(const std::string& version);

  private:
    class Body;
    std::shared_ptr<Body> body_;
};

}  // namespace vdc::api
