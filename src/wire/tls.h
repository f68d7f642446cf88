#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace vdc::wire {

/// Who we are to a TLS peer: a certificate (or chain) and its private key, both PEM.
struct Identity {
    std::string certificate;
    std::string key;  ///< a secret: never in a log, an argument or an answer
};

/// A new ECDSA P-256 key and a certificate for it that it signed itself, good for servers, from
/// a day before `now` for ten years. `names` are DNS names and IP addresses; at least one.
base::Result<Identity> make_identity(const std::vector<std::string>& names, base::Instant now);

/// Reads both files. An error names the file and whether it is missing, unreadable or not PEM,
/// and says so when key and certificate do not belong together.
base::Result<Identity> load_identity(const std::string& certificate_path,
                                     const std::string& key_path);

/// load_identity(), or make_identity() into these files (key 0600) when neither exists.
base::Result<Identity> load_or_make_identity(const std::string& certificate_path,
                                             const std::string& key_path,
                                             const std::vector<std::string>& names,
                                             base::Instant now);

/// SHA-256 of the first certificate's DER form, 64 lower-case hexadecimal digits: what a client
/// pins.
base::Result<std::string> fingerprint(std::string_view certificate_pem);

}  // namespace vdc::wire
