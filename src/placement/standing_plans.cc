#include "placement/standing_plans.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "placement/pack.h"

namespace vdc::placement {

using model::ApplicationId;
using model::HostId;
using model::InstanceId;
using model::Resources;

static constexpr Ring::Place whole_ring = std::numeric_limits<Ring::Place>::max();

/// Of hosts that hold it, how many a replica compares.
static constexpr int looked_at_max = 8;

/// Of so few hosts, all ways to bring everyone somewhere are tried, within so many looks at a host.
static constexpr std::size_t packed_hosts_max = 16;
static constexpr int looks_max = 20'000;

static Resources less(Resources left, const Resources& taken) {
    left -= taken;
    return left;
}

// ---- hosts -------------------------------------------------------------------------------------

void StandingPlans::set_host(HostId id, const Shelter& shelter) {
    const auto known = slots_.find(id);
    if (known != slots_.end()) {
        Spot& spot = spots_[known->second];
        if (spot.shelter == shelter) return;
        const Resources before = spot.room();
        const bool moves = spot.shelter.labels != shelter.labels;
        const bool other_pools = spot.shelter.pools != shelter.pools;
        if (moves) leave(known->second);
        spot.shelter = shelter;
        if (moves) enter(known->second);
        // To reach other pools is to be another host: as if it went and came.
        if (other_pools) room_changed(known->second, before, no_room);
        return room_changed(known->second, other_pools ? no_room : before, spot.room());
    }
    const Slot slot = add_host(id, shelter);
    ring_.insert({{id, slot, no_room}});
    room_changed(slot, no_room, spots_[slot].room());
}

void StandingPlans::set_hosts(const std::vector<std::pair<HostId, Shelter>>& hosts) {
    std::vector<Ring::Member> fresh;
    for (const auto& [id, shelter] : hosts) {
        if (slots_.contains(id)) {
            set_host(id, shelter);
            continue;
        }
        const Slot slot = add_host(id, shelter);
        fresh.push_back({id, slot, spots_[slot].room()});
    }
    if (fresh.empty()) return;
    ring_.insert(fresh);
    for (LossSlot at = 0; at < plans_.size(); ++at)
        if (!plans_[at].walks.empty()) make_stale(at);
}

/// On no ring yet.
StandingPlans::Slot StandingPlans::add_host(HostId id, const Shelter& shelter) {
    Slot slot = spots_.size();
    if (free_slots_.empty()) {
        spots_.emplace_back();
        brought_.emplace_back();
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    slots_[id] = slot;
    Spot& spot = spots_[slot] = {};
    spot.id = id;
    spot.shelter = shelter;
    spot.place = Ring::place_of(id.value);
    enter(slot);
    return slot;
}

void StandingPlans::remove_host(HostId id) {
    const auto known = slots_.find(id);
    if (known == slots_.end()) return;
    const Slot slot = known->second;
    base::check(spots_[slot].guests.empty(), "a host goes when nobody is there");
    room_changed(slot, spots_[slot].room(), no_room);
    leave(slot);
    ring_.erase(id);
    spots_[slot] = {};
    free_slots_.push_back(slot);
    slots_.erase(known);
}

const Shelter* StandingPlans::host(HostId id) const {
    const auto known = slots_.find(id);
    return known == slots_.end() ? nullptr : &spots_[known->second].shelter;
}

static std::vector<Loss> losses_of(HostId id, const Shelter& shelter) {
    std::vector<Loss> losses{{{}, {}, id}};
    for (const auto& [label, value] : shelter.labels) losses.push_back({label, value, {}});
    return losses;
}

StandingPlans::LossSlot StandingPlans::loss_slot(const Loss& loss) {
    const auto [known, fresh] = loss_slots_.try_emplace(loss, plans_.size());
    if (!fresh) return known->second;
    if (unused_plans_.empty()) {
        plans_.emplace_back();
    } else {
        known->second = unused_plans_.back();
        unused_plans_.pop_back();
    }
    plans_[known->second].loss = loss;
    return known->second;
}

void StandingPlans::enter(Slot slot) {
    for (const Loss& loss : losses_of(spots_[slot].id, spots_[slot].shelter)) {
        const LossSlot at = loss_slot(loss);
        plans_[at].hosts.insert(slot);
        spots_[slot].losses.push_back(at);
        make_stale(at);
    }
}

void StandingPlans::leave(Slot slot) {
    for (const LossSlot at : std::exchange(spots_[slot].losses, {})) {
        Plan& plan = plans_[at];
        plan.hosts.erase(slot);
        make_stale(at);
        if (!plan.hosts.empty()) continue;
        stand(at, {});
        loss_slots_.erase(plan.loss);
        plan.loss = {};
        unused_plans_.push_back(at);
    }
}

// ---- guests ------------------------------------------------------------------------------------

void StandingPlans::set_guest(InstanceId id, const Guest& guest) {
    const auto known = guests_.find(id);
    if (known != guests_.end() && known->second == guest) return;
    remove_guest(id);
    guests_[id] = guest;
    spots_[slots_.at(guest.host)].guests.insert(id);
    make_stale_of(guest);
    if (guest.apart_from) count_replica(guest, +1);
}

void StandingPlans::remove_guest(InstanceId id) {
    const auto known = guests_.find(id);
    if (known == guests_.end()) return;
    const Guest guest = known->second;
    make_stale_of(guest);
    if (guest.apart_from) count_replica(guest, -1);
    spots_[slots_.at(guest.host)].guests.erase(id);
    guests_.erase(known);
}

const Guest* StandingPlans::guest(InstanceId id) const {
    const auto known = guests_.find(id);
    return known == guests_.end() ? nullptr : &known->second;
}

// ---- which plans a change concerns -------------------------------------------------------------

void StandingPlans::make_stale(LossSlot slot) {
    if (std::exchange(plans_[slot].stale, true)) return;
    stale_.push_back(slot);
}

/// The plans that bring it elsewhere.
void StandingPlans::make_stale_of(const Guest& guest) {
    for (const LossSlot at : spots_[slots_.at(guest.host)].losses) {
        const std::string& label = plans_[at].loss.label;
        if (label.empty() || label == guest.label) make_stale(at);
    }
}

static bool passed(Ring::Place start, Ring::Place length, Ring::Place place) {
    return place - start <= length;
}

/// Its host has a replica more or less: another replica's choice may change.
void StandingPlans::count_replica(const Guest& guest, int by) {
    const Slot slot = slots_.at(guest.host);
    const auto count = replicas_.try_emplace({*guest.apart_from, slot}, 0).first;
    if ((count->second += by) == 0) replicas_.erase(count);
    recounted_[*guest.apart_from].insert(spots_[slot].place);
}

/// Its other replicas walk in the plans of the hosts that they are on, and of those hosts' domains.
void StandingPlans::make_stale_of_recounted() {
    for (const auto& [application, places] : std::exchange(recounted_, {})) {
        const auto looked_there = [&, id = application, &there = places](const Walk& walk) {
            return walk.guest->apart_from == id &&
                   std::any_of(there.begin(), there.end(), [&](Ring::Place place) {
                       return passed(walk.start, walk.length, place);
                   });
        };
        for (auto at = replicas_.lower_bound({application, 0});
             at != replicas_.end() && at->first.first == application; ++at)
            for (const LossSlot slot : spots_[at->first.second].losses) {
                const Plan& plan = plans_[slot];
                if (!plan.stale && std::any_of(plan.walks.begin(), plan.walks.end(), looked_there))
                    make_stale(slot);
            }
    }
}

/// Whether the plan might come out otherwise. A walk depends on the hosts that it passed, and on
/// those only by whether they hold the guest; what a plan brings to a host itself blurs that, so
/// for hosts that it relies on the answer is yes rather than no.
bool StandingPlans::concerned(const Plan& plan, const Spot& spot, bool relied,
                              const Resources& before, const Resources& after) {
    if (plan.wide) return true;
    return std::any_of(plan.walks.begin(), plan.walks.end(), [&](const Walk& walk) {
        if (!passed(walk.start, walk.length, spot.place)) return false;
        if (relied) return walk.guest->apart_from || holds(after, walk.guest->needs);
        return holds(before, walk.guest->needs) != holds(after, walk.guest->needs);
    });
}

void StandingPlans::room_changed(Slot slot, const Resources& before, const Resources& after) {
    Spot& spot = spots_[slot];
    if (before == after) return;
    ring_.set_room(spot.id, after);
    const auto look_at = [&](LossSlot at) {
        const Plan& plan = plans_[at];
        if (plan.stale || plan.hosts.contains(slot)) return;
        const auto relied = spot.relied.find(at);
        const bool relies = relied != spot.relied.end();
        const bool gives_way = relies && !holds(after, relied->second);
        if (gives_way || concerned(plan, spot, relies, before, after)) make_stale(at);
    };
    for (const auto& [at, brought] : spot.relied) look_at(at);
    passages_.meet_near(spot.place, look_at);
}

// ---- a plan in the making ----------------------------------------------------------------------

/// What those have in common who can take each other's places.
static base::Uuid kin(InstanceId id, const Guest& guest) {
    return guest.apart_from ? guest.apart_from->value : id.value;
}

StandingPlans::Walk StandingPlans::walk_of(InstanceId id, const Guest& guest) {
    return {id, &guest, nowhere, Ring::place_of(kin(id, guest)), 0};
}

/// In which they take their places.
void StandingPlans::put_in_order(std::vector<Walk>& walks) {
    const auto rank = [](const Walk& walk) {
        const Guest& guest = *walk.guest;
        return std::tuple(guest.label.empty(), -guest.importance, -guest.needs.memory.count,
                          -guest.needs.vcpus.count, -guest.needs.disk.count,
                          kin(walk.instance, guest), walk.instance);
    };
    std::sort(walks.begin(), walks.end(),
              [&](const Walk& a, const Walk& b) { return rank(a) < rank(b); });
}

std::vector<StandingPlans::Walk> StandingPlans::members(const Plan& plan) const {
    std::vector<Walk> walks;
    for (const Slot slot : plan.hosts)
        for (const InstanceId id : spots_[slot].guests) {
            const Guest& guest = guests_.at(id);
            if (plan.loss.label.empty() || plan.loss.label == guest.label)
                walks.push_back(walk_of(id, guest));
        }
    return walks;
}

static bool reaches(const Shelter& shelter, const Guest& guest) {
    return std::includes(shelter.pools.begin(), shelter.pools.end(), guest.pools.begin(),
                         guest.pools.end());
}

bool StandingPlans::takes(const Plan& plan, Slot slot, const Guest& guest) const {
    const Spot& spot = spots_[slot];
    return holds(less(spot.room(), brought_[slot]), guest.needs) && !plan.hosts.contains(slot) &&
           reaches(spot.shelter, guest);
}

std::int64_t StandingPlans::replicas(const Making& making, ApplicationId application,
                                     Slot slot) const {
    const auto there = replicas_.find({application, slot});
    const auto comes = making.brought_replicas.find({application, slot});
    return (there == replicas_.end() ? 0 : there->second) +
           (comes == making.brought_replicas.end() ? 0 : comes->second);
}

void StandingPlans::choose_near(const Plan& plan, Making& making, Walk& walk) const {
    const Guest& guest = *walk.guest;
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    int looked_at = 0;
    bool ended = false;
    ring_.walk(walk.start, guest.needs, [&](Slot slot, Ring::Place place) {
        walk.length = place - walk.start;
        if (!takes(plan, slot, guest)) return true;
        const std::int64_t there = guest.apart_from ? replicas(making, *guest.apart_from, slot) : 0;
        if (there < fewest) {
            fewest = there;
            walk.to = slot;
        }
        ended = fewest == 0 || ++looked_at == looked_at_max;
        return !ended;
    });
    if (!ended) walk.length = whole_ring;
}

void StandingPlans::choose_tight(const Plan& plan, Making& making, Walk& walk) const {
    const Guest& guest = *walk.guest;
    using Rank = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
    std::optional<Rank> best;
    for (const auto& [id, slot] : slots_) {
        if (!takes(plan, slot, guest)) continue;
        const Resources left = less(spots_[slot].room(), brought_[slot]);
        const Rank rank{guest.apart_from ? replicas(making, *guest.apart_from, slot) : 0,
                        left.memory.count, left.vcpus.count};
        if (best && *best <= rank) continue;
        best = rank;
        walk.to = slot;
    }
    walk.length = whole_ring;
}

void StandingPlans::bring(Making& making, const Walk& walk) {
    brought_[walk.to] += walk.guest->needs;
    making.brought_to.push_back(walk.to);
    if (walk.guest->apart_from) ++making.brought_replicas[{*walk.guest->apart_from, walk.to}];
}

/// Lets each guest choose in turn. How many found nothing.
template <class Choose>
std::size_t StandingPlans::take_all(std::vector<Walk>& walks, Choose choose) {
    Making making;
    std::size_t missing = 0;
    for (Walk& walk : walks) {
        walk.to = nowhere;
        choose(making, walk);
        if (walk.to == nowhere)
            ++missing;
        else
            bring(making, walk);
    }
    for (const Slot slot : making.brought_to) brought_[slot] = {};
    return missing;
}

/// Finds a place for each, if there is a way; `walks` are left as they were if there is none. Each
/// prefers the hosts in the order of the ring, and no others: so a plan that was begun goes on.
bool StandingPlans::take_any_way(const Plan& plan, std::vector<Walk>& walks) const {
    std::vector<Resources> rooms;
    for (Slot slot = 0; slot < spots_.size(); ++slot)
        rooms.push_back(plan.hosts.contains(slot) ? Resources{} : spots_[slot].room());
    std::vector<Parcel> parcels;
    for (const Walk& walk : walks) {
        Parcel& parcel = parcels.emplace_back(Parcel{walk.guest->needs});
        ring_.walk(walk.start, walk.guest->needs, [&](Slot slot, Ring::Place) {
            if (takes(plan, slot, *walk.guest)) parcel.hosts.push_back(slot);
            return true;
        });
    }
    const auto places = pack(parcels, std::move(rooms), looks_max);
    if (!places) return false;
    for (std::size_t at = 0; at < walks.size(); ++at) walks[at].to = (*places)[at];
    return true;
}

StandingPlans::Taken StandingPlans::take_places(const Plan& plan, std::vector<Walk> walks) {
    put_in_order(walks);
    const std::size_t missing =
        take_all(walks, [&](Making& making, Walk& walk) { choose_near(plan, making, walk); });
    if (missing == 0) return {std::move(walks), false};
    std::vector<Walk> tight = walks;
    const std::size_t still_missing =
        take_all(tight, [&](Making& making, Walk& walk) { choose_tight(plan, making, walk); });
    if (still_missing > 0 && slots_.size() <= packed_hosts_max && take_any_way(plan, walks))
        return {std::move(walks), true};
    return {std::move(still_missing < missing ? tight : walks), true};
}

void StandingPlans::make(LossSlot slot) {
    ++plans_made_;
    const Plan& plan = plans_[slot];
    stand(slot, take_places(plan, members(plan)));
}

/// Puts a plan in the place of the one before.
void StandingPlans::stand(LossSlot slot, Taken taken) {
    Plan& plan = plans_[slot];
    for (const Walk& walk : plan.walks) {
        passages_.remove(slot, walk.start, plan.wide ? whole_ring : walk.length);
        if (walk.to == nowhere) continue;
        spots_[walk.to].relied.erase(slot);
        spots_[walk.to].reserved.reset();
    }
    const auto first = gaps_.lower_bound({plan.loss, {}});
    auto last = first;
    while (last != gaps_.end() && last->loss == plan.loss) ++last;
    const std::set<Gap> before(first, last);
    gaps_.erase(first, last);
    for (const Walk& walk : taken.walks) {
        passages_.add(slot, walk.start, taken.wide ? whole_ring : walk.length);
        if (walk.to != nowhere) {
            spots_[walk.to].relied[slot] += walk.guest->needs;
            spots_[walk.to].reserved.reset();
            continue;
        }
        const Gap gap{plan.loss, walk.instance};
        gaps_.insert(gap);
        if (!before.contains(gap)) fresh_gaps_.push_back(gap);
    }
    plan.walks = std::move(taken.walks);
    plan.wide = taken.wide;
    plan.stale = false;
}

void StandingPlans::refresh() {
    fresh_gaps_.clear();
    make_stale_of_recounted();
    for (const LossSlot slot : std::exchange(stale_, {}))
        if (plans_[slot].stale) make(slot);
    std::sort(fresh_gaps_.begin(), fresh_gaps_.end());
}

// ---- what the plans say ------------------------------------------------------------------------

std::vector<Loss> StandingPlans::losses() const {
    std::vector<Loss> losses;
    for (const auto& [loss, slot] : loss_slots_)
        if (loss.label.empty() || !plans_[slot].walks.empty()) losses.push_back(loss);
    return losses;
}

std::vector<Move> StandingPlans::plan(const Loss& loss) const {
    const auto known = loss_slots_.find(loss);
    if (known == loss_slots_.end()) return {};
    return moves_of(plans_[known->second].walks);
}

std::vector<Move> StandingPlans::moves_of(const std::vector<Walk>& walks) const {
    std::vector<Move> moves;
    for (const Walk& walk : walks)
        moves.push_back(
            {walk.instance, walk.to == nowhere ? std::nullopt : std::optional(spots_[walk.to].id)});
    return moves;
}

bool covered(const Standing::Plan& plan) {
    return std::all_of(plan.moves.begin(), plan.moves.end(),
                       [](const Move& move) { return move.to.has_value(); });
}

Standing StandingPlans::standing() const {
    Standing standing;
    for (const Loss& loss : losses()) standing.plans.push_back({loss, plan(loss)});
    for (const auto& [id, slot] : slots_)
        standing.hosts.push_back({id, spots_[slot].shelter, reserved(id)});
    return standing;
}

std::vector<Move> StandingPlans::seek(const std::vector<Seeker>& seekers) {
    std::vector<Walk> walks;
    for (const auto& [id, guest] : seekers) walks.push_back(walk_of(id, guest));
    return moves_of(take_places({}, std::move(walks)).walks);
}

Resources StandingPlans::reserved(HostId id) const {
    const auto known = slots_.find(id);
    if (known == slots_.end()) return {};
    const Spot& spot = spots_[known->second];
    if (spot.reserved) return *spot.reserved;
    Resources most;
    for (const auto& [loss, brought] : spot.relied) {
        most.vcpus = std::max(most.vcpus, brought.vcpus);
        most.memory = std::max(most.memory, brought.memory);
        most.disk = std::max(most.disk, brought.disk);
    }
    spot.reserved = most;
    return most;
}

bool same_plans(const StandingPlans& a, const StandingPlans& b) {
    const std::vector<Loss> losses = a.losses();
    return losses == b.losses() && a.gaps() == b.gaps() &&
           std::all_of(losses.begin(), losses.end(),
                       [&](const Loss& loss) { return a.plan(loss) == b.plan(loss); });
}

static std::int64_t over(std::int64_t wanted, std::int64_t left) {
    return std::max<std::int64_t>(wanted - left, 0);
}

std::optional<StandingPlans::Addition> StandingPlans::smallest_addition(const Loss& loss) const {
    const auto known = loss_slots_.find(loss);
    if (known == loss_slots_.end()) return {};
    const Plan& plan = plans_[known->second];
    Guest missing;  // as if those without a place were one
    for (const Walk& walk : plan.walks) {
        if (walk.to != nowhere) continue;
        missing.needs += walk.guest->needs;
        missing.pools.insert(walk.guest->pools.begin(), walk.guest->pools.end());
    }
    if (missing.needs == Resources{}) return {};
    const auto size = [](const Resources& more) {
        return std::tuple(more.memory, more.vcpus, more.disk);
    };
    std::optional<Addition> best;
    for (const auto& [id, slot] : slots_) {
        const Spot& spot = spots_[slot];
        if (!spot.shelter.open || plan.hosts.contains(slot)) continue;
        if (!reaches(spot.shelter, missing)) continue;
        Resources left = spot.shelter.left;
        if (const auto relied = spot.relied.find(known->second); relied != spot.relied.end())
            left -= relied->second;
        const Resources more{
            {over(missing.needs.vcpus.count, left.vcpus.count)},
            {over(missing.needs.memory.count, left.memory.count)},
            {missing.needs.disk.count == 0 ? 0 : over(missing.needs.disk.count, left.disk.count)}};
        if (!best || size(more) < size(best->more)) best = Addition{id, more};
    }
    return best;
}

}  // namespace vdc::placement
