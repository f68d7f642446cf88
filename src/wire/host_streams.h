#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/fd.h"
#include "wire/tls.h"

/// Streams of bytes from host to host: what one hands to another while it moves a guest
/// (docs/migration.md).
namespace vdc::wire {

/// How a host proves who it is, and by whose word it believes others. PEM.
struct HostProof {
    Identity identity;      ///< its certificate as a host of the datacenter
    std::string authority;  ///< of the datacenter
};

/// Both ends of such streams, for one host. Each end of a stream shows its certificate (TLS 1.3)
/// and believes only a host of the same authority; whoever opens a stream says to which host it
/// goes and whereto there, and is answered before its first byte. The bytes are plain on stream
/// sockets of this machine, so that whoever reads them has no key. Each stream has a thread.
class HostStreams {
  public:
    /// The socket to which the bytes of a stream go, that the host `from` opened to `subject`; or
    /// why not, which is what that host is told. On the stream's thread; may block.
    using Take = std::function<base::Result<runtime::Fd>(const std::string& from,
                                                         const std::string& subject)>;

    /// Listens on a free port of that numeric address. `proof` is asked for each stream: a
    /// certificate may have been renewed.
    static base::Result<std::unique_ptr<HostStreams>> start(const std::string& address,
                                                            std::function<HostProof()> proof,
                                                            Take take);
    /// All streams break off.
    virtual ~HostStreams() = default;

    /// Where it listens: "ADDRESS:PORT".
    virtual std::string address() const = 0;

    /// Opens a stream and returns this end of it. Errors: unavailable and timed_out (nobody there),
    /// forbidden (another host is there than the one that is named, or one of another datacenter),
    /// and what the other host answered.
    virtual base::Result<runtime::Fd> open(const std::string& address, const std::string& host,
                                           const std::string& subject) = 0;

    static constexpr std::size_t subject_size_max = 512;
};

}  // namespace vdc::wire
