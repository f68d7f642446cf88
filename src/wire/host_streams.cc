#include "wire/host_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "wire/http_client.h"
#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Context = std::unique_ptr<SSL_CTX, openssl::Release<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, openssl::Release<SSL_free>>;

static constexpr std::chrono::milliseconds greeting_time = 10s;
static constexpr std::size_t chunk_size = 128 << 10;

// ---- who is there ------------------------------------------------------------------------------

static bool show(SSL_CTX* context, const Identity& identity) {
    const openssl::Certificate certificate = openssl::read_certificate(identity.certificate);
    const openssl::Key key = openssl::read_key(identity.key);
    return certificate && key && SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
           SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

/// Between hosts a host's certificate is good at both ends, though it is made for clients: who may
/// be there is said by its party.
static Result<Context> context_of(const HostProof& proof) {
    Context context(SSL_CTX_new(TLS_method()));
    const openssl::Certificate root = openssl::read_certificate(proof.authority);
    const bool made =
        context && root && SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
        show(context.get(), proof.identity) &&
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root.get()) == 1 &&
        X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(context.get()), X509_PURPOSE_ANY) == 1;
    if (!made) return openssl::cannot_make("a way to other hosts");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static Error stranger(const std::string& what) {
    return {Error::Code::forbidden, what, "only hosts of one datacenter speak to each other so"};
}

/// The host that the peer's certificate names.
static Result<std::string> host_at(SSL* tls) {
    const openssl::Certificate shown(SSL_get1_peer_certificate(tls));
    const auto party = shown ? openssl::facts_of(*shown).party : std::optional<Party>();
    if (party && party->kind == Party::Kind::host) return party->name;
    return stranger("who is there is no host");
}

// ---- a socket for OpenSSL ----------------------------------------------------------------------

static int write_quietly(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const int socket = static_cast<int>(BIO_get_fd(bio, nullptr));
    const ssize_t count = ::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count <= 0 && BIO_sock_should_retry(static_cast<int>(count)) != 0) BIO_set_retry_write(bio);
    return static_cast<int>(count);
}

/// As OpenSSL's own, but that writing to who is gone raises no signal.
static const BIO_METHOD* quiet_socket() {
    static const BIO_METHOD* const method = [] {
        const BIO_METHOD* const usual = BIO_s_socket();
        BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");
        const bool good = made != nullptr && BIO_meth_set_write(made, write_quietly) == 1 &&
                          BIO_meth_set_read(made, BIO_meth_get_read(usual)) == 1 &&
                          BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(usual)) == 1 &&
                          BIO_meth_set_create(made, BIO_meth_get_create(usual)) == 1 &&
                          BIO_meth_set_destroy(made, BIO_meth_get_destroy(usual)) == 1;
        base::check(good, "memory for OpenSSL");
        return made;
    }();
    return method;
}

static bool put_over(SSL* tls, int socket) {
    BIO* const bio = BIO_new(quiet_socket());
    if (bio == nullptr) return false;
    BIO_set_fd(bio, socket, BIO_NOCLOSE);
    SSL_set_bio(tls, bio, bio);
    return true;
}

namespace {

// ---- one stream --------------------------------------------------------------------------------

/// TLS over a socket that does not block, up to the greeting: each wait ends at the deadline, or
/// when `stop` can be read.
class Line {
  public:
    Line(Fd socket, int stop) : socket_(std::move(socket)), stop_(stop) {}

    Status shake_hands(const HostProof& proof, bool as_server) {
        const Context context = TRY(context_of(proof));
        tls_.reset(SSL_new(context.get()));
        if (!tls_ || !put_over(tls_.get(), socket_.get())) return openssl::cannot_make("a stream");
        return until_done(
            [&] { return as_server ? SSL_accept(tls_.get()) : SSL_connect(tls_.get()); });
    }

    Result<std::string> peer() const { return host_at(tls_.get()); }

    /// A short text, its size first.
    Status say(const std::string& text) {
        std::string bytes;
        for (const std::size_t byte : {text.size() >> 8, text.size() & 0xff})
            bytes += static_cast<char>(byte);
        bytes += text;
        std::size_t sent = 0;
        while (sent < bytes.size())
            TRY(until_done([&] {
                const int count = SSL_write(tls_.get(), bytes.data() + sent,
                                            static_cast<int>(bytes.size() - sent));
                if (count > 0) sent += static_cast<std::size_t>(count);
                return count;
            }));
        return {};
    }

    Result<std::string> hear(std::size_t size_max) {
        const std::string head = TRY(read(2));
        const std::size_t size = std::size_t{static_cast<unsigned char>(head[0])} << 8 |
                                 static_cast<unsigned char>(head[1]);
        if (size > size_max)
            return Error{Error::Code::invalid, "the other host says more than can be meant"};
        return read(size);
    }

    SSL* tls() { return tls_.get(); }
    int socket() const { return socket_.get(); }
    int stop() const { return stop_; }

  private:
    Result<std::string> read(std::size_t size) {
        std::string bytes(size, '\0');
        std::size_t got = 0;
        while (got < size)
            TRY(until_done([&] {
                const int count =
                    SSL_read(tls_.get(), bytes.data() + got, static_cast<int>(size - got));
                if (count > 0) got += static_cast<std::size_t>(count);
                return count;
            }));
        return bytes;
    }

    template <class Deed>
    Status until_done(Deed deed) {
        for (;;) {
            ERR_clear_error();
            const int done = deed();
            if (done > 0) return {};
            const int why = SSL_get_error(tls_.get(), done);
            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return broken();
            TRY(wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT));
        }
    }

    Status wait(short events) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
        std::array<pollfd, 2> ends{{{socket_.get(), events, 0}, {stop_, POLLIN, 0}}};
        const int ready =
            left.count() > 0 ? ::poll(ends.data(), ends.size(), static_cast<int>(left.count())) : 0;
        if (ends[1].revents != 0) return Error{Error::Code::unavailable, "this host ends"};
        if (ready > 0) return {};
        return Error{Error::Code::timed_out, "the other host does not answer"};
    }

    Error broken() {
        const long distrust = SSL_get_verify_result(tls_.get());
        if (distrust != X509_V_OK)
            return stranger(std::string("the other host's certificate is not believed: ") +
                            X509_verify_cert_error_string(distrust));
        const std::string trouble = ERR_peek_error() != 0 ? ": " + openssl::trouble() : "";
        return {Error::Code::unavailable, "the stream to the other host broke off" + trouble};
    }

    Fd socket_;
    int stop_;
    Tls tls_;
    const Clock::time_point deadline_ = Clock::now() + greeting_time;
};

/// Carries bytes both ways until both ends have ended, or one breaks off.
class Carrier {
  public:
    Carrier(Line& line, const Fd& plain) : line_(line), plain_(plain.get()) {
        ::fcntl(plain_, F_SETFL, ::fcntl(plain_, F_GETFL) | O_NONBLOCK);
    }

    void run() {
        for (;;) {
            const bool goes_on = take_in() && give_out();
            if (!goes_on || (out_.ended && in_.ended && in_.empty())) return;
            if (!moved_ && !wait()) return;
            moved_ = false;
        }
    }

  private:
    /// What was read at one side and is to be written at the other.
    struct Way {
        std::array<char, chunk_size> bytes;
        std::size_t from = 0;
        std::size_t to = 0;
        bool ended = false;      ///< no more is to be read
        bool passed_on = false;  ///< the other side knows that
        bool empty() const { return from == to; }
    };

    /// Plain bytes into TLS. False: it broke off.
    bool take_in() {
        if (out_.empty() && !out_.ended) {
            const ssize_t count = ::read(plain_, out_.bytes.data(), out_.bytes.size());
            if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) out_.ended = true;
            if (count > 0) fill(out_, static_cast<std::size_t>(count));
        }
        while (!out_.empty()) {
            ERR_clear_error();
            const int count = SSL_write(line_.tls(), out_.bytes.data() + out_.from,
                                        static_cast<int>(out_.to - out_.from));
            if (count <= 0) return may_go_on(count, wants_out_);
            drain(out_, static_cast<std::size_t>(count));
        }
        wants_out_ = 0;
        if (out_.ended && !out_.passed_on) {
            out_.passed_on = true;
            (void)SSL_shutdown(line_.tls());  // a goodbye; whether it comes shows at the other end
        }
        return true;
    }

    /// Bytes of TLS to the plain side. False: it broke off.
    bool give_out() {
        if (in_.empty() && !in_.ended) {
            ERR_clear_error();
            const int count =
                SSL_read(line_.tls(), in_.bytes.data(), static_cast<int>(in_.bytes.size()));
            if (count > 0) {
                fill(in_, static_cast<std::size_t>(count));
            } else if (SSL_get_error(line_.tls(), count) == SSL_ERROR_ZERO_RETURN) {
                in_.ended = true;
            } else if (!may_go_on(count, wants_in_)) {
                return false;
            }
        }
        while (!in_.empty()) {
            const ssize_t count =
                ::send(plain_, in_.bytes.data() + in_.from, in_.to - in_.from, MSG_NOSIGNAL);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
            if (count <= 0) return false;
            drain(in_, static_cast<std::size_t>(count));
        }
        if (in_.ended && !in_.passed_on) {
            in_.passed_on = true;
            ::shutdown(plain_, SHUT_WR);
        }
        return true;
    }

    void fill(Way& way, std::size_t count) {
        way.from = 0;
        way.to = count;
        moved_ = true;
    }
    void drain(Way& way, std::size_t count) {
        way.from += count;
        moved_ = true;
    }
    bool may_go_on(int result, short& wants) {
        const int why = SSL_get_error(line_.tls(), result);
        wants = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }

    bool wait() {
        short at_plain = 0;
        if (out_.empty() && !out_.ended) at_plain |= POLLIN;
        if (!in_.empty()) at_plain |= POLLOUT;
        short at_line = 0;
        if (!out_.empty()) at_line |= wants_out_;
        if (in_.empty() && !in_.ended) at_line |= wants_in_;
        std::array<pollfd, 3> ends{{{at_plain != 0 ? plain_ : -1, at_plain, 0},
                                    {at_line != 0 ? line_.socket() : -1, at_line, 0},
                                    {line_.stop(), POLLIN, 0}}};
        return ::poll(ends.data(), ends.size(), -1) > 0 && ends[2].revents == 0;
    }

    Line& line_;
    const int plain_;
    Way out_;
    Way in_;
    short wants_out_ = 0;
    short wants_in_ = POLLIN;
    bool moved_ = false;
};

// ---- all of them -------------------------------------------------------------------------------

class Streams final : public HostStreams {
  public:
    Streams(std::function<HostProof()> proof, Take take)
        : proof_(std::move(proof)), take_(std::move(take)) {}
    ~Streams() override {
        const std::uint64_t one = 1;
        (void)!::write(stop_.get(), &one, sizeof one);
        if (listening_.joinable()) listening_.join();
        for (Stream& stream : streams_) stream.thread.join();
    }

    Status listen(const std::string& address) {
        stop_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!stop_) return runtime::system_error(errno, "cannot make a bell");
        listener_ = TRY(listen_on_port(address, 0));
        address_ = address + ":" + std::to_string(bound_port(listener_.get()));
        listening_ = std::thread([this] { accept_all(); });
        return {};
    }

    std::string address() const override { return address_; }

    Result<Fd> open(const std::string& address, const std::string& host,
                    const std::string& subject) override {
        base::check(subject.size() <= subject_size_max, "a subject is short");
        const Endpoint there = TRY(parse_endpoint("https://" + address));
        auto line = std::make_shared<Line>(
            TRY(connect_to_port(there.host, there.port, greeting_time)), stop_.get());
        TRY(line->shake_hands(proof_(), /*as_server=*/false));
        const std::string peer = TRY(line->peer());
        if (peer != host) return stranger("host " + peer + " is where " + host + " should be");
        TRY(line->say(subject));
        const std::string answer = TRY(line->hear(answer_size_max));
        if (!answer.empty()) return Error{Error::Code::conflict, host + " refuses it: " + answer};
        auto plain = TRY(runtime::make_socket_pair(runtime::Blocking::yes));
        const auto carried = std::make_shared<Fd>(std::move(plain.theirs));
        begin([line, carried] { Carrier(*line, *carried).run(); });
        return std::move(plain.ours);
    }

  private:
    static constexpr std::size_t answer_size_max = 2048;
    static constexpr std::size_t streams_max = 256;

    struct Stream {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> over;
    };

    void accept_all() {
        for (;;) {
            std::array<pollfd, 2> ends{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
            ::poll(ends.data(), ends.size(), -1);
            if (ends[1].revents != 0) return;
            Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!socket) continue;
            const auto line = std::make_shared<Line>(std::move(socket), stop_.get());
            begin([this, line] { serve(*line); });
        }
    }

    void serve(Line& line) {
        if (!line.shake_hands(proof_(), /*as_server=*/true).ok()) return;
        const auto from = line.peer();
        if (!from.ok()) return;
        const auto subject = line.hear(subject_size_max);
        if (!subject.ok()) return;
        const auto plain = take_(*from, *subject);
        const std::string answer = plain.ok() ? "" : text(plain.error());
        if (!line.say(answer.substr(0, answer_size_max)).ok() || !plain.ok()) return;
        Carrier(line, *plain).run();
    }

    /// Too many: whoever comes then is not served.
    void begin(std::function<void()> deed) {
        const std::lock_guard lock(mutex_);
        std::erase_if(streams_, [](Stream& stream) {
            const bool over = *stream.over;
            if (over) stream.thread.join();
            return over;
        });
        if (streams_.size() >= streams_max) return;
        const auto over = std::make_shared<std::atomic<bool>>(false);
        streams_.push_back({std::thread([deed = std::move(deed), over]() mutable {
                                deed();
                                deed = nullptr;
                                *over = true;
                            }),
                            over});
    }

    const std::function<HostProof()> proof_;
    const Take take_;
    Fd stop_;
    Fd listener_;
    std::string address_;
    std::thread listening_;
    std::mutex mutex_;
    std::list<Stream> streams_;
};

}  // namespace

Result<std::unique_ptr<HostStreams>> HostStreams::start(const std::string& address,
                                                        std::function<HostProof()> proof,
                                                        Take take) {
    auto streams = std::make_unique<Streams>(std::move(proof), std::move(take));
    TRY(streams->listen(address));
    return std::unique_ptr<HostStreams>(std::move(streams));
}

}  // namespace vdc::wire
