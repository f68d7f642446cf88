#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "wire/channel.h"
#include "wire/http_client.h"

namespace vdc::wire {

/// A client's connection with a loop of its own, which runs only while somebody
/// waits, and never longer than it is told.
class ClientLink {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// Connected, and for TLS with the server proven.
    static base::Result<std::unique_ptr<ClientLink>> open(const Endpoint& endpoint,
                                                          std::chrono::milliseconds limit);

    Channel& channel() { return *channel_; }
    const std::string& name() const { return name_; }

    /// Runs what is under way until it is done; `timed_out` at the end.
    base::Status run_until(const std::function<bool()>& done, Time end);

    /// `unavailable`, with the reason.
    base::Error broken(const error_code& why) const;

  private:
    explicit ClientLink(std::string name) : name_(std::move(name)) {}
    base::Status shake_hands(const Endpoint& endpoint, Time end);

    const std::string name_;
    asio::io_context loop_{1};
    std::optional<Channel> channel_;
};

}  // namespace vdc::wire
