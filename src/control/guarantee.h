#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "placement/placement.h"
#include "placement/standing_plans.h"

/// The standing guarantee (docs/guarantee.md): for every host and every failure domain a plan that
/// restarts elsewhere what is protected there, and no accepted change that breaks one.
namespace vdc::control {

/// The loss that an instance is to survive: "host", a label of hosts, or "nothing". What it says
/// itself, or its application, or its project; where nobody says anything, "host" as soon as there
/// are two hosts.
std::string survives(const model::Snapshot& datacenter, const model::Instance& instance);

/// Why the guarantee forbids something, and what to do.
struct Refusal {
    std::string sentence;
    std::string hint;
};

/// The plans of a datacenter, kept fresh: it remembers what it was shown. A memory, not a state:
/// it equals one built anew from the same snapshot, always.
class Guarantee {
  public:
    Guarantee() = default;
    explicit Guarantee(const model::Snapshot& datacenter);

    /// The record changed, came or went. Call it after every change.
    void look(const model::Snapshot& datacenter, const model::Subject& subject);

    /// As of the last look.
    placement::StandingPlans& plans();

    /// Where things fit, whatever becomes of the plans.
    placement::Placer& placer() { return placer_; }

    /// Where those who wait for a host, because theirs was lost or is drained, start: where the
    /// plan of that loss brings them. Who is on such a host still keeps his place in it. In the
    /// order in which they take their places; who does not come from there, or is not protected, is
    /// left out.
    std::vector<placement::Move> refuges(const model::Snapshot& datacenter,
                                         const std::vector<model::InstanceId>& waiting);

    /// Whom the last change leaves without a place, where nobody was before it, and the smallest
    /// change that makes it fit. Nothing: the guarantee holds as far as it did.
    std::optional<Refusal> broken_now(const model::Snapshot& datacenter);

    /// Whom anything since then leaves so: `before` is what there was of plans().gaps().
    std::optional<Refusal> broken_since(const model::Snapshot& datacenter,
                                        const std::set<placement::Gap>& before);

    /// Whom the drain of that host would leave so, once all have left it who can. The host takes
    /// nobody any more. Leaves everything as it was.
    std::optional<Refusal> broken_by_drain(const model::Snapshot& datacenter, model::HostId host);

    /// Whom a claim on that host would leave without a place. `instance`: for whom; nullptr: for a
    /// volume of nobody. Leaves everything as it was.
    std::optional<Refusal> broken_by_claim(const model::Snapshot& datacenter,
                                           const model::Instance* instance,
                                           const model::Resources& needs, model::HostId host);

    /// Takes the instance to that host, as if it were there by now and gone from its own, unless
    /// the host does not hold it or that would leave anybody without a place after some loss, then
    /// or as long as both hosts have room for it; then nothing changes. Until the next look at the
    /// instance and both hosts.
    bool take_move(const model::Snapshot& datacenter, const model::Instance& instance,
                   model::HostId to);

  private:
    struct Lies {
        std::optional<model::HostId> host;
        std::optional<model::HostId> copy;  ///< where it comes to
        std::optional<model::InstanceId> instance;
        friend bool operator==(const Lies&, const Lies&) = default;
    };

    Refusal refusal(const model::Snapshot& datacenter, const std::vector<placement::Gap>& gaps);
    std::string hint(const model::Snapshot& datacenter, const placement::Gap& gap);
    /// Whether nobody is left out when that is lost, if these hosts were as given.
    bool fits_with(const std::vector<std::pair<model::HostId, placement::Shelter>>& hosts,
                   const placement::Loss& loss);
    void bring(const model::Snapshot& datacenter, const placement::Move& move);
    void look_at_everything(const model::Snapshot& datacenter);
    void look_at_host(const model::Snapshot& datacenter, model::HostId id);
    void look_at_instance(const model::Snapshot& datacenter, model::InstanceId id);
    void look_at_guest(const model::Snapshot& datacenter, model::InstanceId id);
    void look_at_arrival(const model::Snapshot& datacenter, model::InstanceId id,
                         const model::Instance* instance);
    std::pair<Lies, Lies> note(model::VolumeId id, const model::Volume* volume);
    void look_at_volume(const model::Snapshot& datacenter, model::VolumeId id);

    placement::StandingPlans plans_;
    placement::Placer placer_;
    std::map<model::InstanceId, model::HostId> claimed_on_;
    std::map<model::InstanceId, model::HostId> arrives_on_;
    std::map<model::VolumeId, Lies> volumes_;
    bool several_hosts_ = false;
};

/// Where this fits for that instance (nullptr: for a volume of nobody) without leaving anybody
/// without a place after some loss. The explanation says whom it would leave so, where only that
/// stood in the way.
placement::Answer place_beside(Guarantee& guarantee, const model::Snapshot& datacenter,
                               placement::Question question, const model::Instance* instance);

/// Whether the guarantee alone kept it from a place.
bool kept_out(const model::Explanation& explanation);

/// "host h3", "rack r1".
std::string text(const model::Snapshot& datacenter, const placement::Loss& loss);

}  // namespace vdc::control
