#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

/// Who speaks within a datacenter, and what the certificates of its authority say.
namespace vdc::wire {

/// Whom a certificate is for. There it is a URI among the alternative names: `vdc://controller`,
/// `vdc://host/NAME`.
struct Party {
    enum class Kind { controller, host };
    Kind kind = Kind::controller;
    std::string name = {};  ///< of the host; empty for a controller

    friend bool operator==(const Party&, const Party&) = default;
};

std::string text(const Party& party);
/// The inverse of text(), and nothing for any other text: another letter case, an escape, a port.
std::optional<Party> parse_party(std::string_view uri);

/// What stands in a certificate.
struct CertificateFacts {
    /// Nobody unless exactly one URI stands in it, and that one is a party's.
    std::optional<Party> party = {};
    base::Instant not_before = {};
    base::Instant not_after = {};
    /// SHA-256 of its public key, 64 lower-case hexadecimal digits: the same for all certificates
    /// of one key.
    std::string key = {};

    friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

}  // namespace vdc::wire
