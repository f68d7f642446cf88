#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace vdc::wire {

/// Lets one machine become a host: it proves the machine to the datacenter, once, and the
/// datacenter to the machine.
struct JoinToken {
    base::Secret secret;    ///< 256 bits, as of runtime::random_token()
    std::string authority;  ///< fingerprint of the authority of that datacenter
};

/// "SECRET.FINGERPRINT": 43 letters, digits, '-' and '_', a dot, 64 hexadecimal digits.
base::Secret text(const JoinToken& token);
/// The inverse. Its error does not repeat what was given.
base::Result<JoinToken> parse_join_token(std::string_view text);

}  // namespace vdc::wire
