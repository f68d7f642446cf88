#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/cluster.h"
#include "api/joining.h"
#include "app/certificates.h"
#include "app/host_part.h"
#include "app/settings.h"
#include "control/affected_hosts.h"
#include "engine/engine.h"
#include "runtime/loop.h"
#include "store/store.h"
#include "wire/http_server.h"

namespace vdc::app {

/// What leads a datacenter: the engine on a store, the streams and leases of hosts, the API. It
/// needs to know nothing of where the store is or how it came to lead.
class ControlPart {
  public:
    /// All that is referred to outlives it.
    struct Needs {
        const Settings& settings;
        store::Store& store;
        std::uint64_t term = 1;
        const Certificates& certificates;
        std::string datacenter;  ///< its id
        HostPart& host;          ///< of this machine: its consoles, images and uploads
        std::string uploads;     ///< folder
        api::Cluster& cluster;
        /// Whether it leads still; any thread. Empty: always. Without it no lease is renewed.
        std::function<bool()> leads = {};
        /// Where all controllers are; any thread. Empty: this is the only one.
        std::function<std::vector<std::string>()> controllers = {};
        /// Hears whom each group of commits concerns, on the engine's loop. May be empty.
        std::function<void(const control::Affected&)> on_affected = {};
        /// As api::Services::own_host.
        std::optional<model::HostId> own_host = {};
    };

    /// Reads the store. Nothing happens before start(), so that who wants to listen to all commits
    /// can.
    static base::Result<std::unique_ptr<ControlPart>> open(Needs needs);
    /// No more requests; then the engine ends.
    ~ControlPart();

    engine::Engine& engine();
    /// The engine's.
    runtime::Executor& loop();
    /// A host's papers, for this machine's own (api::Joining::let_control). Waits for the loop.
    base::Result<api::Joining::Papers> let_control(const std::string& host,
                                                   const std::string& request);
    /// Tells hosts anew where the controllers are. Any thread.
    void tell_controllers();

    void start();
    /// Serves at the socket, and over TLS where the settings say.
    base::Status serve();
    /// Takes no more requests.
    void stop_serving();

  private:
    class Body;
    explicit ControlPart(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

/// What opens the API over TLS: the file that the settings name, or one in the data folder; made
/// where there is none yet. Empty when the API is not served over TLS.
base::Result<base::Secret> token_of(const Settings& settings);

/// "ADDRESS:PORT" in its two parts.
base::Result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& listen);

}  // namespace vdc::app
