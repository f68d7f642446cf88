#include "sim/time_line.h"

#include <algorithm>

namespace vdc::sim {

void TimeLine::post_at(base::Instant when, std::function<void()> task) {
    queue_.emplace(std::pair{std::max(when, now_), sequence_++}, std::move(task));
}

void TimeLine::run_until(base::Instant end, const std::function<bool()>& goes_on) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
        auto taken = queue_.extract(queue_.begin());
        now_ = taken.key().first;
        taken.mapped()();
        ++tasks_run_;
        if (!goes_on()) return;
    }
    now_ = std::max(now_, end);
}

}  // namespace vdc::sim
