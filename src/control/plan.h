#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "control/guarantee.h"
#include "model/apply.h"

namespace vdc::control {

using base::Duration;
using base::Instant;
using Agenda = std::set<model::Subject>;

/// What to do next: steps to commit together, when to look again at what, and what this plan was
/// too short for (look at it again at once, after the commit).
struct Plan {
    std::vector<model::Step> steps;
    std::vector<std::pair<Instant, model::Subject>> wakes;
    Agenda rest;
};

/// Adds to the agenda what must be looked at when `subject` changes: itself, what depends on it,
/// and where an instance gives room back, those that wait for some.
///
///     Touch touch(snapshot, subject, agenda);
///     model::apply(snapshot, change);
///     touch.changed(snapshot);
///
/// The agenda must outlive it.
class Touch {
  public:
    Touch(const model::Snapshot& before, const model::Subject& subject, Agenda& agenda);

    void changed(const model::Snapshot& after);

  private:
    model::Subject subject_;
    Agenda& agenda_;
    model::Shared<model::Instance> instance_;  ///< as it was, if it is one
};

/// Everything there is.
Agenda everything(const model::Snapshot& datacenter);

/// The paper on which a plan is written: a copy of the datacenter to which each step is applied at
/// once, so that later decisions of the same plan see the earlier ones.
class Draft {
  public:
    static constexpr std::size_t steps_max = 2000;

    /// `guarantee` has seen the datacenter; it sees each step, too.
    Draft(const model::Snapshot& datacenter, Instant now, Agenda agenda, Guarantee& guarantee)
        : datacenter_(datacenter), now_(now), agenda_(std::move(agenda)), guarantee_(guarantee) {}

    const model::Snapshot& datacenter() const { return datacenter_; }
    Instant now() const { return now_; }
    Guarantee& guarantee() { return guarantee_; }

    /// Adds a step, applies it, and puts what it touches on the agenda. An error leaves the draft
    /// as it was: the world's rules (a quota, a name) stand against the step.
    base::Status add(model::Change change, std::string reason);

    /// As add(), for steps that belong together: all of them or, with the error, none.
    base::Status add_all(std::vector<model::Step> steps);

    /// As add(), for steps that no rule can refuse: an error is a mistake of ours.
    void must_add(model::Change change, std::string reason);

    /// Asks to look at `subject` again at `when`.
    void wake(Instant when, const model::Subject& subject) {
        plan_.wakes.emplace_back(when, subject);
    }

    /// The next subject of the agenda, lowest first; false when there is none or the plan is full.
    /// Of the instances that want a host those after all others, that applications may make more of
    /// them before: first whom a lost or drained host left, as the plan of that loss has them, then
    /// the most important.
    bool next(model::Subject& subject);

    /// Where the plan of its host's loss brings an instance that waits since then.
    std::optional<model::HostId> refuge(model::InstanceId instance) const;

    Plan finish() &&;

  private:
    bool wants_host(const model::Subject& subject) const;
    void put_off_placing();
    void begin_placing();
    model::Subject next_to_place();

    model::Snapshot datacenter_;
    Instant now_;
    Agenda agenda_;
    Guarantee& guarantee_;
    /// Taken from the agenda, to be placed: (1000 - priority, instance).
    std::set<std::pair<std::int64_t, model::Subject>> to_place_;
    bool placing_ = false;  ///< begun; what applications say to it comes afterwards
    /// Whom a loss left, and where its plan brings them; those to be placed still, the next one
    /// last.
    std::map<model::InstanceId, model::HostId> refuges_;
    std::vector<model::Subject> refugees_;
    Plan plan_;
};

}  // namespace vdc::control
