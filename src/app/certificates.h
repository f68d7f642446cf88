#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/settings.h"
#include "base/result.h"
#include "wire/authority.h"
#include "wire/host_streams.h"
#include "wire/http_server.h"

namespace vdc::app {

/// What a controller proves itself with. In its data folder:
///   authority.pem      the datacenter's own authority, certificate and key (0600); made once
///   tls.crt, tls.key   a certificate that people know already: theirs, or one that an earlier
///                      version made. It may be missing. Hosts never see it.
/// The controller's own certificate is signed anew at each start and while it runs, and kept
/// nowhere: who trusts it trusts the authority.
class Certificates {
  public:
    static base::Result<Certificates> open(const Settings& settings, const std::string& datacenter,
                                           const std::string& host_name, base::Instant now);

    static constexpr base::Duration renewed_after = std::chrono::hours(24);
    static constexpr base::Duration lifetime = 30 * renewed_after;

    const wire::Identity& authority() const { return authority_; }

    /// For a listener at that address, with a certificate that is valid for `lifetime` from `now`.
    base::Result<wire::TlsSettings> tls(const std::string& address, base::Instant now) const;

    /// What the controller's own host shows to other hosts, valid for `lifetime` from `now`; joined
    /// hosts have theirs from their membership.
    base::Result<wire::HostProof> host_proof(base::Instant now) const;

    /// What people pin: of tls.crt if there is one, else of the authority.
    base::Result<std::string> known_fingerprint() const;

  private:
    wire::Identity authority_;
    std::optional<wire::Identity> known_;
    std::string host_name_;
};

}  // namespace vdc::app
