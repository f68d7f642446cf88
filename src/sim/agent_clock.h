#pragma once

#include "sim/time_line.h"

namespace vdc::sim {

/// The loop of one agent, or of the store: its clock may be off, and it may stall, as a machine
/// does that swaps or whose processor was taken away. Nothing of it runs meanwhile; all of it runs
/// afterwards.
class AgentClock final : public runtime::Executor {
  public:
    explicit AgentClock(TimeLine& time_line) : time_line_(time_line) {}

    base::Instant now() const override { return time_line_.now() + offset; }
    void post(std::function<void()> task) override { post_at(now(), std::move(task)); }
    void post_at(base::Instant when, std::function<void()> task) override {
        time_line_.post_at(when - offset, [this, task = std::move(task)]() mutable {
            if (time_line_.now() >= stalled_until) return task();
            time_line_.post_at(stalled_until, std::move(task));
        });
    }

    base::Duration offset{};
    base::Instant stalled_until;

  private:
    TimeLine& time_line_;
};

}  // namespace vdc::sim
