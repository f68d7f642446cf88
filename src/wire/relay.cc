#include "wire/relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <set>

#include "runtime/log.h"
#include "wire/channel.h"
#include "wire/loop.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;

namespace {

class Passage;
using Passages = std::set<std::shared_ptr<Passage>>;

/// One connection and its continuation. All on the loop's thread.
class Passage final : public std::enable_shared_from_this<Passage> {
  public:
    Passage(asio::io_context& loop, Passages& all, Fd near)
        : loop_(loop), all_(all), near_(loop, std::move(near)), connecting_(loop) {}

    void open(const Endpoint& target) {
        all_.insert(shared_from_this());
        target_ = target;
        Result<Fd> far = begin_to_connect(target);
        if (!far.ok()) return close();
        connecting_.assign(far->release());
        connecting_.async_wait(connecting_.wait_write,
                               [self = shared_from_this()](const error_code& failure) {
                                   if (failure) return self->close();
                                   self->connected();
                               });
    }

    void close() {
        if (std::exchange(closed_, true)) return;
        error_code ignored;  // the descriptor is gone in any case
        connecting_.close(ignored);
        near_.close();
        if (far_) far_->close();
        const auto keep = shared_from_this();
        all_.erase(keep);
    }

  private:
    struct Way {
        Channel* from = nullptr;
        Channel* to = nullptr;
        std::array<char, 16 << 10> bytes{};
    };

    void connected() {
        Fd far(connecting_.release());
        int failure = 0;
        socklen_t size = sizeof failure;
        ::getsockopt(far.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
        if (failure != 0) return close();
        TlsContext tls;
        if (target_.kind == Endpoint::Kind::tls) {
            auto made = client_tls(target_);
            if (!made.ok()) return close();
            tls = std::move(*made);
        }
        if (target_.kind != Endpoint::Kind::unix_socket) tune(far.get());
        far_.emplace(loop_, std::move(far), tls);
        if (tls == nullptr) return carry();
        if (!far_->expect_server(target_)) return close();
        far_->async_handshake(
            asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& refused) {
                const bool known = !refused && self->far_->check_server(self->target_).ok();
                if (!known) return self->close();
                self->carry();
            });
    }

    void carry() {
        if (closed_) return;
        there_.from = back_.to = &near_;
        there_.to = back_.from = &*far_;
        read(there_);
        read(back_);
    }

    void read(Way& way) {
        way.from->async_read_some(
            asio::buffer(way.bytes),
            [self = shared_from_this(), &way](const error_code& failure, std::size_t size) {
                if (self->closed_) return;
                if (failure) return self->end(way, failure);
                self->write(way, 0, size);
            });
    }

    void write(Way& way, std::size_t sent, std::size_t size) {
        way.to->async_write_some(asio::buffer(way.bytes.data() + sent, size - sent),
                                 [self = shared_from_this(), &way, sent, size](
                                     const error_code& failure, std::size_t more) {
                                     if (self->closed_) return;
                                     if (failure) return self->close();
                                     if (sent + more < size)
                                         return self->write(way, sent + more, size);
                                     self->read(way);
                                 });
    }

    /// One side has said all that it will; the other one may go on.
    void end(Way& way, const error_code& failure) {
        if (!is_end(failure) || ++ended_ == 2) return close();
        way.to->shut_down_writing(shared_from_this());
    }

    asio::io_context& loop_;
    Passages& all_;
    Endpoint target_;
    Channel near_;
    asio::posix::stream_descriptor connecting_;
    std::optional<Channel> far_;
    Way there_;
    Way back_;
    int ended_ = 0;  ///< ways
    bool closed_ = false;
};

/// A place where connections come.
class Door final : public std::enable_shared_from_this<Door> {
  public:
    Door(asio::io_context& loop, Passages& all, Fd socket, Relay::Target target)
        : loop_(loop), all_(all), socket_(loop, socket.release()), target_(std::move(target)) {}

    void wait() {
        socket_.async_wait(socket_.wait_read,
                           [self = shared_from_this()](const error_code& failure) {
                               if (!failure) self->accept();
                           });
    }
    void close() {
        error_code ignored;  // the descriptor is gone in any case
        socket_.close(ignored);
    }

  private:
    void accept() {
        Fd near(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (near && all_.size() < Relay::connections_max) {
            tune(near.get());
            std::make_shared<Passage>(loop_, all_, std::move(near))->open(target_());
        }
        wait();
    }

    asio::io_context& loop_;
    Passages& all_;
    asio::posix::stream_descriptor socket_;
    const Relay::Target target_;
};

class RelayOfThread final : public Relay {
  public:
    ~RelayOfThread() override {
        loop_.finish([this] {
            for (const auto& door : doors_) door->close();
            for (const auto& each : Passages(passages_)) each->close();
        });
        for (const std::string& path : files_) ::unlink(path.c_str());
    }

    Status listen_unix(const std::string& path, unsigned mode, Target target) override {
        Fd socket = TRY(listen_on_path(path, mode));
        files_.push_back(path);
        return begin(std::move(socket), std::move(target));
    }

    Result<std::uint16_t> listen_port(const std::string& address, std::uint16_t port,
                                      Target target) override {
        Fd socket = TRY(listen_on_port(address, port));
        const std::uint16_t bound = bound_port(socket.get());
        TRY(begin(std::move(socket), std::move(target)));
        return bound;
    }

  private:
    Status begin(Fd socket, Target target) try {
        const auto door = std::make_shared<Door>(loop_.context(), passages_, std::move(socket),
                                                 std::move(target));
        loop_.post([this, door] {
            doors_.push_back(door);
            door->wait();
        });
        return {};
    } catch (const std::exception& failure) {
        return Error{Error::Code::exhausted,
                     std::string("cannot watch a socket: ") + failure.what()};
    }

    std::vector<std::string> files_;
    Passages passages_;                         ///< the loop's
    std::vector<std::shared_ptr<Door>> doors_;  ///< the loop's
    Loop loop_;
};

}  // namespace

Result<std::unique_ptr<Relay>> Relay::start() try {
    return std::unique_ptr<Relay>(std::make_unique<RelayOfThread>());
} catch (const std::exception& failure) {
    return Error{Error::Code::exhausted,
                 std::string("cannot set up an event loop: ") + failure.what()};
}

}  // namespace vdc::wire
