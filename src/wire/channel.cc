#include "wire/channel.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
namespace ssl = asio::ssl;

bool is_end(const error_code& failure) {
    return failure == asio::error::eof || failure == ssl::error::stream_truncated;
}

// ---- contexts

static TlsContext tls_13(ssl::context::method method) {
    auto context = std::make_shared<ssl::context>(method);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
    return context;
}

Result<TlsContext> server_tls(const Identity& identity) {
    TlsContext context = tls_13(ssl::context::tls_server);
    error_code failure;
    context->use_certificate_chain(asio::buffer(identity.certificate), failure);
    if (!failure) context->use_private_key(asio::buffer(identity.key), ssl::context::pem, failure);
    if (failure)
        return Error{Error::Code::invalid,
                     "cannot use this TLS certificate and key: " + failure.message()};
    SSL_CTX_set_num_tickets(context->native_handle(), 0);
    SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
    return context;
}

Result<TlsContext> client_tls(bool pinned, const std::string& ca_file) {
    TlsContext context = tls_13(ssl::context::tls_client);
    error_code failure;
    if (ca_file.empty())
        context->set_default_verify_paths(failure);
    else
        context->load_verify_file(ca_file, failure);
    if (failure)
        return Error{
            Error::Code::invalid,
            "cannot read trusted certificates from '" + ca_file + "': " + failure.message(),
            "give a file of certificates in PEM form"};
    context->set_verify_mode(pinned ? ssl::verify_none : ssl::verify_peer, failure);
    return context;
}

// ---- the channel

Channel::Channel(asio::io_context& loop, runtime::Fd socket, TlsContext context)
    : socket_(loop), context_(std::move(context)) {
    // The family is told from the socket when it matters, so that any will do here.
    error_code failure;
    socket_.assign(asio::generic::stream_protocol(AF_UNSPEC, 0), socket.get(), failure);
    if (!failure) socket.release();  // else it is closed here, and every operation fails
    if (context_ != nullptr) tls_.emplace(socket_, *context_);
}

bool Channel::expect_host(const std::string& host) {
    SSL* const session = tls_->native_handle();
    if (is_ip_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    return SSL_set_tlsext_host_name(session, host.c_str()) == 1 &&
           SSL_set1_host(session, host.c_str()) == 1;
}

Status Channel::check_fingerprint(const std::string& pinned) {
    const openssl::Certificate theirs(SSL_get1_peer_certificate(tls_->native_handle()));
    const std::string found = theirs != nullptr ? openssl::fingerprint_of(*theirs) : "(none)";
    if (found == pinned) return {};
    return Error{Error::Code::unavailable,
                 "the server's certificate has the fingerprint " + found + ", not the pinned one"};
}

std::string Channel::distrust() {
    const long verdict = tls_ ? SSL_get_verify_result(tls_->native_handle()) : X509_V_OK;
    if (verdict == X509_V_OK) return {};
    return std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verdict);
}

void Channel::shut_down_writing(std::shared_ptr<void> keep) {
    error_code gone;  // the peer may be
    if (tls_)
        tls_->async_shutdown([keep = std::move(keep)](const error_code&) {});
    else
        socket_.shutdown(Socket::shutdown_send, gone);
}

void Channel::close() {
    error_code ignored;  // the descriptor is gone in any case
    socket_.close(ignored);
}

}  // namespace vdc::wire
