#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/secret.h"

/// Chance that nobody can foretell, from the kernel. Pure code is given it, it cannot ask.
namespace vdc::runtime {

std::string random_bytes(std::size_t count);
std::uint64_t random_seed();  ///< for base::Chance
base::Uuid random_uuid();     ///< version 4
base::Uuid fresh_uuid();      ///< version 7, of now: for the ids of what is made

/// 256 bits as 43 letters, digits, '-' and '_' (base64url): a bearer token.
base::Secret random_token();

}  // namespace vdc::runtime
