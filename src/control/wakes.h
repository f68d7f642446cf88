#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "control/plan.h"

namespace vdc::control {

/// When to look again at what. One moment for each subject: a later look knows better, so its wish
/// replaces the one before, and who is looked at often does not pile up moments.
class Wakes {
  public:
    void ask(Instant when, const model::Subject& subject) {
        const auto [at, fresh] = by_subject_.try_emplace(subject, when);
        if (!fresh) in_order_.erase({std::exchange(at->second, when), subject});
        in_order_.insert({when, subject});
    }

    /// Puts on the agenda, once, what shall be looked at by `now`.
    void take_due(Instant now, Agenda& agenda) {
        while (!in_order_.empty() && in_order_.begin()->first <= now) {
            const auto due = in_order_.extract(in_order_.begin());
            by_subject_.erase(due.value().second);
            agenda.insert(due.value().second);
        }
    }

    std::optional<Instant> next() const {
        if (in_order_.empty()) return {};
        return in_order_.begin()->first;
    }

    std::size_t size() const { return in_order_.size(); }

  private:
    std::map<model::Subject, Instant> by_subject_;
    std::set<std::pair<Instant, model::Subject>> in_order_;
};

}  // namespace vdc::control
