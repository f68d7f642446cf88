#include <openssl/pem.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"
#include "wire/channel.h"
#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using namespace openssl;

// ---- a socket BIO that raises no SIGPIPE (OpenSSL's own does)

static int socket_write(BIO* bio, const char* bytes, int size) {
    const int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

static int socket_read(BIO* bio, char* bytes, int size) {
    const int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
    BIO_clear_retry_flags(bio);
    const ssize_t got = ::recv(fd, bytes, static_cast<std::size_t>(size), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

static long socket_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static const BIO_METHOD* socket_method() {
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        base::check(method != nullptr, "memory for OpenSSL");
        BIO_meth_set_write(method, socket_write);
        BIO_meth_set_read(method, socket_read);
        BIO_meth_set_ctrl(method, socket_control);
        return method;
    }();
    return made;
}

// ---- the channel

namespace {

class TlsChannel final : public Channel {
  public:
    TlsChannel(runtime::Fd socket, Session session, std::string pinned)
        : Channel(std::move(socket)), session_(std::move(session)), pinned_(std::move(pinned)) {
        BIO* const bio = BIO_new(socket_method());
        base::check(bio != nullptr, "memory for OpenSSL");
        BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd())));
        BIO_set_init(bio, 1);
        SSL_set_bio(session_.get(), bio, bio);
    }

    Moved read(char* to, std::size_t size) override {
        std::size_t got = 0;
        const int done = SSL_read_ex(session_.get(), to, size, &got);
        return done == 1 ? Moved{Outcome::moved, got} : why_not(done);
    }

    Moved write(const iovec* from, int count) override {
        std::size_t sent = 0;
        for (int i = 0; i < count; ++i) {
            if (from[i].iov_len == 0) continue;
            std::size_t part = 0;
            const int done = SSL_write_ex(session_.get(), from[i].iov_base, from[i].iov_len, &part);
            sent += part;
            if (done != 1) return sent > 0 ? Moved{Outcome::moved, sent} : why_not(done);
            if (part < from[i].iov_len) break;
        }
        return {Outcome::moved, sent};
    }

    bool holds_bytes() const override { return SSL_has_pending(session_.get()) == 1; }

    void shut_down_writing() override {
        SSL_shutdown(session_.get());  // best effort: the peer may be gone
        ERR_clear_error();
        Channel::shut_down_writing();
    }

    Moved shake_hands() override {
        const int done = SSL_do_handshake(session_.get());
        if (done != 1) return why_not(done);
        if (pinned_.empty()) return {};
        const Certificate theirs(SSL_get1_peer_certificate(session_.get()));
        if (theirs != nullptr && fingerprint_of(*theirs) == pinned_) return {};
        return broken("the server's certificate has the fingerprint " +
                      (theirs != nullptr ? fingerprint_of(*theirs) : std::string("(none)")) +
                      ", not the pinned one");
    }

  private:
    Moved why_not(int done) {
        const int system = errno;
        switch (SSL_get_error(session_.get(), done)) {
            case SSL_ERROR_WANT_READ: return {Outcome::wait_readable, 0};
            case SSL_ERROR_WANT_WRITE: return {Outcome::wait_writable, 0};
            case SSL_ERROR_ZERO_RETURN: return {Outcome::ended, 0};
            case SSL_ERROR_SYSCALL:
                ERR_clear_error();
                return broken(system != 0 ? std::system_category().message(system)
                                          : "the peer went away");
            default: break;
        }
        const long verdict = SSL_get_verify_result(session_.get());
        std::string text = trouble();
        if (verdict != X509_V_OK)
            text = std::string("the certificate is not trusted: ") +
                   X509_verify_cert_error_string(verdict);
        return broken("TLS: " + text);
    }

    Session session_;
    std::string pinned_;
};

}  // namespace

// ---- the contexts

static Result<std::shared_ptr<SSL_CTX>> make_context(const SSL_METHOD* method) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1)
        return Error{Error::Code::failed, "cannot set up TLS: " + trouble()};
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    return context;
}

/// The certificates after the first one: the chain.
static void add_chain(SSL_CTX& context, const std::string& pem) {
    const Bio bio = bio_of(pem);
    Certificate first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        SSL_CTX_add0_chain_cert(&context, next);
    ERR_clear_error();
}

Result<TlsContext> TlsContext::server(const Identity& identity) {
    std::shared_ptr<SSL_CTX> context = TRY(make_context(TLS_server_method()));
    const Certificate certificate = read_certificate(identity.certificate);
    const Key key = read_key(identity.key);
    if (certificate == nullptr || key == nullptr)
        return Error{Error::Code::corrupt, "the TLS certificate or its key is not PEM"};
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
        return Error{Error::Code::invalid, "cannot use this TLS certificate: " + trouble()};
    add_chain(*context, identity.certificate);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return TlsContext(std::move(context));
}

Result<TlsContext> TlsContext::client(const std::string& fingerprint, const std::string& ca_file) {
    std::shared_ptr<SSL_CTX> context = TRY(make_context(TLS_client_method()));
    const bool loaded = ca_file.empty()
                            ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                            : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
    if (!loaded)
        return Error{Error::Code::invalid,
                     "cannot read trusted certificates from '" + ca_file + "': " + trouble(),
                     "give a file of certificates in PEM form"};
    TlsContext client(std::move(context));
    client.fingerprint_ = fingerprint;
    SSL_CTX_set_verify(client.context_.get(),
                       fingerprint.empty() ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    return client;
}

std::unique_ptr<Channel> TlsContext::accept(runtime::Fd socket) const {
    Session session(SSL_new(context_.get()));
    base::check(session != nullptr, "memory for OpenSSL");
    SSL_set_accept_state(session.get());
    return std::make_unique<TlsChannel>(std::move(socket), std::move(session), std::string());
}

static bool expect_host(SSL& session, const std::string& host) {
    if (is_ip_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&session), host.c_str()) == 1;
    return SSL_set_tlsext_host_name(&session, host.c_str()) == 1 &&
           SSL_set1_host(&session, host.c_str()) == 1;
}

Result<std::unique_ptr<Channel>> TlsContext::connect(runtime::Fd socket,
                                                     const std::string& host) const {
    Session session(SSL_new(context_.get()));
    base::check(session != nullptr, "memory for OpenSSL");
    SSL_set_connect_state(session.get());
    if (fingerprint_.empty() && !expect_host(*session, host))
        return Error{Error::Code::invalid, "'" + base::quoted(host) + "' is no name for TLS"};
    std::unique_ptr<Channel> channel =
        std::make_unique<TlsChannel>(std::move(socket), std::move(session), fingerprint_);
    return channel;
}

}  // namespace vdc::wire
