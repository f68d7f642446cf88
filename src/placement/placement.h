#pragma once

#include <optional>
#include <vector>

#include "model/snapshot.h"
#include "placement/fleet.h"
#include "placement/standing_plans.h"

/// Where things fit in a datacenter, as its records say. Pure: values in, a decision with its
/// explanation out. Whole numbers only; ties go to the lowest name, then the lowest id.
namespace vdc::placement {

/// What looks for a place.
struct Question {
    model::Resources needs;                          ///< of the host it comes to
    std::optional<model::HostId> only;               ///< data locality: its disks lie there
    std::optional<model::ApplicationId> apart_from;  ///< replicas of it are rather spread (soft)
    std::vector<std::string> pools = {};             ///< of its volumes, which the host must reach

    /// Who may not come everywhere: hosts where it fits beside what these plans reserve are taken
    /// before others.
    const StandingPlans* plans = nullptr;
    /// Asked of hosts that fit, the best first: see Inquiry. Empty: all may.
    std::function<bool(model::HostId)> allowed = {};
};

/// What hosts are removed by that `allowed` refuses; in explanations.
inline constexpr const char* allowed_rule = "leaves room for every loss";

struct Answer {
    std::optional<model::HostId> host;  ///< none: it fits nowhere now
    model::Explanation explanation;     ///< what was looked at, what each rule removed, the scores
};

/// The fleet of a datacenter, kept fresh: it remembers what it was shown of hosts, instances and
/// volumes. A memory, not a state: it answers as one made anew from the same snapshot, always.
class Placer {
  public:
    Placer();
    explicit Placer(const model::Snapshot& datacenter);

    /// The record changed, came or went. Call it after every change, in their order: a host that is
    /// forgotten has lost all that was on it before.
    void look(const model::Snapshot& datacenter, const model::Subject& subject);
    void look_at_everything(const model::Snapshot& datacenter);

    /// The best host for the question. A host is feasible when it is up, takes new instances, holds
    /// the data, reaches the pools, and has enough memory, processors and disk unclaimed (what is
    /// claimable times overcommit, see model::claimable). Among the feasible ones those come first
    /// that have the fewest replicas of `apart_from` (fifteen count as more do), then those with
    /// the most room: the unclaimed share of memory and processors afterwards, 0 to 2000 (worst
    /// fit, spreads load). Where plans are given, hosts that hold it beside what is reserved come
    /// before all others.
    Answer place(const Question& question);

  private:
    void look_at_host(const model::Snapshot& datacenter, model::HostId id);
    void look_at_instance(const model::Snapshot& datacenter, model::InstanceId id);
    void look_at_volume(const model::Snapshot& datacenter, model::VolumeId id);
    void settle_guest(const model::Snapshot& datacenter, const model::Subject& subject,
                      std::optional<model::HostId> host, const Request& request);
    GuestSlot guest_of(const model::Subject& subject) const;
    bool is_there(GuestSlot guest, model::HostId host, const Request& request) const;

    Request request_of(const Question& question) const;
    Inquiry inquiry_of(const Question& question) const;
    model::Resources left_on(model::HostId host) const;
    Answer answer_of(const Question& question, const Decision& decision) const;

    Fleet fleet_;
    Kind disk_;
    HashIndex guests_;                      ///< by subject
    std::vector<model::Subject> subjects_;  ///< by guest
};

}  // namespace vdc::placement
