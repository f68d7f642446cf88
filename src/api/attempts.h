#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace vdc::api {

/// Makes guessing slow: who failed too often within a while has to wait for its end. Remembers a
/// bounded number of addresses, the latest. Any thread.
class Attempts {
  public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr int failures_max = 10;
    static constexpr std::chrono::seconds window{60};  ///< from the first failure on
    static constexpr std::size_t addresses_max = 1000;

    /// `peer` as in wire::Peer::address: its port does not count.
    bool may_try(const std::string& peer, Time now) const;
    void failed(const std::string& peer, Time now);

  private:
    struct Failures {
        Time first;
        int count = 0;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Failures> by_address_;
};

}  // namespace vdc::api
