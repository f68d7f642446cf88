#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include "runtime/fd.h"
#include "wire/responder.h"

namespace vdc::wire {

/// How far a program at a WebSocket may be ahead of what was taken; see SocketBridge::far_end().
inline constexpr std::size_t bridge_ahead_max = 128 << 10;

/// Carries bytes between WebSockets and stream sockets: people and serial consoles. One thread for
/// all of them, begun with the first one. Who reads slowly slows the socket down, who writes more
/// than it takes is cut off.
class SocketBridge {
  public:
    SocketBridge();
    ~SocketBridge();
    SocketBridge(const SocketBridge&) = delete;
    SocketBridge& operator=(const SocketBridge&) = delete;

    /// What to give to Responder::upgrade_websocket. The bridge lasts until either side ends.
    base::Result<WebSocketEvents> events(runtime::Fd socket);

    /// A WebSocket at which a program is, with a console of its own machine, and the socket that is
    /// this console here. The program hears in text messages how many bytes were taken in all, and
    /// is not to be more than `bridge_ahead_max` ahead: so it waits for who reads slowly, and
    /// nothing is cut off.
    struct FarEnd {
        WebSocketEvents events;
        runtime::Fd socket;
    };
    base::Result<FarEnd> far_end();

    /// To be called with a stream: all that comes from the socket goes into it, until either ends.
    base::Result<std::function<void(const Stream&)>> pouring(runtime::Fd socket);

  private:
    struct Shared;
    class Span;
    base::Result<std::shared_ptr<Span>> span(runtime::Fd socket);
    base::Result<std::shared_ptr<Shared>> shared();

    std::mutex mutex_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace vdc::wire
