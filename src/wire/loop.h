#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace vdc::wire {

/// A thread that runs a loop of Boost.Asio until finish(). Making one throws system_error when
/// there is no descriptor left.
class Loop {
  public:
    Loop() : thread_([this] { context_.run(); }) {}
    Loop(const Loop&) = delete;
    ~Loop() {
        finish([] {});
    }

    boost::asio::io_context& context() { return context_; }
    bool on_thread() { return context_.get_executor().running_in_this_thread(); }

    /// Runs the call on the thread, in order of posting. From any thread; once the loop has
    /// finished the call is dropped, unrun.
    template <class Call>
    void post(Call call) {
        const std::lock_guard lock(mutex_);
        if (!finished_) boost::asio::post(context_, std::move(call));
    }

    /// Runs the last call, which must end all that is under way, and what follows from it. Then
    /// the loop holds nothing any more. Not from the thread itself.
    template <class Call>
    void finish(Call last) {
        if (!thread_.joinable()) return;
        post([this, last = std::move(last)]() mutable {
            last();
            work_.reset();
        });
        thread_.join();
        {
            const std::lock_guard lock(mutex_);
            finished_ = true;
        }
        context_.restart();
        context_.poll();  // what was posted in the last moment
    }

  private:
    boost::asio::io_context context_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
        context_.get_executor()};
    std::mutex mutex_;
    bool finished_ = false;  ///< no call is taken any more
    std::thread thread_;     ///< last: it uses the others
};

}  // namespace vdc::wire
