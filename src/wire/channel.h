#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/fd.h"
#include "wire/tls.h"

struct ssl_ctx_st;

/// The bytes of one connection, plain or within TLS, without waiting. For server and client.
namespace vdc::wire {

/// A connected stream socket that does not block.
class Channel {
  public:
    enum class Outcome {
        moved,
        wait_readable,  ///< nothing moved: try again when the socket can be read
        wait_writable,  ///< nothing moved: try again when it can be written
        ended,          ///< reading only: the peer will send no more
        broken          ///< reset, a TLS alert, bad records: trouble() says which
    };
    struct Moved {
        Outcome outcome = Outcome::moved;
        std::size_t bytes = 0;
    };

    explicit Channel(runtime::Fd socket) : socket_(std::move(socket)) {}
    virtual ~Channel() = default;

    virtual Moved read(char* to, std::size_t size);
    virtual Moved write(const iovec* from, int count);
    /// Bytes that were received and wait above the kernel, so that poll() does not see them.
    virtual bool holds_bytes() const { return false; }
    /// No more will be written; the peer sees the end after what it has not read yet.
    virtual void shut_down_writing();
    /// Drives a TLS handshake on; moved when there is nothing (more) to do.
    virtual Moved shake_hands() { return {}; }

    int fd() const { return socket_.get(); }
    const std::string& trouble() const { return trouble_; }

  protected:
    Moved broken(std::string why) {
        trouble_ = std::move(why);
        return {Outcome::broken, 0};
    }

  private:
    runtime::Fd socket_;
    std::string trouble_;
};

/// One side's TLS settings: TLS 1.3 only.
class TlsContext {
  public:
    static base::Result<TlsContext> server(const Identity& identity);

    /// What a client trusts: a pinned fingerprint, else a file of certificates, else the system's.
    static base::Result<TlsContext> client(const std::string& fingerprint,
                                           const std::string& ca_file);

    std::unique_ptr<Channel> accept(runtime::Fd socket) const;
    /// `host` is the name or address that the server's certificate must be for, unless pinned.
    base::Result<std::unique_ptr<Channel>> connect(runtime::Fd socket,
                                                   const std::string& host) const;

  private:
    explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}

    std::shared_ptr<ssl_ctx_st> context_;
    std::string fingerprint_;
};

}  // namespace vdc::wire
