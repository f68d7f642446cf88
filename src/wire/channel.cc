#include "wire/channel.h"

#include <array>
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

std::string refusal(const error_code& failure) {
    if (failure.category() != asio::error::get_ssl_category()) return {};
    const int alert =
        ERR_GET_REASON(static_cast<unsigned long>(failure.value())) - SSL_AD_REASON_OFFSET;
    switch (alert) {
        case SSL_AD_BAD_CERTIFICATE: return "it is not valid, or not valid yet";
        case SSL_AD_UNSUPPORTED_CERTIFICATE: return "it is of another kind";
        case SSL_AD_CERTIFICATE_REVOKED: return "it was revoked";
        case SSL_AD_CERTIFICATE_EXPIRED: return "it has expired";
        case SSL_AD_CERTIFICATE_UNKNOWN: return "it is not known there";
        case SSL_AD_UNKNOWN_CA: return "its authority is another one";
        case SSL_AD_DECRYPT_ERROR: return "it is forged, or its key is another one";
        default: return {};
    }
}

// ---- contexts

static TlsContext tls_13(ssl::context::method method) {
    auto context = std::make_shared<ssl::context>(method);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
    return context;
}

/// Shows that identity.
static Status use(ssl::context& context, const Identity& identity) {
    error_code failure;
    context.use_certificate_chain(asio::buffer(identity.certificate), failure);
    if (!failure) context.use_private_key(asio::buffer(identity.key), ssl::context::pem, failure);
    if (!failure) return {};
    return Error{Error::Code::invalid,
                 "cannot use this TLS certificate and key: " + failure.message()};
}

/// Trusts that authority, and nobody else.
static Status trust(ssl::context& context, const std::string& authority) {
    error_code failure;
    context.add_certificate_authority(asio::buffer(authority), failure);
    if (!failure) return {};
    return Error{Error::Code::invalid,
                 "cannot use this certificate of an authority: " + failure.message()};
}

/// What a client that speaks to a controller asks for; no name of any machine.
static constexpr const char* controller_name = "controller.vdc";

/// OpenSSL calls it before it shows a certificate; `strangers` is the context of that identity.
static int choose_identity(SSL* session, void* strangers) {
    const char* asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    if (asked != nullptr && std::string_view(asked) == controller_name) return 1;
    SSL_CTX* const from = static_cast<ssl::context*>(strangers)->native_handle();
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(from, &chain);
    return SSL_use_cert_and_key(session, SSL_CTX_get0_certificate(from),
                                SSL_CTX_get0_privatekey(from), chain, /*override=*/1);
}

namespace {
/// What the connections of one listener have in common.
struct ServerTls {
    TlsContext own;
    TlsContext strangers;
};
}  // namespace

Result<TlsContext> server_tls(const TlsSettings& settings) {
    const auto tls = std::make_shared<ServerTls>();
    tls->own = tls_13(ssl::context::tls_server);
    TRY(use(*tls->own, settings.identity));
    SSL_CTX* const context = tls->own->native_handle();
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (!settings.authority.empty()) {
        TRY(trust(*tls->own, settings.authority));
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (settings.for_strangers) {
        tls->strangers = tls_13(ssl::context::tls_server);
        TRY(use(*tls->strangers, *settings.for_strangers));
        SSL_CTX_set_cert_cb(context, choose_identity, tls->strangers.get());
    }
    return TlsContext(tls, tls->own.get());
}

/// Whether the handshake itself need not look at the server's certificate: check_server() will.
static bool pinned(const Endpoint& endpoint) {
    return !endpoint.fingerprint.empty() || !endpoint.authority_fingerprint.empty();
}

Result<TlsContext> client_tls(const Endpoint& endpoint) {
    TlsContext context = tls_13(ssl::context::tls_client);
    if (endpoint.identity) TRY(use(*context, *endpoint.identity));
    context->set_verify_mode(pinned(endpoint) ? ssl::verify_none : ssl::verify_peer);
    if (!endpoint.authority.empty()) {
        TRY(trust(*context, endpoint.authority));
        return context;
    }
    error_code failure;
    if (endpoint.ca_file.empty())
        context->set_default_verify_paths(failure);
    else
        context->load_verify_file(endpoint.ca_file, failure);
    if (!failure) return context;
    return Error{
        Error::Code::invalid,
        "cannot read trusted certificates from '" + endpoint.ca_file + "': " + failure.message(),
        "give a file of certificates in PEM form"};
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

void Channel::read_some(asio::mutable_buffer to, Moved moved) {
    if (tls_)
        tls_->async_read_some(to, std::move(moved));
    else
        socket_.async_read_some(to, std::move(moved));
}

void Channel::write_some(const Slices& from, Moved moved) {
    if (tls_)
        tls_->async_write_some(from, std::move(moved));
    else
        socket_.async_write_some(from, std::move(moved));
}

bool Channel::expect_server(const Endpoint& endpoint) {
    SSL* const session = tls_->native_handle();
    if (!endpoint.authority.empty() || !endpoint.authority_fingerprint.empty())
        return SSL_set_tlsext_host_name(session, controller_name) == 1;
    if (pinned(endpoint)) return true;
    const std::string& host = endpoint.host;
    if (is_ip_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    return SSL_set_tlsext_host_name(session, host.c_str()) == 1 &&
           SSL_set1_host(session, host.c_str()) == 1;
}

static Error not_trusted(std::string why) {
    return Error{Error::Code::unavailable, std::move(why)};
}

static Status check_controller(const X509& certificate) {
    const std::optional<Party> party = openssl::facts_of(certificate).party;
    if (party && party->kind == Party::Kind::controller) return {};
    return not_trusted("its certificate is " +
                       (party ? "that of " + text(*party) : "nobody's in a datacenter") +
                       ", not a controller's");
}

/// Whether the server is a controller under the authority of that fingerprint, which is in `chain`.
static Status check_under(const std::string& authority, X509& certificate, STACK_OF(X509) * chain) {
    for (int at = 0; at < sk_X509_num(chain); ++at) {
        X509& root = *sk_X509_value(chain, at);
        if (openssl::fingerprint_of(root) != authority) continue;
        const std::string distrust = openssl::distrust_of_server(certificate, chain, root);
        if (!distrust.empty()) return not_trusted("the certificate is not trusted: " + distrust);
        return check_controller(certificate);
    }
    return not_trusted("the server's certificate has the fingerprint " +
                       openssl::fingerprint_of(certificate) +
                       ", and neither it nor an authority that the server sent has the pinned one");
}

Status Channel::check_server(const Endpoint& endpoint) {
    SSL* const session = tls_->native_handle();
    X509* const theirs = SSL_get0_peer_certificate(session);
    if (theirs == nullptr) return not_trusted("the server showed no certificate");
    STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(session);
    if (!endpoint.authority.empty()) return check_controller(*theirs);
    if (!endpoint.authority_fingerprint.empty())
        return check_under(endpoint.authority_fingerprint, *theirs, chain);
    const std::string& pinned = endpoint.fingerprint;
    if (pinned.empty() || openssl::fingerprint_of(*theirs) == pinned) return {};
    return check_under(pinned, *theirs, chain);
}

std::optional<CertificateFacts> Channel::peer_certificate() {
    const X509* theirs = SSL_get0_peer_certificate(tls_->native_handle());
    return theirs != nullptr ? std::optional(openssl::facts_of(*theirs)) : std::nullopt;
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

namespace {
/// Reads and throws away until the peer ends, or has sent too much.
struct Drain : std::enable_shared_from_this<Drain> {
    Drain(Channel::Socket& from, std::size_t most, std::function<void()> then)
        : socket(from), left(most), done(std::move(then)) {}

    void go_on() {
        socket.async_read_some(
            asio::buffer(bytes),
            [self = shared_from_this()](const error_code& failure, std::size_t size) {
                if (failure || size > self->left) return self->done();
                self->left -= size;
                self->go_on();
            });
    }

    Channel::Socket& socket;
    std::size_t left;
    std::function<void()> done;
    std::array<char, 4096> bytes;
};
}  // namespace

void Channel::drain(std::size_t size_max, std::function<void()> done) {
    error_code gone;  // the peer may be
    socket_.shutdown(Socket::shutdown_send, gone);
    std::make_shared<Drain>(socket_, size_max, std::move(done))->go_on();
}

void Channel::close() {
    error_code ignored;  // the descriptor is gone in any case
    socket_.close(ignored);
}

}  // namespace vdc::wire
