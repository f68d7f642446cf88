#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "control/duties.h"
#include "wire/http_server.h"

namespace vdc::agent {

/// Serves 169.254.169.254 in every network of this host. Who asks is told by the network that the
/// connection came through and by the address it came from, which the port's rules do not let a
/// guest choose; never by anything in the request.
class MetadataService final : public wire::Handler {
  public:
    /// A listening socket at the metadata address inside a network; given by the driver.
    using Open = std::function<base::Result<int>(int network_number)>;

    static base::Result<std::unique_ptr<MetadataService>> start(Open open);
    ~MetadataService() override;

    /// Who is who from now on. Any thread.
    void set_duties(std::shared_ptr<const control::Duties> duties);

    /// A network is here: listens in it, if it does not already. Any thread.
    void network_up(int number);

    /// A network is about to go: a socket in it would keep it alive. Any thread.
    void network_going(int number);

    void on_request(wire::Request request, wire::Responder responder) override;

  private:
    explicit MetadataService(Open open) : open_(std::move(open)) {}

    Open open_;
    std::unique_ptr<wire::HttpServer> server_;
    std::mutex mutex_;
    std::map<int, std::uint64_t> listeners_;  ///< by network number
    std::shared_ptr<const control::Duties> duties_;
};

}  // namespace vdc::agent
