#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/channel.h"
#include "wire/http1.h"
#include "wire/http_client.h"

namespace vdc::wire {

/// A client's connection: waits, but never longer than it is told.
class ClientLink {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// Connected, and for TLS with the server proven.
    static base::Result<std::unique_ptr<ClientLink>> open(const Endpoint& endpoint,
                                                          std::chrono::milliseconds limit);

    enum class Sent { all, answered };
    enum class OnAnswer { stop, go_on };
    /// Writes all of it; `stall` bounds each wait. Bytes that the server sends in the meantime are
    /// kept for reading, and end the writing if so asked.
    base::Result<Sent> send(std::string_view bytes, std::chrono::milliseconds stall,
                            OnAnswer on_answer = OnAnswer::stop);

    /// Receives more into received(). False when the server will send no more.
    base::Result<bool> receive(Time end);
    /// What came and was not used yet.
    std::string_view received() const { return std::string_view(received_).substr(used_); }
    void use(std::size_t bytes);

    /// Whether something, be it the end, came without being asked for: then a kept connection is
    /// of no more use.
    bool stirs();

    /// The next head of a response, be it 100 Continue.
    base::Result<ResponseHead> receive_any_head(Method asked, Time end);
    /// The next head that is not interim (100 Continue, 103 Early Hints).
    base::Result<ResponseHead> receive_head(Method asked, Time end);

    int fd() const { return channel_->fd(); }
    bool holds_bytes() const { return channel_->holds_bytes(); }
    void shut_down_writing() { channel_->shut_down_writing(); }
    const std::string& name() const { return name_; }

  private:
    ClientLink(std::unique_ptr<Channel> channel, std::string name)
        : channel_(std::move(channel)), name_(std::move(name)) {}

    base::Status shake_hands(Time end);
    enum class Found { nothing, bytes, ended };
    base::Result<Found> look();
    base::Result<Sent> answered_instead();
    base::Status wait(Channel::Outcome reason, Time end);
    base::Result<short> wait_for(short events, Time end);
    base::Error broken() const;

    std::unique_ptr<Channel> channel_;
    std::string name_;
    std::string received_;
    std::size_t used_ = 0;  ///< of received_
};

}  // namespace vdc::wire
