#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "runtime/fd.h"
#include "wire/http_client.h"
#include "wire/http_server.h"

/// The bytes of one connection, plain or within TLS 1.3, for server and client. This header shows
/// Boost.Asio: only the files that move bytes include it.
namespace vdc::wire {

namespace asio = boost::asio;
using boost::beast::flat_buffer;
using boost::system::error_code;

/// The peer said that it will send no more, or went away.
bool is_end(const error_code& failure);
/// Why the peer refused our certificate; empty: it did not.
std::string refusal(const error_code& failure);

using TlsContext = std::shared_ptr<asio::ssl::context>;
base::Result<TlsContext> server_tls(const TlsSettings& settings);
/// Trusts what the endpoint says; anybody where that is a fingerprint (see Channel::check_server).
base::Result<TlsContext> client_tls(const Endpoint& endpoint);

/// An AsyncStream of Boost.Beast over a connected socket. The one who begins an operation keeps
/// the channel alive until it has ended.
class Channel {
  public:
    using Socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;
    using executor_type = Socket::executor_type;

    /// Takes the socket over. Without a context the bytes are plain.
    Channel(asio::io_context& loop, runtime::Fd socket, TlsContext context = nullptr);

    executor_type get_executor() { return socket_.get_executor(); }
    int fd() { return socket_.native_handle(); }
    bool is_tls() const { return tls_.has_value(); }

    template <class Handler>
    void async_handshake(asio::ssl::stream_base::handshake_type role, Handler&& handler) {
        tls_->async_handshake(role, std::forward<Handler>(handler));
    }
    /// Reads into the first of the buffers that has room.
    template <class Buffers, class Handler>
    void async_read_some(const Buffers& to, Handler&& handler) {
        asio::mutable_buffer room;
        const auto end = asio::buffer_sequence_end(to);
        for (auto each = asio::buffer_sequence_begin(to); each != end && room.size() == 0; ++each)
            room = *each;
        read_some(room, once(std::forward<Handler>(handler)));
    }
    /// Writes some of the first buffers that hold anything.
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& from, Handler&& handler) {
        Slices slices;
        const auto end = asio::buffer_sequence_end(from);
        for (auto each = asio::buffer_sequence_begin(from); each != end; ++each)
            if (!slices.add(*each)) break;
        write_some(slices, once(std::forward<Handler>(handler)));
    }

    /// Ends when the peer has closed both directions, or reset the connection.
    template <class Handler>
    void async_wait_gone(Handler&& handler) {
        socket_.async_wait(Socket::wait_error, std::forward<Handler>(handler));
    }

    /// For the client before its handshake: says whom it looks for. False when that is no name.
    bool expect_server(const Endpoint& endpoint);
    /// For the client after it: what the handshake itself did not look at.
    base::Status check_server(const Endpoint& endpoint);
    /// What the peer's certificate says, when it showed one.
    std::optional<CertificateFacts> peer_certificate();
    /// What the handshake found wrong with the peer's certificate; empty: nothing.
    std::string distrust();

    /// No more will be written; the peer sees the end after what it has not read yet. Best effort.
    /// `keep` lives until that is done.
    void shut_down_writing(std::shared_ptr<void> keep);
    /// After a handshake that failed: sends no more, and takes what still comes until the peer has
    /// read why, at most `size_max` bytes. Closing with bytes unread would take the reason back.
    void drain(std::size_t size_max, std::function<void()> done);
    /// Everything under way ends with an error.
    void close();

  private:
    using Moved = std::function<void(const error_code&, std::size_t)>;

    /// What one write takes at most, as a sequence of buffers of Asio.
    struct Slices {
        std::array<asio::const_buffer, 8> of;
        std::size_t count = 0;

        bool add(const asio::const_buffer& slice) {
            if (slice.size() > 0) of[count++] = slice;
            return count < of.size();
        }
        const asio::const_buffer* begin() const { return of.data(); }
        const asio::const_buffer* end() const { return of.data() + count; }
    };

    /// A handler of any type as one of a single type, which is called once: what lies below is
    /// compiled once, and not for each operation of Beast.
    template <class Handler>
    static Moved once(Handler&& handler) {
        auto held = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
        return [held = std::move(held)](const error_code& failure, std::size_t size) {
            auto called = std::move(*held);
            called(failure, size);
        };
    }
    void read_some(asio::mutable_buffer to, Moved moved);
    void write_some(const Slices& from, Moved moved);

    Socket socket_;
    TlsContext context_;
    std::optional<asio::ssl::stream<Socket&>> tls_;
};

// What a WebSocket of Boost.Beast asks of its stream when it is over: whoever owns the channel
// lingers and closes.
template <class Handler>
void async_teardown(boost::beast::role_type, Channel& channel, Handler&& handler) {
    asio::post(channel.get_executor(),
               [h = std::forward<Handler>(handler)]() mutable { h(error_code()); });
}
inline void beast_close_socket(Channel& channel) {
    channel.close();
}

}  // namespace vdc::wire
