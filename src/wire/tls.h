#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vdc::wire {

/// Who we are to a TLS peer: a certificate (or chain) and its private key, both PEM.
struct Identity {
    std::string certificate;
    std::string key;  ///< a secret: never in a log, an argument or an answer

    friend bool operator==(const Identity&, const Identity&) = default;
};

/// Reads both files, which may be one. An error names the file and whether it is missing,
/// unreadable or not PEM, and says so when key and certificate do not belong together.
base::Result<Identity> load_identity(const std::string& certificate_path,
                                     const std::string& key_path);

/// SHA-256 of the first certificate's DER form, 64 lower-case hexadecimal digits: what a client
/// pins.
base::Result<std::string> fingerprint(std::string_view certificate_pem);

/// SHA-256 of any bytes, in the same form.
std::string sha256(std::string_view bytes);

}  // namespace vdc::wire
