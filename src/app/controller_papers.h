#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/store.h"
#include "wire/http_client.h"
#include "wire/tls.h"

namespace vdc::app {

/// What makes this machine one of several controllers, beside its membership as a host
/// (membership.h) and the datacenter's authority (certificates.h). In its data folder:
///   controller/papers.json          what is no secret; without it the machine is no controller
///   controller/etcd-authority.pem   signs who may speak to the store, certificate and key (0600)
///   controller/etcd-authority.crt, etcd.crt, etcd.key
///                                   what etcd reads; made of it at each start
/// The store has an authority of its own: a host's certificate opens nothing there.
struct ControllerPapers {
    std::string listen;                ///< of its API, "10.0.0.1:7443"
    std::vector<std::string> servers;  ///< of etcd, of the other controllers, "10.0.0.2:2379"
    bool moving = false;               ///< the records are on their way from a store of its own
    wire::Identity store_authority;

    /// Of `listen`.
    std::string address() const;
    std::string client_url() const;  ///< of its own etcd
    std::string peer_url() const;
};

/// Nothing where this machine is no controller, or the only one.
base::Result<std::optional<ControllerPapers>> read_controller_papers(const std::string& data);

/// Durable, all or nothing.
base::Status keep_controller_papers(const std::string& data, const ControllerPapers& papers);

/// Undoes that.
base::Status drop_controller_papers(const std::string& data);

/// Of a machine that controls no more: with its papers go its part of the store, its copy of the
/// past, and the keys that controllers share. Its etcd has ended. Done in part: goes on.
base::Status drop_controller(const std::string& data);

/// A new certificate for this machine's etcd, and for this daemon towards all of them.
base::Status renew_store_certificate(const std::string& data, const ControllerPapers& papers,
                                     base::Instant now);
inline constexpr base::Duration store_certificate_renewed_after = std::chrono::hours(24);

/// How to speak to etcd: its own first, unless `others_only`.
enum class Whom { own_first, others_only };
store::EtcdServers store_servers(const std::string& data, const ControllerPapers& papers,
                                 Whom whom = Whom::own_first);

/// Asks a controller for what they share (api::Cluster::Papers), keeps it, and returns it for one
/// that listens there. `me` is a host that joined with a token for a controller.
base::Result<ControllerPapers> get_controller_papers(const std::string& data,
                                                     const wire::Endpoint& me,
                                                     const std::string& listen);

/// Where the etcd of a controller at this address serves, "10.0.0.2:2379".
std::string store_server(const std::string& address);

/// Whether this machine has an etcd to run. Errors: what is missing.
base::Status check_has_etcd();

/// Where others reach a controller. Errors: invalid, when it is not one address that they could.
base::Status check_listens_for_others(const std::string& listen);

}  // namespace vdc::app
