#include "wire/http_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <map>
#include <optional>
#include <thread>
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

/// A listening socket on the loop.
class Acceptor final : public Watcher {
  public:
    Acceptor(std::shared_ptr<ServerShared> shared, std::uint64_t id, Fd socket, std::string tag)
        : shared_(std::move(shared)), id_(id), socket_(std::move(socket)), tag_(std::move(tag)) {}

    void use_tls(TlsContext context) { tls_.emplace(std::move(context)); }
    void own_file(const std::string& path) { file_.emplace(path); }
    int fd() const { return socket_.get(); }

    void on_ready(std::uint32_t) override {
        for (int i = 0; i < accepts_per_turn; ++i) {
            if (shared_->connection_count >= shared_->limits.connections_max) return pause();
            Fd peer(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!peer && errno == ECONNABORTED) continue;
            if (!peer && errno != EAGAIN && errno != EINTR) return pause();  // no descriptors left
            if (!peer) return;
            take(std::move(peer));
        }
    }

    /// A second look after having no descriptors; room for connections comes by resume().
    void on_tick(SteadyTime) override { resume(); }

    void resume() {
        if (std::exchange(paused_, false)) shared_->loop->change(id_, fd(), EPOLLIN);
    }

  private:
    void pause() {
        if (!std::exchange(paused_, true)) shared_->loop->change(id_, fd(), 0);
        shared_->loop->want_ticks(true);
    }

    void take(Fd peer) {
        Peer who = peer_of(peer.get(), tls_.has_value());
        who.tag = tag_;
        if (who.kind != Peer::Kind::unix_socket) tune(peer.get());
        std::unique_ptr<Channel> channel =
            tls_ ? tls_->accept(std::move(peer)) : std::make_unique<Channel>(std::move(peer));
        // When the loop cannot watch it, the connection is closed here: there is nobody to tell.
        (void)std::make_shared<HttpConnection>(shared_, std::move(channel), std::move(who), id_)
            ->open();
        shared_->loop->want_ticks(true);
    }

    /// Answers are small and wanted at once; a peer that vanished is noticed within minutes.
    static void tune(int socket) {
        const int on = 1;
        const int idle_seconds = 60;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
    }

    const std::shared_ptr<ServerShared> shared_;
    const std::uint64_t id_;
    const Fd socket_;
    const std::string tag_;
    std::optional<TlsContext> tls_;
    std::optional<SocketFile> file_;
    bool paused_ = false;
};

class Server final : public HttpServer {
  public:
    Server(Handler& handler, const HttpLimits& limits, const std::shared_ptr<EventLoop>& loop)
        : shared_(std::make_shared<ServerShared>(handler, limits, loop)) {
        shared_->on_room = [this] { on_room(); };
        thread_ = std::thread([loop] { loop->run(); });
    }
    ~Server() override { stop(0ms); }

    Result<Listener> listen_unix(const std::string& path, unsigned mode, std::string tag) override {
        auto acceptor = make(TRY(listen_on_path(path, mode)), std::move(tag));
        acceptor.second->own_file(path);
        return begin(std::move(acceptor));
    }

    Result<Listener> listen_tcp(const std::string& address, std::uint16_t port,
                                std::string tag) override {
        return begin(make(TRY(listen_on_port(address, port)), std::move(tag)));
    }

    Result<Listener> listen_fd(int socket, std::string tag) override;

    Result<Listener> listen_tls(const std::string& address, std::uint16_t port,
                                const Identity& identity, std::string tag) override {
        TlsContext context = TRY(TlsContext::server(identity));
        auto acceptor = make(TRY(listen_on_port(address, port)), std::move(tag));
        acceptor.second->use_tls(std::move(context));
        return begin(std::move(acceptor));
    }

    void stop_listening(std::uint64_t listener) override {
        on_loop([this, listener] { drop(listener); });
    }

    void stop(std::chrono::milliseconds grace) override;
    std::size_t connections() const override { return shared_->connection_count; }

  private:
    using Numbered = std::pair<std::uint64_t, std::shared_ptr<Acceptor>>;

    Numbered make(Fd socket, std::string tag) {
        const std::uint64_t id = ++last_listener_ << 32;  // apart from the loop's other ids
        return {id, std::make_shared<Acceptor>(shared_, id, std::move(socket), std::move(tag))};
    }

    Result<Listener> begin(Numbered acceptor);
    void drop(std::uint64_t listener);
    void on_room();

    /// Runs on the loop and waits for it. Nothing happens once the server has stopped.
    void on_loop(const std::function<void()>& call);

    const std::shared_ptr<ServerShared> shared_;
    std::map<std::uint64_t, std::shared_ptr<Acceptor>> acceptors_;  ///< the loop's
    std::atomic<std::uint64_t> last_listener_{0};
    std::mutex stopping_;
    bool stopped_ = false;  ///< under stopping_
    std::thread thread_;
};

}  // namespace

void Server::on_loop(const std::function<void()>& call) {
    base::check(!shared_->loop->on_thread(), "the server is not driven from its own thread");
    const std::lock_guard lock(stopping_);
    if (stopped_) return;
    std::promise<void> done;
    shared_->loop->post([&] {
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

Result<Listener> Server::begin(Numbered acceptor) {
    const auto [id, made] = std::move(acceptor);
    const Listener listener{id, bound_port(made->fd())};
    Status watched = Error{Error::Code::unavailable, "the server has stopped"};
    on_loop([&, number = id, watcher = made] {
        watched = shared_->loop->watch(number, watcher->fd(), EPOLLIN, watcher);
        if (watched.ok()) acceptors_.emplace(number, watcher);
    });
    if (!watched.ok()) return watched.error();
    return listener;
}

void Server::drop(std::uint64_t listener) {
    const auto found = acceptors_.find(listener);
    if (found == acceptors_.end()) return;
    shared_->loop->forget(listener, found->second->fd());
    acceptors_.erase(found);
    const auto connections = shared_->connections;
    for (const auto& [id, connection] : connections)
        if (connection->listener() == listener) connection->retire();
}

void Server::on_room() {
    if (shared_->connection_count == 0) shared_->loop->want_ticks(false);
    for (const auto& [id, acceptor] : acceptors_) acceptor->resume();
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
    shared_->loop->post([shared = shared_] {
        const auto connections = shared->connections;
        for (const auto& [id, connection] : connections) connection->cut_off();
        shared->loop->end();
    });
    thread_.join();
    shared_->uploads.clear();
}

static std::chrono::milliseconds tick_for(const HttpLimits& limits) {
    const auto least = std::min({limits.head_time, limits.body_time, limits.write_time,
                                 limits.idle_time, std::chrono::milliseconds(4s)});
    return std::max(least / 4, std::chrono::milliseconds(10ms));
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Handler& handler, HttpLimits limits) {
    std::shared_ptr<EventLoop> loop = TRY(EventLoop::make(tick_for(limits)));
    std::unique_ptr<HttpServer> server = std::make_unique<Server>(handler, limits, loop);
    return server;
}

}  // namespace vdc::wire
