#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "runtime/fd.h"
#include "wire/http.h"
#include "wire/http_client.h"

/// Making stream sockets. All are CLOEXEC and do not block.
namespace vdc::wire {

/// See HttpServer::listen_unix.
base::Result<runtime::Fd> listen_on_path(const std::string& path, unsigned mode);

/// `address` is numeric, IPv4 or IPv6.
base::Result<runtime::Fd> listen_on_port(const std::string& address, std::uint16_t port);

/// The port a socket is bound to; 0 of a unix socket.
std::uint16_t bound_port(int socket);

/// Waits for the connection at most `limit`. `not_found` when nothing is at the path,
/// `unavailable` when nobody answers there, `timed_out`.
base::Result<runtime::Fd> connect_to_path(const std::string& path, std::chrono::milliseconds limit);

/// Names are looked up; each address is tried in turn within `limit`.
base::Result<runtime::Fd> connect_to_port(const std::string& host, std::uint16_t port,
                                          std::chrono::milliseconds limit);

/// Begins to connect, to a path or to a numeric address, and waits for nothing: it is connected, or
/// failed (SO_ERROR), when it can be written to.
base::Result<runtime::Fd> begin_to_connect(const Endpoint& endpoint);

/// For a connected socket of TCP: small pieces go at once; a peer that vanished is noticed within
/// minutes.
void tune(int socket);

/// Who is at the other end of an accepted socket.
Peer peer_of(int socket, bool tls);

/// IPv4 or IPv6, without brackets.
bool is_ip_address(const std::string& text);
/// 127.0.0.0/8, ::1 or "localhost".
bool is_loopback(const std::string& host);

}  // namespace vdc::wire
