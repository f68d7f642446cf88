#pragma once

#include <algorithm>
#include <functional>
#include <map>

#include "runtime/executor.h"

namespace vdc::runtime::testing {

/// A loop that runs when the test says so, in a time that the test moves.
class HandLoop final : public Executor {
  public:
    base::Instant now() const override { return now_; }
    void post(std::function<void()> task) override { post_at(now_, std::move(task)); }
    void post_at(base::Instant when, std::function<void()> task) override {
        tasks_.emplace(std::max(when, now_), std::move(task));
    }

    /// Everything that is due; returns how many tasks.
    int run() {
        int count = 0;
        while (!tasks_.empty() && tasks_.begin()->first <= now_) {
            const auto task = tasks_.extract(tasks_.begin());
            task.mapped()();
            ++count;
        }
        return count;
    }
    void run_for(base::Duration duration) {
        const base::Instant end = now_ + duration;
        while (!tasks_.empty() && tasks_.begin()->first <= end) {
            now_ = std::max(now_, tasks_.begin()->first);
            run();
        }
        now_ = end;
    }

  private:
    base::Instant now_{std::chrono::hours(1)};
    std::multimap<base::Instant, std::function<void()>> tasks_;
};

}  // namespace vdc::runtime::testing
