#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "api/cluster.h"
#include "runtime/workers.h"
#include "wire/http_client.h"
#include "wire/http_server.h"

/// Who comes to a controller that does not lead.
namespace vdc::app {

/// What who comes hears while nobody leads; the local admin also, which controllers there are.
class Waiting final : public wire::Handler {
  public:
    explicit Waiting(api::Cluster& cluster) : cluster_(cluster) {}

    void on_request(wire::Request request, wire::Responder responder) override;

    /// Nobody is told anything any more.
    void stop() { looks_.stop(); }

  private:
    void tell(wire::Responder& duty);

    api::Cluster& cluster_;
    runtime::Workers looks_{1, "cluster-look", 8};
};

/// Where connections go while this controller follows. Any thread.
class Way {
  public:
    Way(wire::Endpoint leader_for_local, wire::Endpoint waiting_local, wire::Endpoint waiting_tls)
        : for_local_(std::move(leader_for_local)),
          waiting_local_(std::move(waiting_local)),
          waiting_tls_(std::move(waiting_tls)) {}

    void prove_with(const wire::Identity& identity);
    /// "10.0.0.1:7443"; empty: nobody leads.
    void leads(const std::string& address);
    /// For what comes to the socket: within TLS, under this controller's certificate.
    wire::Endpoint local() const;
    /// For what comes to the port: as it is.
    wire::Endpoint tls() const;

  private:
    wire::Endpoint to_leader(wire::Endpoint endpoint) const;

    wire::Endpoint for_local_;
    const wire::Endpoint waiting_local_;
    const wire::Endpoint waiting_tls_;
    mutable std::mutex mutex_;
    std::optional<std::pair<std::string, std::uint16_t>> leader_;
};

}  // namespace vdc::app
