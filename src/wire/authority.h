#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/party.h"
#include "wire/tls.h"

/// The datacenter's own certificate authority: what a controller and its hosts prove to each other
/// who they are with. All keys are ECDSA P-256.
namespace vdc::wire {

/// A new authority: a certificate that it signed itself, from a day before `now` for ten years,
/// under which only ends of chains can be signed. `datacenter` is its id, in the subject for
/// people.
base::Result<Identity> make_authority(const std::string& datacenter, base::Instant now);

/// A new private key, PEM.
base::Result<std::string> make_key();

/// The request for a certificate of this key, PEM (PKCS #10). It asks for nothing else: the
/// authority decides who its owner is.
base::Result<std::string> make_signing_request(const std::string& key_pem);

constexpr std::size_t signing_request_size_max = 4096;

/// SHA-256 of the key that a request is for, as in CertificateFacts. `invalid` when it is no
/// request, of another kind of key, or not signed with that key.
base::Result<std::string> key_of_request(std::string_view request_pem);

/// What the authority says in a certificate.
struct Grant {
    Party party;
    std::vector<std::string> names = {};  ///< DNS names and addresses of a controller
    base::Instant now = {};
    base::Duration lifetime = {};
};

/// A certificate for the key of the request; what else stands in the request is not looked at. It
/// is valid from an hour before `now`, for clocks that are late, to `now` + `lifetime`, but not
/// beyond the authority's own end. A host's is good for clients only, a controller's for servers
/// and, towards other controllers, for clients. PEM, followed by the authority's certificate.
base::Result<std::string> sign(const Identity& authority, std::string_view request_pem,
                               const Grant& grant);

/// What stands in the first certificate of a PEM text. Believes it: who signed it is another
/// matter.
base::Result<CertificateFacts> read_facts(std::string_view certificate_pem);

}  // namespace vdc::wire
