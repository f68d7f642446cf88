#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "placement/passages.h"
#include "placement/ring.h"

/// For every loss the plan that restarts elsewhere what it takes, kept fresh change by change.
/// Plain values in, plans out; what the datacenter's records say of hosts and instances is read in
/// control/guarantee.h.
namespace vdc::placement {

/// What is lost at once: one host, or all hosts of a failure domain ("rack", "r1").
struct Loss {
    std::string label;   ///< of hosts; empty: one host alone
    std::string value;   ///< of that label
    model::HostId host;  ///< the one host

    friend auto operator<=>(const Loss&, const Loss&) = default;
};

/// A host, as those see it who have lost theirs.
struct Shelter {
    model::Resources left;  ///< claimable and not claimed
    bool open = true;       ///< is up and takes new instances
    std::map<std::string, std::string> labels{};
    std::set<std::string> pools{};  ///< of volumes that it reaches beside its own disks

    friend bool operator==(const Shelter&, const Shelter&) = default;
};

/// An instance that must start elsewhere when its host is lost.
struct Guest {
    model::HostId host;
    model::Resources needs;                            ///< of the host it comes to
    std::int64_t importance = 0;                       ///< more is placed, and restarted, earlier
    std::optional<model::ApplicationId> apart_from{};  ///< rather not where its replicas are
    std::string
        label{};  ///< the loss of its host's domain is survived too; empty: of the host alone
    std::set<std::string> pools{};  ///< of its volumes: it starts where they are reached

    friend bool operator==(const Guest&, const Guest&) = default;
};

struct Move {
    model::InstanceId instance;
    std::optional<model::HostId> to;  ///< none: there is no room for it

    friend bool operator==(const Move&, const Move&) = default;
};

/// A loss that leaves an instance without a place.
struct Gap {
    Loss loss;
    model::InstanceId instance;

    friend auto operator<=>(const Gap&, const Gap&) = default;
};

/// What the plans said at one moment: a value that outlives them.
struct Standing {
    struct Plan {
        Loss loss;
        std::vector<Move> moves;  ///< in the order in which they take their places
    };
    struct Spot {
        model::HostId host;
        Shelter shelter;
        model::Resources reserved;
    };
    std::vector<Plan> plans;  ///< in the order of their losses
    std::vector<Spot> hosts;  ///< in id order
};

/// Whether the plan has a place for everyone.
bool covered(const Standing::Plan& plan);

/// The plan of a loss follows from the hosts and guests alone, not from how they came to be: what
/// was kept fresh equals what is built anew. Plans of different losses share the same room, for one
/// loss at a time is survived.
///
/// A plan takes the guests one by one: those that survive the loss of a domain first, then the most
/// important, then the largest. Each walks the ring from a place of its own to the first host that
/// is open, is not lost, reaches its pools, and holds it beside all that runs there and all that
/// the plan brought there before. A replica looks at the first few such hosts and takes the one
/// with the fewest replicas of its application. Where someone finds nothing, the plan is made once
/// more with the tightest host for each; it stands if it leaves fewer without a place. Where some
/// are without one even so and hosts are few, every way is tried to find a place for all.
///
/// Replicas of an application walk from the same place: one that is made anew takes the place that
/// was planned for the lost one, though its id is another. And taken in this order, a plan that was
/// begun and is made again goes on as it would have. So who asks seek() after a loss is told what
/// the plan said before it.
class StandingPlans {
  public:
    StandingPlans() = default;
    StandingPlans(StandingPlans&&) = default;
    StandingPlans& operator=(StandingPlans&&) = default;

    void set_host(model::HostId id, const Shelter& shelter);
    /// As set_host() for each, which is there once. A host that comes costs as much as there are
    /// hosts: many that come at once cost no more than one.
    void set_hosts(const std::vector<std::pair<model::HostId, Shelter>>& hosts);
    /// No guest may be there any more.
    void remove_host(model::HostId id);
    /// Its host must be there.
    void set_guest(model::InstanceId id, const Guest& guest);
    void remove_guest(model::InstanceId id);

    const Shelter* host(model::HostId id) const;
    const Guest* guest(model::InstanceId id) const;

    /// Makes the plans anew that the changes since the last time concern. Everything below is as of
    /// the last refresh.
    void refresh();

    /// Who lost a place by the last refresh: uncovered now, and not before or not there.
    const std::vector<Gap>& fresh_gaps() const { return fresh_gaps_; }

    /// Every gap there is.
    const std::set<Gap>& gaps() const { return gaps_; }

    /// Every host alone, and every domain that someone wants to survive, in order.
    std::vector<Loss> losses() const;

    /// In the order in which they take their places.
    std::vector<Move> plan(const Loss& loss) const;

    /// All of it.
    Standing standing() const;

    /// Where these would start, were they all of a plan: who has no host any more, and who is about
    /// to lose it (`Guest::host` is not asked for). In the order in which they take their places.
    /// As of now: what was set since the last refresh counts.
    using Seeker = std::pair<model::InstanceId, Guest>;
    std::vector<Move> seek(const std::vector<Seeker>& seekers);

    /// The most that one loss brings to this host, by resource: more than is left beyond that can
    /// be taken without a plan's changing.
    model::Resources reserved(model::HostId id) const;

    /// The least to add to one open host so that the plan has room for all; by memory, then
    /// processors, then disk. None: no other host is open, or nobody is left out.
    struct Addition {
        model::HostId host;
        model::Resources more;
    };
    std::optional<Addition> smallest_addition(const Loss& loss) const;

    /// How many plans were made so far: the work done.
    std::uint64_t plans_made() const { return plans_made_; }

    /// Whether both say the same of every loss. As of their last refresh.
    friend bool same_plans(const StandingPlans& a, const StandingPlans& b);

  private:
    using Slot = Ring::Slot;
    using LossSlot = std::size_t;
    static constexpr Slot nowhere = static_cast<Slot>(-1);

    /// A host, and who relies on it.
    struct Spot {
        model::HostId id;
        Shelter shelter;
        Ring::Place place = 0;
        std::set<model::InstanceId> guests;
        std::vector<LossSlot> losses;                 ///< that take it
        std::map<LossSlot, model::Resources> relied;  ///< what each of those would bring
        /// Of `relied`, when somebody asked since it changed.
        mutable std::optional<model::Resources> reserved{};
        model::Resources room() const { return shelter.open ? shelter.left : no_room; }
    };

    /// Where a guest walked: from `start` so far that it met all whom its choice depends on.
    struct Walk {
        model::InstanceId instance;
        const Guest* guest = nullptr;
        Slot to = nowhere;
        Ring::Place start = 0;
        Ring::Place length = 0;
    };

    struct Plan {
        Loss loss;
        std::set<Slot> hosts;
        std::vector<Walk> walks;
        bool wide = false;  ///< every host matters to it
        bool stale = false;
    };

    /// One plan in the making.
    struct Making {
        std::map<std::pair<model::ApplicationId, Slot>, std::int64_t> brought_replicas;
        std::vector<Slot> brought_to;
    };

    Slot add_host(model::HostId id, const Shelter& shelter);
    LossSlot loss_slot(const Loss& loss);
    void enter(Slot slot);
    void leave(Slot slot);
    void make_stale(LossSlot slot);
    void make_stale_of(const Guest& guest);
    void count_replica(const Guest& guest, int by);
    void make_stale_of_recounted();
    void room_changed(Slot slot, const model::Resources& before, const model::Resources& after);
    static bool concerned(const Plan& plan, const Spot& spot, bool relied,
                          const model::Resources& before, const model::Resources& after);

    static Walk walk_of(model::InstanceId id, const Guest& guest);
    static void put_in_order(std::vector<Walk>& walks);
    std::vector<Walk> members(const Plan& plan) const;
    struct Taken {
        std::vector<Walk> walks;
        bool wide = false;  ///< every host matters to them
    };
    Taken take_places(const Plan& plan, std::vector<Walk> walks);
    std::vector<Move> moves_of(const std::vector<Walk>& walks) const;
    template <class Choose>
    std::size_t take_all(std::vector<Walk>& walks, Choose choose);
    bool take_any_way(const Plan& plan, std::vector<Walk>& walks) const;
    void choose_near(const Plan& plan, Making& making, Walk& walk) const;
    void choose_tight(const Plan& plan, Making& making, Walk& walk) const;
    void bring(Making& making, const Walk& walk);
    std::int64_t replicas(const Making& making, model::ApplicationId application, Slot slot) const;
    bool takes(const Plan& plan, Slot slot, const Guest& guest) const;
    void make(LossSlot slot);
    void stand(LossSlot slot, Taken taken);

    std::map<model::HostId, Slot> slots_;
    std::vector<Spot> spots_;
    std::vector<Slot> free_slots_;
    Ring ring_;
    std::map<model::InstanceId, Guest> guests_;
    std::map<std::pair<model::ApplicationId, Slot>, std::int64_t> replicas_;
    std::map<model::ApplicationId, std::set<Ring::Place>> recounted_;  ///< since the last refresh
    std::map<Loss, LossSlot> loss_slots_;
    std::vector<Plan> plans_;
    std::vector<LossSlot> unused_plans_;  ///< of losses that are no more
    Passages passages_;                   ///< of all plans' walks
    std::vector<LossSlot> stale_;
    std::vector<model::Resources> brought_;  ///< by the plan in the making, for each host
    std::set<Gap> gaps_;
    std::vector<Gap> fresh_gaps_;
    std::uint64_t plans_made_ = 0;
};

bool same_plans(const StandingPlans& a, const StandingPlans& b);

}  // namespace vdc::placement
