#include "wire/http_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "wire/http_connection.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;

static constexpr int accepts_per_turn = 64;

Result<std::unique_ptr<BodySink>> Handler::on_body_begin(const Request&) {
    return nullptr;
}

static std::chrono::milliseconds tick_for(const HttpLimits& limits) {
    const auto least = std::min({limits.head_time, limits.body_time, limits.write_time,
                                 limits.idle_time, std::chrono::milliseconds(4s)});
    return std::max(least / 4, std::chrono::milliseconds(10ms));
}

namespace {

/// The file of a unix socket: removed at the end, if it is still the one that was made.
class SocketFile {
  public:
    explicit SocketFile(std::string path) : path_(std::move(path)) {
        there_ = ::lstat(path_.c_str(), &made_) == 0;
    }
    SocketFile(const SocketFile&) = delete;
    ~SocketFile() {
        struct stat now {};
        if (there_ && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == made_.st_ino &&
            now.st_dev == made_.st_dev)
            ::unlink(path_.c_str());
    }

  private:
    const std::string path_;
    struct stat made_ {};
    bool there_ = false;
};

/// A listening socket on the loop. Connections are accepted here and not by Asio, which leaves
/// their descriptors open for child processes.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
  public:
    Acceptor(std::shared_ptr<ServerShared> shared, std::uint64_t id, Fd socket, std::string tag)
        : shared_(std::move(shared)),
          id_(id),
          port_(bound_port(socket.get())),
          tag_(std::move(tag)),
          socket_(shared_->loop.context()) {
        error_code failure;
        socket_.assign(socket.get(), failure);
        if (!failure) socket.release();
    }

    void use_tls(TlsContext context) { tls_ = std::move(context); }
    void own_file(const std::string& path) { file_.emplace(path); }
    std::uint64_t id() const { return id_; }
    std::uint16_t port() const { return port_; }

    /// Waits for somebody, unless it does so already.
    void resume() {
        if (waiting_ || starved_ || !socket_.is_open() || full()) return;
        waiting_ = true;
        socket_.async_wait(socket_.wait_read,
                           [self = shared_from_this()](const error_code& failure) {
                               self->waiting_ = false;
                               if (!failure) self->accept_all();
                           });
    }

    /// A second look after there was no descriptor for a peer.
    void retry() {
        starved_ = false;
        resume();
    }

    void close() {
        error_code ignored;  // the descriptor is gone in any case
        socket_.close(ignored);
        file_.reset();
    }

  private:
    bool full() const { return shared_->connection_count >= shared_->limits.connections_max; }

    void accept_all() {
        for (int i = 0; i < accepts_per_turn && !full(); ++i) {
            Fd peer(
                ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!peer && errno == ECONNABORTED) continue;
            starved_ = !peer && errno != EAGAIN && errno != EINTR;
            if (starved_) shared_->on_count();  // for a tick
            if (!peer) break;
            take(std::move(peer));
        }
        resume();
    }

    void take(Fd peer) {
        Peer who = peer_of(peer.get(), tls_ != nullptr);
        who.tag = tag_;
        if (who.kind != Peer::Kind::unix_socket) tune(peer.get());
        std::make_shared<HttpConnection>(shared_, std::move(peer), tls_, std::move(who), id_)
            ->open();
    }

    const std::shared_ptr<ServerShared> shared_;
    const std::uint64_t id_;
    const std::uint16_t port_;
    const std::string tag_;
    asio::posix::stream_descriptor socket_;
    TlsContext tls_;
    std::optional<SocketFile> file_;
    bool waiting_ = false;
    bool starved_ = false;
};

class Server final : public HttpServer {
  public:
    Server(Handler& handler, const HttpLimits& limits)
        : shared_(std::make_shared<ServerShared>(handler, limits)),
          timer_(shared_->loop.context()) {
        shared_->on_count = [this] { on_count(); };
    }
    ~Server() override { stop(0ms); }

    Result<Listener> listen_unix(const std::string& path, unsigned mode, std::string tag) override {
        const auto acceptor = make(TRY(listen_on_path(path, mode)), std::move(tag));
        acceptor->own_file(path);
        return begin(acceptor);
    }

    Result<Listener> listen_tcp(const std::string& address, std::uint16_t port,
                                std::string tag) override {
        return begin(make(TRY(listen_on_port(address, port)), std::move(tag)));
    }

    Result<Listener> listen_fd(int socket, std::string tag) override;

    Result<Listener> listen_tls(const std::string& address, std::uint16_t port,
                                const TlsSettings& settings, std::string tag) override {
        TlsContext context = TRY(server_tls(settings));
        const auto acceptor = make(TRY(listen_on_port(address, port)), std::move(tag));
        acceptor->use_tls(std::move(context));
        return begin(acceptor);
    }

    Status change_tls(std::uint64_t listener, const TlsSettings& settings) override {
        TlsContext context = TRY(server_tls(settings));
        on_loop([&] {
            const auto found = acceptors_.find(listener);
            if (found != acceptors_.end()) found->second->use_tls(std::move(context));
        });
        return {};
    }

    void stop_listening(std::uint64_t listener) override {
        on_loop([this, listener] { drop(listener); });
    }

    void stop(std::chrono::milliseconds grace) override;
    std::size_t connections() const override { return shared_->connection_count; }

  private:
    std::shared_ptr<Acceptor> make(Fd socket, std::string tag) {
        return std::make_shared<Acceptor>(shared_, ++last_listener_, std::move(socket),
                                          std::move(tag));
    }

    Result<Listener> begin(const std::shared_ptr<Acceptor>& acceptor);
    void drop(std::uint64_t listener);
    void on_count();
    void tick();

    /// Runs on the loop and waits for it. Nothing happens once the server has stopped.
    void on_loop(const std::function<void()>& call);

    const std::shared_ptr<ServerShared> shared_;
    asio::steady_timer timer_;
    bool ticking_ = false;
    std::map<std::uint64_t, std::shared_ptr<Acceptor>> acceptors_;  ///< the loop's
    std::atomic<std::uint64_t> last_listener_{0};
    std::mutex stopping_;
    bool stopped_ = false;  ///< under stopping_
};

}  // namespace

void Server::on_loop(const std::function<void()>& call) {
    base::check(!shared_->loop.on_thread(), "the server is not driven from its own thread");
    const std::lock_guard lock(stopping_);
    if (stopped_) return;
    std::promise<void> done;
    shared_->loop.post([&] {
        call();
        done.set_value();
    });
    done.get_future().wait();
}

Result<Listener> Server::listen_fd(int socket, std::string tag) {
    Fd owned(socket);
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
        return Error{Error::Code::invalid,
                     "descriptor " + std::to_string(socket) + " is not a listening socket"};
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return runtime::system_error(errno, "cannot use a listening socket");
    return begin(make(std::move(owned), std::move(tag)));
}

Result<Listener> Server::begin(const std::shared_ptr<Acceptor>& acceptor) {
    bool listens = false;
    on_loop([&] {
        acceptors_.emplace(acceptor->id(), acceptor);
        acceptor->resume();
        listens = true;
    });
    if (!listens) return Error{Error::Code::unavailable, "the server has stopped"};
    return Listener{acceptor->id(), acceptor->port()};
}

void Server::drop(std::uint64_t listener) {
    const auto found = acceptors_.find(listener);
    if (found == acceptors_.end()) return;
    found->second->close();
    acceptors_.erase(found);
    const auto connections = shared_->connections;
    for (const auto& [id, connection] : connections)
        if (connection->listener() == listener) connection->retire();
}

/// Ticks come only while there is somebody whose time may run out: an idle server does not wake.
void Server::on_count() {
    if (!std::exchange(ticking_, true)) tick();
    for (const auto& [id, acceptor] : acceptors_) acceptor->resume();
}

void Server::tick() {
    timer_.expires_after(tick_for(shared_->limits));
    timer_.async_wait([this](const error_code& failure) {
        ticking_ = false;
        if (failure) return;
        const auto connections = shared_->connections;
        const auto now = std::chrono::steady_clock::now();
        for (const auto& [id, connection] : connections) connection->on_tick(now);
        for (const auto& [id, acceptor] : acceptors_) acceptor->retry();
        if (shared_->connection_count > 0) on_count();
    });
}

void Server::stop(std::chrono::milliseconds grace) {
    on_loop([&] {
        shared_->stopping = true;
        while (!acceptors_.empty()) drop(acceptors_.begin()->first);
    });
    const std::lock_guard lock(stopping_);
    if (std::exchange(stopped_, true)) return;
    {
        std::unique_lock waiting(shared_->mutex);
        shared_->emptied.wait_for(waiting, grace, [&] { return shared_->connection_count == 0; });
    }
    shared_->loop.finish([this] {
        const auto connections = shared_->connections;
        for (const auto& [id, connection] : connections) connection->close();
        timer_.cancel();
    });
    shared_->uploads.clear();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Handler& handler, HttpLimits limits) try {
    std::unique_ptr<HttpServer> server = std::make_unique<Server>(handler, limits);
    return server;
} catch (const std::exception& failure) {
    return Error{Error::Code::exhausted,
                 std::string("cannot set up an event loop: ") + failure.what()};
}

}  // namespace vdc::wire
