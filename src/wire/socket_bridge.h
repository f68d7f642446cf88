#pragma once

#include <memory>
#include <mutex>

#include "runtime/fd.h"
#include "wire/responder.h"

namespace vdc::wire {

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

  private:
    struct Shared;
    base::Result<std::shared_ptr<Shared>> shared();

    std::mutex mutex_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace vdc::wire
