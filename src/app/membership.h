#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/http_client.h"
#include "wire/tls.h"

namespace vdc::app {

/// What makes this machine a host of a datacenter that others control. `vdc join` gets it
/// (docs/joining.md) and keeps it in the data folder:
///   host/host.key        its own key (0600); never leaves the machine
///   host/host.crt        its certificate, renewed before it ends
///   host/authority.crt   whom it trusts
///   host/controller      where controllers listen, "https://ADDRESS:PORT" in lines
///   host/datacenter      the datacenter's id
struct Membership {
    std::string host;  ///< its name there
    std::string datacenter;
    std::vector<std::string> controllers;  ///< where they listen; at least one
    wire::Identity identity;
    std::string authority;     ///< PEM
    base::Instant not_before;  ///< of the certificate
    base::Instant not_after;

    /// Of one of the controllers, modulo their count; proves each side to the other.
    wire::Endpoint endpoint(std::size_t turn = 0) const;
    /// Half of the certificate's time is over.
    bool wants_renewal(base::Instant now) const;
};

/// The membership in this data folder; nothing where the machine has not joined.
base::Result<std::optional<Membership>> read_membership(const std::string& data);

/// Becomes a host, called `name`, of the datacenter whose controller is at `address`
/// ("ADDRESS:PORT"). All of the membership is kept, durably, or nothing of it; but when it is
/// unknown what became of the request, the key is kept and the next attempt uses it, because the
/// name may belong to it already. `as_controller`: the token must be one for controllers. Errors:
/// conflict, where this machine is a host already (one whose certificate has expired may join
/// again, with its key) or holds a datacenter of its own; and those of the controller.
base::Result<Membership> join_datacenter(const std::string& data, const std::string& address,
                                         const std::string& token, const std::string& name,
                                         base::Instant now, bool as_controller = false);

/// Puts a membership where read_membership() finds it, all of it or nothing, in the place of one
/// that was there.
base::Status keep_membership(const std::string& data, const Membership& membership);

/// The same for its `controllers` alone.
base::Status keep_controllers(const std::string& data, const std::vector<std::string>& controllers);

/// Asks that controller for a new certificate, keeps it, and returns the membership with it.
/// Blocking. Errors: unauthenticated, when this is no host of the datacenter any more.
base::Result<Membership> renew_membership(const std::string& data, Membership membership,
                                          std::size_t turn = 0);

/// A membership of these papers; corrupt when they are not for this key, or of another authority
/// than the one with that fingerprint.
base::Result<Membership> membership_of(const std::string& certificate, const std::string& key,
                                       const std::string& authority,
                                       const std::string& fingerprint);

}  // namespace vdc::app
