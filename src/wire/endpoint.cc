#include <charconv>
#include <limits>

#include "base/text.h"
#include "wire/http_client.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;

static Error bad_endpoint(std::string_view text, std::string_view trouble) {
    return Error{Error::Code::invalid,
                 "'" + base::quoted(text) + "' is no address of a server: " + std::string(trouble),
                 "write unix:/run/vdc/api.sock or https://HOST:PORT"};
}

static Result<std::uint16_t> parse_port(std::string_view whole, std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc{} || end != text.data() + text.size() || port == 0)
        return bad_endpoint(whole, "it has no port of 1 to 65535");
    return port;
}

/// HOST:PORT or [ADDRESS]:PORT.
static Result<Endpoint> parse_authority(std::string_view whole, std::string_view text) {
    Endpoint endpoint;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad_endpoint(whole, "it has no port");
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    endpoint.host = std::string(host);
    endpoint.port = TRY(parse_port(whole, text.substr(colon + 1)));
    const bool v6 = host.find(':') != std::string_view::npos;
    const bool bad = host.empty() || host.size() > 253 || v6 != bracketed ||
                     (v6 && !is_ip_address(endpoint.host)) ||
                     host.find_first_of("/@?#[] ") != std::string_view::npos;
    if (bad) return bad_endpoint(whole, "the host is no name or address");
    return endpoint;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    static constexpr std::string_view unix_prefix = "unix:";
    static constexpr std::string_view tcp_prefix = "http://";
    static constexpr std::string_view tls_prefix = "https://";
    std::string_view rest = text;
    if (rest.starts_with(unix_prefix)) rest.remove_prefix(unix_prefix.size());
    if (rest.starts_with('/')) return Endpoint{.path = std::string(rest)};
    const bool tls = rest.starts_with(tls_prefix);
    if (!tls && !rest.starts_with(tcp_prefix))
        return bad_endpoint(text, "it begins with neither unix: nor https://");
    rest.remove_prefix(tls ? tls_prefix.size() : tcp_prefix.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    Endpoint endpoint = TRY(parse_authority(text, rest));
    endpoint.kind = tls ? Endpoint::Kind::tls : Endpoint::Kind::tcp;
    if (!tls && !is_loopback(endpoint.host))
        return bad_endpoint(text, "http is for this machine only, tokens travel in the clear");
    return endpoint;
}

std::string text(const Endpoint& endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_socket) return "unix:" + endpoint.path;
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return (endpoint.kind == Endpoint::Kind::tls ? "https://" : "http://") +
           (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace vdc::wire
