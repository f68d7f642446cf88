#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "wire/http_server.h"
#include "wire/loop.h"
#include "wire/upload.h"

namespace vdc::wire {

class HttpConnection;

/// What the connections of one server have in common. All of the loop's thread unless it says
/// otherwise.
struct ServerShared {
    ServerShared(Handler& for_handler, const HttpLimits& with_limits);

    Handler& handler;
    const HttpLimits limits;
    Loop loop;
    bool stopping = false;
    std::uint64_t last_id = 0;
    std::map<std::uint64_t, std::shared_ptr<HttpConnection>> connections;
    std::map<std::uint64_t, std::unique_ptr<Upload>> uploads;  ///< until their threads are joined
    std::function<void()> on_count;                            ///< a connection came or went

    std::atomic<std::size_t> connection_count{0};  ///< any thread
    std::mutex mutex;
    std::condition_variable emptied;  ///< connection_count became 0

    std::string next_request_id();
    /// For the Date header; renewed each second.
    const std::string& date();

  private:
    std::string id_prefix_;
    std::uint64_t last_request_ = 0;
    std::time_t date_second_ = 0;
    std::string date_;
};

}  // namespace vdc::wire
