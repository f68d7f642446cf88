#include "placement/moves.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "placement/near.h"
#include "placement/sizes.h"

namespace vdc::placement {

using base::check;

namespace {

constexpr std::array<Kind, 2> counted_as_spare{Kinds::cpu, Kinds::memory};

bool is_in_use(const Roster& roster, HostSlot slot) {
    return roster.is_open(slot) && roster.host(slot).guests > 0;
}

/// Takes somebody to another host, or back. He keeps his number: the last one that became free is
/// the next one that is given.
void shift(Fleet& fleet, GuestSlot guest, const Request& request, model::HostId to, Seat seat) {
    fleet.take_away(guest);
    const GuestSlot now = fleet.put(to, request, seat);
    check(now == guest, "a guest that moves keeps its number");
}

/// Where it goes; nobody will ask why.
Decision place_for(Fleet& fleet, const Request& request) {
    Inquiry inquiry;
    inquiry.explained = Explained::no;
    return fleet.decide(request, inquiry);
}

bool holds(const Room& room, const HostClass& host_class, const Needs& needs) {
    return obstacle(room, host_class.models, needs) == Want::nothing &&
           !accelerator_seats(room, host_class.models, needs).empty() &&
           !cell_seats(room, needs).empty();
}

}  // namespace

MovePlanner::MovePlanner(Fleet& fleet, MovableOf movable, const MoveLimits& limits, Allows allows)
    : fleet_(fleet),
      movable_(std::move(movable)),
      limits_(limits),
      allows_(std::move(allows)),
      greatest_(greatest_host(fleet.settled())) {
    watch_groups();
}

void MovePlanner::watch_groups() {
    const Roster& roster = fleet_.roster();
    for (const HostSlot host : roster.by_rank())
        for (GuestSlot at = roster.host(host).first; at != Roster::nobody;
             at = roster.guest(at).next) {
            const Movable known = movable_(at);
            if (known.request == nullptr) continue;
            for (const Rule& rule : known.request->rules)
                if (const auto* about = std::get_if<GroupRule>(&rule);
                    about != nullptr && about->strength == Strength::hard)
                    watching_[about->group].push_back(at);
        }
}

/// The largest first, then the lowest number.
std::vector<GuestSlot> MovePlanner::guests_of(HostSlot host) const {
    const Roster& roster = fleet_.roster();
    std::vector<std::pair<std::int64_t, GuestSlot>> sized;
    for (GuestSlot at = roster.host(host).first; at != Roster::nobody; at = roster.guest(at).next)
        sized.emplace_back(-size_of(roster.needs(roster.guest(at)), greatest_), at);
    std::sort(sized.begin(), sized.end());
    std::vector<GuestSlot> guests;
    for (const auto& [size, guest] : sized) guests.push_back(guest);
    return guests;
}

// ---- one move ----------------------------------------------------------------------------------

/// Where he goes: to empty a host, only onto hosts that are in use.
Decision MovePlanner::destination(const Request& request, HostSlot from, Purpose purpose) {
    HostsRule not_there{{fleet_.roster().host(from).id}, false, Strength::hard};
    Decision decision = place_for(fleet_, with_rule(request, not_there));
    if (purpose != Purpose::empty_host || !decision.best) return decision;
    const auto is_unused = [&](model::HostId id) {
        return fleet_.roster().host(*fleet_.roster().find(id)).guests == 0;
    };
    if (!is_unused(decision.best->host)) return decision;
    for (const HostSlot slot : fleet_.roster().by_rank())
        if (slot != from && fleet_.roster().host(slot).guests == 0)
            not_there.hosts.push_back(fleet_.roster().host(slot).id);
    return place_for(fleet_, with_rule(request, std::move(not_there)));
}

/// Others with a hard rule about a group that he is in, in order.
std::vector<GuestSlot> MovePlanner::watchers_of(const Request& request, GuestSlot guest) const {
    std::vector<GuestSlot> watchers;
    for (const Group& group : request.groups)
        if (const auto at = watching_.find(group); at != watching_.end())
            std::copy_if(at->second.begin(), at->second.end(), std::back_inserter(watchers),
                         [&](GuestSlot other) { return other != guest; });
    std::sort(watchers.begin(), watchers.end());
    watchers.erase(std::unique(watchers.begin(), watchers.end()), watchers.end());
    return watchers;
}

/// Whether he would not be placed again where he is, because of a rule about a group.
bool MovePlanner::breaks_a_rule(GuestSlot guest) {
    const Request& request = *movable_(guest).request;
    const Roster& roster = fleet_.roster();
    const HostSlot host = roster.guest(guest).host;
    const Seat seat = roster.guest(guest).seat;
    fleet_.take_away(guest);
    bool broken = false;
    for (std::size_t index = 0; index < request.rules.size(); ++index) {
        const Rule& rule = request.rules[index];
        if (std::holds_alternative<GroupRule>(rule) && strength_of(rule) == Strength::hard)
            broken = broken || Judge(roster, index, rule).broken_on(host) > 0;
    }
    const GuestSlot now = fleet_.put(roster.host(host).id, request, seat);
    check(now == guest, "a guest that is asked keeps its number");
    return broken;
}

/// Of those, the ones that break a rule now.
std::vector<GuestSlot> MovePlanner::breaking(std::vector<GuestSlot> guests) {
    std::erase_if(guests, [&](GuestSlot guest) { return !breaks_a_rule(guest); });
    return guests;
}

bool MovePlanner::try_move(GuestSlot guest, Purpose purpose, model::HostId about) {
    const Movable known = movable_(guest);
    if (known.request == nullptr || known.stays || spent_ + known.cost > limits_.budget ||
        !has_room_for_a_rule(*known.request))
        return false;
    const Request& request = *known.request;
    const Roster::Guest before = fleet_.roster().guest(guest);
    const model::HostId from = fleet_.roster().host(before.host).id;
    const std::vector<GuestSlot> watchers = watchers_of(request, guest);
    const std::vector<GuestSlot> broken = breaking(watchers);
    fleet_.take_away(guest);
    const Decision decision = destination(request, before.host, purpose);
    const bool fits = decision.best.has_value();
    const Migration move{
        guest, from, fits ? decision.best->host : from, decision.seat, purpose, about, known.cost};
    const GuestSlot now = fleet_.put(move.to, request, fits ? decision.seat : before.seat);
    check(now == guest, "a guest that moves keeps its number");
    if (!fits) return false;
    const std::vector<GuestSlot> broken_now = breaking(watchers);
    if (!std::includes(broken.begin(), broken.end(), broken_now.begin(), broken_now.end()) ||
        (allows_ && !allows_(move))) {
        shift(fleet_, guest, request, from, before.seat);
        return false;
    }
    done_.push_back({move, &request, before.seat});
    spent_ += known.cost;
    return true;
}

/// Undoes all but the first `kept`, the last first.
void MovePlanner::take_back(std::size_t kept) {
    for (; done_.size() > kept; done_.pop_back()) {
        const Done& last = done_.back();
        shift(fleet_, last.move.guest, *last.request, last.move.from, last.seat_before);
        spent_ -= last.move.cost;
    }
}

MovePlan MovePlanner::finished() {
    MovePlan plan;
    for (const Done& done : done_) plan.moves.push_back(done.move);
    plan.cost = spent_;
    take_back(0);
    return plan;
}

// ---- emptying hosts ----------------------------------------------------------------------------

/// None: somebody has to stay.
std::optional<std::int64_t> MovePlanner::cost_to_empty(HostSlot host) const {
    const Roster& roster = fleet_.roster();
    std::int64_t cost = 0;
    for (GuestSlot at = roster.host(host).first; at != Roster::nobody; at = roster.guest(at).next) {
        const Movable known = movable_(at);
        if (known.request == nullptr || known.stays) return {};
        cost += known.cost;
    }
    return cost;
}

/// In thousandths of the greatest host.
std::int64_t MovePlanner::claimed_of(HostSlot host) const {
    Needs all;
    all.amounts = fleet_.roster().room(host).claimable;
    all.amounts -= fleet_.roster().room(host).amounts;
    return size_of(all, greatest_);
}

/// Whether the other hosts in use hold the host's guests, all together, and keep what is to be
/// spared.
bool MovePlanner::leaves_spare(HostSlot host) const {
    const Roster& roster = fleet_.roster();
    Amounts left;
    Amounts all;
    for (const HostSlot slot : roster.by_rank()) {
        if (slot == host || !is_in_use(roster, slot)) continue;
        left += roster.room(slot).amounts;
        all += roster.room(slot).claimable;
    }
    Amounts moved = roster.room(host).claimable;
    moved -= roster.room(host).amounts;
    return std::all_of(counted_as_spare.begin(), counted_as_spare.end(), [&](Kind kind) {
        return left[kind] - moved[kind] >= all[kind] / 1000 * limits_.spare;
    });
}

bool MovePlanner::empty_one(HostSlot host) {
    const std::size_t before = done_.size();
    const model::HostId about = fleet_.roster().host(host).id;
    for (const GuestSlot guest : guests_of(host)) {
        if (try_move(guest, Purpose::empty_host, about)) continue;
        take_back(before);
        return false;
    }
    return true;
}

MovePlan MovePlanner::empty_hosts() {
    const Roster& roster = fleet_.settled();
    struct Candidate {
        std::int64_t cost;
        std::int64_t claimed;
        Rank rank;
        HostSlot slot;
        auto operator<=>(const Candidate&) const = default;
    };
    std::vector<Candidate> candidates;
    for (const HostSlot slot : roster.by_rank())
        if (is_in_use(roster, slot))
            if (const auto cost = cost_to_empty(slot); cost && *cost <= limits_.worth)
                candidates.push_back({*cost, claimed_of(slot), roster.host(slot).rank, slot});
    std::sort(candidates.begin(), candidates.end());
    std::vector<model::HostId> emptied;
    std::size_t in_vain = 0;
    for (const auto& [cost, claimed, rank, slot] : candidates) {
        if (spent_ + cost > limits_.budget || in_vain == limits_.tries) break;
        const model::HostId id = roster.host(slot).id;
        const bool took_somebody = std::any_of(
            done_.begin(), done_.end(), [&](const Done& done) { return done.move.to == id; });
        if (took_somebody) continue;
        if (leaves_spare(slot) && empty_one(slot))
            emptied.push_back(id);
        else
            ++in_vain;
    }
    MovePlan plan = finished();
    plan.emptied = std::move(emptied);
    return plan;
}

MovePlan MovePlanner::drain(model::HostId host) {
    const auto slot = fleet_.settled().find(host);
    check(slot.has_value(), "a host that is not there is drained");
    std::vector<GuestSlot> stuck;
    for (const GuestSlot guest : guests_of(*slot))
        if (!try_move(guest, Purpose::drain, host)) stuck.push_back(guest);
    MovePlan plan = finished();
    if (stuck.empty()) plan.emptied.push_back(host);
    plan.stuck = std::move(stuck);
    return plan;
}

// ---- mending -----------------------------------------------------------------------------------

/// Whether he would not be placed again where he is.
bool MovePlanner::is_misplaced(GuestSlot guest) {
    const Movable known = movable_(guest);
    if (known.request == nullptr) return false;
    const Roster::Guest there = fleet_.roster().guest(guest);
    const model::HostId host = fleet_.roster().host(there.host).id;
    fleet_.take_away(guest);
    const bool misplaced = !fleet_.decide_on(host, *known.request).best;
    const GuestSlot now = fleet_.put(host, *known.request, there.seat);
    check(now == guest, "a guest that is asked keeps its number");
    return misplaced;
}

MovePlan MovePlanner::mend() {
    std::vector<GuestSlot> stuck;
    const std::vector<HostSlot> hosts = fleet_.settled().by_rank();
    for (const HostSlot host : hosts) {
        if (!is_in_use(fleet_.roster(), host)) continue;
        const model::HostId about = fleet_.roster().host(host).id;
        for (const GuestSlot guest : guests_of(host))
            if (is_misplaced(guest) && !try_move(guest, Purpose::mend, about))
                stuck.push_back(guest);
    }
    std::erase_if(stuck, [&](GuestSlot guest) { return !is_misplaced(guest); });
    MovePlan plan = finished();
    plan.stuck = std::move(stuck);
    return plan;
}

// ---- making room -------------------------------------------------------------------------------

namespace {

struct Leaver {
    std::int64_t cost = 0;
    std::int64_t size = 0;
    GuestSlot guest = 0;
    Seat seat{};

    friend auto operator<=>(const Leaver&, const Leaver&) = default;
};

/// Who may leave a host, and whether a request fits once some have left.
class Leavers {
  public:
    using Some = std::vector<Leaver>;

    Leavers(const Roster& roster, HostSlot host, const Needs& needs, Some guests)
        : roster_(roster),
          host_class_(roster.shelves().host_class(roster.class_of(host))),
          needs_(needs),
          guests_(std::move(guests)),
          room_(roster.room(host)) {
        std::sort(guests_.begin(), guests_.end());
    }

    /// Every single one that is enough.
    std::vector<Some> single() {
        std::vector<Some> found;
        for (const Leaver& each : guests_) {
            leave(each);
            if (fits()) found.push_back({each});
            stay(each);
        }
        return found;
    }

    /// As few as are enough of those in whose seat `counts` is true: those that cost least, without
    /// those that turn out not to be needed. Empty: all of them are not enough.
    template <class Counts>
    Some several(Counts counts) {
        Some some;
        for (const Leaver& each : guests_) {
            if (fits()) break;
            if (!counts(each.seat)) continue;
            leave(each);
            some.push_back(each);
        }
        const bool enough = fits();
        for (std::size_t at = some.size(); enough && at-- > 0;) {
            stay(some[at]);
            if (fits())
                some.erase(some.begin() + static_cast<std::ptrdiff_t>(at));
            else
                leave(some[at]);
        }
        for (const Leaver& each : some) stay(each);
        return enough ? some : Some{};
    }

  private:
    void leave(const Leaver& who) {
        give_back(room_, roster_.needs(roster_.guest(who.guest)), who.seat);
    }
    void stay(const Leaver& who) { take(room_, roster_.needs(roster_.guest(who.guest)), who.seat); }
    bool fits() const { return holds(room_, host_class_, needs_); }

    const Roster& roster_;
    const HostClass& host_class_;
    const Needs& needs_;
    Some guests_;
    Room room_;
};

}  // namespace

/// Every single guest that is enough. If none is, as few as possible of all, and of those who share
/// an accelerator or a cell.
void MovePlanner::add_ways_to_admit(const Request& request, HostSlot host,
                                    std::vector<Way>& ways) const {
    const Roster& roster = fleet_.roster();
    const HostClass& host_class = roster.shelves().host_class(roster.class_of(host));
    if (!fit_of_class(request, host_class).fits) return;
    Leavers::Some guests;
    for (GuestSlot at = roster.host(host).first; at != Roster::nobody; at = roster.guest(at).next)
        if (const Movable known = movable_(at); known.request != nullptr && !known.stays)
            guests.push_back(
                {known.cost, size_of(known.request->needs, greatest_), at, roster.guest(at).seat});
    Leavers leavers(roster, host, request.needs, std::move(guests));
    std::vector<Leavers::Some> found = leavers.single();
    if (found.empty()) {
        found.push_back(leavers.several([](Seat) { return true; }));
        for (std::size_t at = 0; at < host_class.models.size(); ++at)
            found.push_back(
                leavers.several([at](Seat seat) { return (seat.accelerators >> at & 1) != 0; }));
        for (std::size_t at = 0; at < roster.room(host).cells.size(); ++at)
            found.push_back(
                leavers.several([at](Seat seat) { return (seat.cells >> at & 1) != 0; }));
    }
    for (const Leavers::Some& some : found) {
        if (some.empty()) continue;
        Way way{host, 0, 0, {}};
        for (const Leaver& each : some) {
            way.cost += each.cost;
            way.size += each.size;
            way.leaving.push_back(each.guest);
        }
        ways.push_back(std::move(way));
    }
}

/// Those that cost least first, of these those who leave are smallest, then the lowest name.
std::vector<MovePlanner::Way> MovePlanner::ways_to_admit(const Request& request) const {
    std::vector<Way> ways;
    for (const HostSlot slot : fleet_.roster().by_rank())
        if (is_in_use(fleet_.roster(), slot)) add_ways_to_admit(request, slot, ways);
    const std::int64_t most = std::min(limits_.worth, limits_.budget);
    std::erase_if(ways, [&](const Way& way) { return way.cost > most; });
    std::stable_sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
        return std::pair(a.cost, a.size) < std::pair(b.cost, b.size);
    });
    return ways;
}

/// The fleet is then as the way leaves it; false: as it was.
bool MovePlanner::go(const Way& way, const Request& request) {
    const model::HostId host = fleet_.roster().host(way.host).id;
    std::vector<GuestSlot> leaving = way.leaving;
    std::sort(leaving.begin(), leaving.end(), [&](GuestSlot a, GuestSlot b) {
        const auto size = [&](GuestSlot guest) {
            return size_of(fleet_.roster().needs(fleet_.roster().guest(guest)), greatest_);
        };
        return std::pair(-size(a), a) < std::pair(-size(b), b);
    });
    const bool all = std::all_of(leaving.begin(), leaving.end(), [&](GuestSlot guest) {
        return try_move(guest, Purpose::admit, host);
    });
    if (all && place_for(fleet_, with_rule(request, HostsRule{{host}, true, Strength::hard})).best)
        return true;
    take_back(0);
    return false;
}

/// What the rooms it touches are worth more, with the request in its place. None: it is no way.
std::optional<std::int64_t> MovePlanner::try_way(const Way& way, const Request& request) {
    if (!go(way, request)) return {};
    const Roster& roster = fleet_.roster();
    std::set<HostSlot> touched{way.host};
    for (const Done& done : done_) touched.insert(*roster.find(done.move.to));
    const auto worth = [&] {
        std::int64_t sum = 0;
        for (const HostSlot slot : touched)
            sum += fleet_.appraiser().worth(roster.shelves().host_class(roster.class_of(slot)),
                                            roster.room(slot));
        return sum;
    };
    const model::HostId host = roster.host(way.host).id;
    const Decision decision =
        place_for(fleet_, with_rule(request, HostsRule{{host}, true, Strength::hard}));
    const GuestSlot guest = fleet_.put(host, request, decision.seat);
    const std::int64_t after = worth();
    fleet_.take_away(guest);
    take_back(0);
    return after - worth();
}

MovePlan MovePlanner::admit(const Request& request) {
    if (!has_room_for_a_rule(request) || place_for(fleet_, request).best) return {};
    std::optional<Way> best;
    std::int64_t most = 0;
    std::size_t tried = 0;
    for (const Way& way : ways_to_admit(request)) {
        if ((best && way.cost > best->cost) || tried++ == limits_.tries) break;
        const auto worth = try_way(way, request);
        if (!worth || (best && *worth <= most)) continue;
        best = way;
        most = *worth;
    }
    if (!best || !go(*best, request)) return {};
    MovePlan plan = finished();
    plan.admits = fleet_.roster().host(best->host).id;
    return plan;
}

void make(Fleet& fleet, const Migration& move, const Request& request) {
    shift(fleet, move.guest, request, move.to, move.seat);
}

}  // namespace vdc::placement
