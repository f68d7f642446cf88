#include <benchmark/benchmark.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "runtime/fd.h"
#include "wire/http_server.h"
#include "wire/sockets.h"

/// What one small GET costs, against the least that any server on this machine could do: an epoll
/// loop that sends back what it reads. Both are driven by the same client thread, over a unix
/// socket, so the ratio of their requests per second is the price of HTTP (goal: at most 2).
namespace vdc::wire {

using base::check;
using runtime::Fd;

static constexpr std::string_view small_get =
    "GET /v1/instances/web-1 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";

// ---- the floor

namespace {

/// A path that no other run uses.
class SocketPath {
  public:
    SocketPath() { check(::mkdtemp(folder_.data()) != nullptr, "a folder for the bench"); }
    SocketPath(const SocketPath&) = delete;
    ~SocketPath() {
        ::unlink(path().c_str());
        ::rmdir(folder_.c_str());
    }
    std::string path() const { return folder_ + "/s"; }

  private:
    std::string folder_ = "/tmp/vdc-bench-XXXXXX";
};

/// epoll_wait, recv, send: nothing else.
class RawEcho {
  public:
    RawEcho() : listener_(listen_on_path(path_.path(), 0600).value()), end_(::eventfd(0, 0)) {
        add(listener_.get());
        add(end_.get());
        thread_ = std::thread([this] { run(); });
    }
    ~RawEcho() {
        const std::uint64_t one = 1;
        check(::write(end_.get(), &one, sizeof one) == sizeof one, "the end is rung");
        thread_.join();
    }
    std::string path() const { return path_.path(); }

  private:
    void add(int fd) {
        epoll_event event{EPOLLIN, {}};
        event.data.fd = fd;
        check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "epoll takes it");
    }

    bool serve(int fd) {
        if (fd == end_.get()) return false;
        if (fd == listener_.get()) {
            peers_.emplace_back(::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK));
            add(peers_.back().get());
            return true;
        }
        std::array<char, 65536> bytes;
        const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (got > 0)
            check(::send(fd, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got,
                  "an echo fits");
        else
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
        return true;
    }

    void run() {
        std::array<epoll_event, 128> events;
        for (bool more = true; more;) {
            const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i)
                more = serve(events[static_cast<std::size_t>(i)].data.fd) && more;
        }
    }

    SocketPath path_;
    Fd listener_;
    Fd end_;
    Fd epoll_{::epoll_create1(0)};
    std::vector<Fd> peers_;
    std::thread thread_;
};

// ---- what is measured

struct Fixed final : Handler {
    explicit Fixed(std::string text) : body(std::move(text)) {}
    void on_request(Request, Responder responder) override {
        responder.send(answer(200, "application/json", body));
    }
    std::string body;
};

class Served {
  public:
    explicit Served(std::string body) : handler_(std::move(body)) {
        check(server_->listen_unix(path_.path()).ok(), "the bench's server listens");
    }
    std::string path() const { return path_.path(); }

  private:
    SocketPath path_;
    Fixed handler_;
    std::unique_ptr<HttpServer> server_ = HttpServer::start(handler_).value();
};

// ---- the client of both

/// Keeps one request under way on each of its connections.
class Load {
  public:
    Load(const std::string& path, std::size_t connections) {
        for (std::size_t i = 0; i < connections; ++i) {
            peers_.push_back({connect_to_path(path, std::chrono::seconds(5)).value(), 0});
            epoll_event event{EPOLLIN, {}};
            event.data.u64 = i;
            check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peers_[i].fd.get(), &event) == 0,
                  "epoll takes it");
        }
        answer_size_ = first_answer(peers_[0].fd.get());
    }

    /// Asks that many times and has all the answers when it returns.
    void ask(std::size_t count) {
        std::size_t asked = std::min(count, peers_.size());
        for (std::size_t i = 0; i < asked; ++i) send(peers_[i]);
        std::array<epoll_event, 128> events;
        for (std::size_t answered = 0; answered < count;) {
            const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), 10'000);
            check(ready > 0, "the bench's server answers");
            for (int i = 0; i < ready; ++i) {
                Peer& peer = peers_[events[static_cast<std::size_t>(i)].data.u64];
                if (!receive(peer)) continue;
                ++answered;
                if (asked == count) continue;
                ++asked;
                send(peer);
            }
        }
    }

  private:
    struct Peer {
        Fd fd;
        std::size_t got = 0;
    };

    static void send(Peer& peer) {
        const ssize_t sent = ::send(peer.fd.get(), small_get.data(), small_get.size(), 0);
        check(sent == static_cast<ssize_t>(small_get.size()), "a request fits");
    }

    /// True when the answer is complete.
    bool receive(Peer& peer) {
        const ssize_t got = ::recv(peer.fd.get(), bytes_.data(), bytes_.size(), 0);
        check(got > 0, "the bench's server stays");
        peer.got += static_cast<std::size_t>(got);
        if (peer.got < answer_size_) return false;
        peer.got = 0;
        return true;
    }

    /// All answers are of one size, which the first one tells.
    std::size_t first_answer(int fd) {
        send(peers_[0]);
        std::string all;
        std::size_t size = small_get.size();
        do {
            pollfd waiting{fd, POLLIN, 0};
            check(::poll(&waiting, 1, 10'000) == 1, "the bench's server answers");
            const ssize_t got = ::recv(fd, bytes_.data(), bytes_.size(), 0);
            check(got > 0, "the bench's server stays");
            all.append(bytes_.data(), static_cast<std::size_t>(got));
            const std::size_t length = all.find("Content-Length: ");
            if (length != std::string::npos)
                size = all.find("\r\n\r\n") + 4 + std::stoul(all.substr(length + 16));
        } while (all.size() < size);
        return all.size();
    }

    Fd epoll_{::epoll_create1(0)};
    std::vector<Peer> peers_;
    std::size_t answer_size_ = 0;
    std::vector<char> bytes_ = std::vector<char>(1 << 20);
};

}  // namespace

static constexpr std::size_t batch = 1000;

static void drive(benchmark::State& state, const std::string& path) {
    Load load(path, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) load.ask(batch);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}

static void raw_echo(benchmark::State& state) {
    const RawEcho echo;
    drive(state, echo.path());
}

static void small_get_over_http(benchmark::State& state) {
    const Served served(R"({"id":"6e8bc430-9c3a-11d9-9669-0800200c9a66","name":"web-1"})");
    drive(state, served.path());
}

static void list_of_1_mb(benchmark::State& state) {
    const Served served(std::string(1'000'000, 'x'));
    drive(state, served.path());
}

BENCHMARK(raw_echo)->Arg(1)->Arg(64)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(small_get_over_http)->Arg(1)->Arg(64)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(list_of_1_mb)->Arg(1)->Arg(16)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace vdc::wire
