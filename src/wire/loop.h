#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/executor.h"

namespace vdc::wire {

/// A thread that runs a loop of Boost.Asio until finish(). Making one throws system_error when
/// there is no descriptor left.
class Loop final : public runtime::Mailbox {
  public:
    Loop() : thread_([this] { context_.run(); }) {}
    Loop(const Loop&) = delete;
    ~Loop() override {
        finish([] {});
    }

    boost::asio::io_context& context() { return context_; }
    bool on_thread() { return context_.get_executor().running_in_this_thread(); }

    /// Runs the call on the thread, in order of posting. From any thread; once the loop has
    /// finished the call is dropped, unrun. Only the first of those that wait wakes the thread.
    template <class Call>
    void post(Call call) {
        auto letter = std::make_unique<LetterOf<Call>>(std::move(call));
        const std::lock_guard lock(mutex_);
        if (finished_) return;
        letters_.push_back(std::move(letter));
        if (letters_.size() == 1) boost::asio::post(context_, [this] { run_letters(); });
    }

    void post(std::function<void()> task) override { post<std::function<void()>>(std::move(task)); }

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
    struct Letter {
        virtual ~Letter() = default;
        virtual void run() = 0;
    };
    template <class Call>
    struct LetterOf final : Letter {
        explicit LetterOf(Call of) : call(std::move(of)) {}
        void run() override { call(); }
        Call call;
    };

    void run_letters() {
        std::vector<std::unique_ptr<Letter>> letters;
        {
            const std::lock_guard lock(mutex_);
            letters.swap(letters_);
        }
        for (std::unique_ptr<Letter>& letter : letters) {
            letter->run();
            letter = nullptr;  // what it held goes before the next one runs
        }
    }

    boost::asio::io_context context_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
        context_.get_executor()};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Letter>> letters_;  ///< posted, not yet begun
    bool finished_ = false;                         ///< no call is taken any more
    std::thread thread_;                            ///< last: it uses the others
};

}  // namespace vdc::wire
