#include "wire/join_token.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Secret;

static constexpr std::size_t secret_size = 43;
static constexpr std::size_t fingerprint_size = 64;

Secret text(const JoinToken& token) {
    return Secret(token.secret.reveal() + "." + token.authority);
}

static bool only(std::string_view text, std::string_view letters) {
    return text.find_first_not_of(letters) == std::string_view::npos;
}

Result<JoinToken> parse_join_token(std::string_view text) {
    const std::size_t dot = text.find('.');
    const std::string_view secret = text.substr(0, dot);
    const std::string_view authority =
        dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    const bool good =
        secret.size() == secret_size && authority.size() == fingerprint_size &&
        only(secret, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") &&
        only(authority, "0123456789abcdef");
    if (good) return JoinToken{Secret(std::string(secret)), std::string(authority)};
    return Error{Error::Code::invalid, "this is not the whole token of a new host",
                 "`vdc host token` on a host of the datacenter makes one; copy all of its line"};
}

}  // namespace vdc::wire
