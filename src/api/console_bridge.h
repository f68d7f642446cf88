#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "runtime/fd.h"
#include "wire/responder.h"

namespace vdc::wire {
class EventLoop;
}

namespace vdc::api {

/// Carries bytes between WebSockets and stream sockets: people and serial consoles. One thread for
/// all of them, begun with the first one. Who reads slowly slows the console down, who writes more
/// than it takes is cut off.
class ConsoleBridge {
  public:
    ConsoleBridge() = default;
    ~ConsoleBridge();
    ConsoleBridge(const ConsoleBridge&) = delete;
    ConsoleBridge& operator=(const ConsoleBridge&) = delete;

    /// What to give to Responder::upgrade_websocket. The bridge lasts until either side ends.
    base::Result<wire::WebSocketEvents> events(runtime::Fd console);

  private:
    base::Result<std::shared_ptr<wire::EventLoop>> loop();

    std::mutex mutex_;
    std::shared_ptr<wire::EventLoop> loop_;
    std::thread thread_;
};

}  // namespace vdc::api
