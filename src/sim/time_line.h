#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "runtime/executor.h"

namespace vdc::sim {

/// Virtual time: every loop of the simulated datacenter is this one queue. Tasks run in the order
/// of their time, then of their posting; between two tasks no time passes but what the queue says.
class TimeLine final : public runtime::Executor {
  public:
    explicit TimeLine(base::Instant begin) : now_(begin) {}

    base::Instant now() const override { return now_; }
    void post(std::function<void()> task) override { post_at(now_, std::move(task)); }
    void post_at(base::Instant when, std::function<void()> task) override;

    /// Runs all tasks up to `end` and moves the time there; or ends as soon as `goes_on`, asked
    /// after every task, says no.
    void run_until(base::Instant end, const std::function<bool()>& goes_on);

    std::uint64_t tasks_run() const { return tasks_run_; }

  private:
    base::Instant now_;
    std::uint64_t sequence_ = 0;
    std::uint64_t tasks_run_ = 0;
    std::map<std::pair<base::Instant, std::uint64_t>, std::function<void()>> queue_;
};

}  // namespace vdc::sim
