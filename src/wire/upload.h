#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "wire/http_server.h"

namespace vdc::wire {

/// One large body on its way from the loop to a BodySink on a thread of its own. The queue between
/// them is short: when it is full, the connection is not read from.
class Upload {
  public:
    /// All are called on the upload's thread.
    struct Reports {
        std::function<void()> room;               ///< the queue was full and is not any more
        std::function<void(base::Error)> failed;  ///< the sink refused; no more is taken
        std::function<void()> ended;              ///< the very last call: the thread may be joined
    };
    Upload(std::unique_ptr<BodySink> sink, Reports reports);
    ~Upload();

    // For the loop.
    void push(std::string_view chunk);
    bool full() const;
    /// All of the body was pushed; the sink, or the error it ended with, answers.
    void finish(Responder responder);
    /// The body broke off.
    void abandon();

  private:
    enum class Ending { open, finished, abandoned };
    void run();
    std::optional<std::string> next_chunk();
    void fail(const base::Error& error);

    std::unique_ptr<BodySink> sink_;
    const Reports reports_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> chunks_;
    std::size_t size_ = 0;  ///< of the chunks
    Ending ending_ = Ending::open;
    std::optional<Responder> responder_;
    std::optional<base::Error> error_;
    std::thread thread_;
};

}  // namespace vdc::wire
