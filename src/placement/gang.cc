#include "placement/gang.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "placement/moves.h"
#include "placement/sizes.h"

namespace vdc::placement {

using base::check;

namespace {

std::vector<std::int64_t> sizes_of(Fleet& fleet, const std::vector<Request>& requests) {
    const Amounts greatest = greatest_host(fleet.settled());
    std::vector<std::int64_t> sizes;
    for (const Request& request : requests) sizes.push_back(size_of(request.needs, greatest));
    return sizes;
}

/// The largest first, then the first in the list.
std::vector<std::size_t> largest_first(const std::vector<std::int64_t>& sizes) {
    std::vector<std::size_t> order(sizes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
    return order;
}

bool has_rule(const std::vector<Request>& requests, bool (*is_it)(const Rule&)) {
    return std::any_of(requests.begin(), requests.end(), [&](const Request& request) {
        return std::any_of(request.rules.begin(), request.rules.end(), is_it);
    });
}

/// Tells hosts apart that are equal otherwise.
bool names_hosts(const Rule& rule) {
    return !std::holds_alternative<TraitRule>(rule);
}

/// Whether it holds may depend on who of equal ones came first.
bool minds_the_order(const Rule& rule) {
    const auto* group = std::get_if<GroupRule>(&rule);
    return group != nullptr && group->wish != GroupRule::Wish::apart;
}

/// Every way to place a gang, one after the other, but of ways that differ only in which of equal
/// hosts or of equal members is meant only one.
class Search {
  public:
    Search(Fleet& fleet, const std::vector<Request>& requests, std::vector<std::size_t> order,
           const GangLimits& limits)
        : fleet_(fleet),
          requests_(requests),
          order_(std::move(order)),
          decisions_left_(limits.decisions),
          hosts_are_alike_(!has_rule(requests, names_hosts)),
          members_are_alike_(!has_rule(requests, minds_the_order)),
          members_(requests.size()),
          placed_(requests.size()) {
        Amounts later;
        for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
            later += requests_[*at].needs.amounts;
            from_here_.push_back(later);
        }
        std::reverse(from_here_.begin(), from_here_.end());
    }

    bool place_all() { return place_from(0); }
    /// After place_all() has failed.
    bool was_exhaustive() const { return exhaustive_; }

    std::vector<Decision> take_members() { return std::move(members_); }
    std::vector<GuestSlot> take_placed() { return std::move(placed_); }

  private:
    /// Whether sums alone leave room for those who are still to come.
    bool may_fit(std::size_t depth) const {
        const Roster& roster = fleet_.roster();
        Amounts left;
        for (const HostSlot slot : roster.by_rank())
            if (roster.is_open(slot))
                for (std::size_t kind = 0; kind < kinds_max; ++kind)
                    left.of[kind] += std::max<std::int64_t>(0, roster.room(slot).amounts.of[kind]);
        for (std::size_t kind = 0; kind < kinds_max; ++kind)
            if (from_here_[depth].of[kind] > left.of[kind]) return false;
        return true;
    }

    Rank rank_of(model::HostId id) const {
        return fleet_.roster().host(*fleet_.roster().find(id)).rank;
    }

    /// The member before is equal: of both, the first one is on the host with the lower name.
    Rank lowest_rank(std::size_t depth) const {
        if (!members_are_alike_ || depth == 0) return 0;
        const std::size_t before = order_[depth - 1];
        if (requests_[before] != requests_[order_[depth]]) return 0;
        return rank_of(members_[before].best->host);
    }

    /// The host and all that are its equals now.
    void rule_out(model::HostId id, std::vector<model::HostId>& tried) const {
        const Roster& roster = fleet_.roster();
        if (!hosts_are_alike_) return tried.push_back(id);
        const Ranks& equal = roster.shelves().hosts(roster.shelf_of(*roster.find(id)));
        for (std::optional<Rank> rank = equal.first(); rank; rank = equal.after(*rank))
            tried.push_back(roster.host(roster.by_rank()[*rank]).id);
    }

    bool place_from(std::size_t depth) {
        if (depth == order_.size()) return true;
        if (!may_fit(depth)) return false;
        const std::size_t member = order_[depth];
        const Rank lowest = lowest_rank(depth);
        Request request = with_rule(requests_[member], HostsRule{{}, false, Strength::hard});
        std::vector<model::HostId> tried;
        while (true) {
            std::get<HostsRule>(request.rules.back()).hosts = tried;
            if (decisions_left_ == 0) return exhaustive_ = false;
            --decisions_left_;
            members_[member] = fleet_.decide(request);
            if (!members_[member].best) return false;
            const model::HostId host = members_[member].best->host;
            if (rank_of(host) < lowest) {
                tried.push_back(host);
                continue;
            }
            std::vector<model::HostId> ruled_out = tried;
            rule_out(host, ruled_out);
            placed_[member] = fleet_.put(host, requests_[member], members_[member].seat);
            if (place_from(depth + 1)) return true;
            fleet_.take_away(placed_[member]);
            tried = std::move(ruled_out);
        }
    }

    Fleet& fleet_;
    const std::vector<Request>& requests_;
    const std::vector<std::size_t> order_;
    std::size_t decisions_left_;
    const bool hosts_are_alike_;
    const bool members_are_alike_;
    bool exhaustive_ = true;
    std::vector<Amounts> from_here_;  ///< what all need who come at a depth or later
    std::vector<Decision> members_;
    std::vector<GuestSlot> placed_;
};

/// Each takes what is best for it, the largest first.
GangDecision each_its_best(Fleet& fleet, const std::vector<Request>& requests,
                           const std::vector<std::size_t>& order) {
    GangDecision gang;
    gang.members.resize(requests.size());
    std::vector<GuestSlot> placed(requests.size());
    for (std::size_t done = 0; done < order.size(); ++done) {
        const std::size_t member = order[done];
        Decision& decision = gang.members[member];
        decision = fleet.decide(requests[member]);
        if (decision.best) {
            placed[member] = fleet.put(decision.best->host, requests[member], decision.seat);
            continue;
        }
        while (done > 0) fleet.take_away(placed[order[--done]]);
        return gang;
    }
    gang.placed = std::move(placed);
    return gang;
}

}  // namespace

GangDecision place_gang(Fleet& fleet, const std::vector<Request>& requests,
                        const GangLimits& limits) {
    check(!requests.empty(), "a gang of nobody");
    const std::vector<std::size_t> order = largest_first(sizes_of(fleet, requests));
    GangDecision gang = each_its_best(fleet, requests, order);
    if (gang.fits() || !std::all_of(requests.begin(), requests.end(), has_room_for_a_rule))
        return gang;
    Search search(fleet, requests, order, limits);
    if (search.place_all()) {
        gang.members = search.take_members();
        gang.placed = search.take_placed();
    } else {
        gang.proven_impossible = search.was_exhaustive();
    }
    return gang;
}

// ---- a crowd -----------------------------------------------------------------------------------

namespace {

class Crowd {
    static constexpr std::size_t tries_max = 400;

  public:
    Crowd(Fleet& fleet, const std::vector<Request>& requests)
        : fleet_(fleet),
          requests_(requests),
          sizes_(sizes_of(fleet, requests)),
          order_(largest_first(sizes_)),
          placed_(requests.size()) {}

    std::vector<std::optional<GuestSlot>> place() {
        fill();
        while (without_somebody()) {
        }
        return std::move(placed_);
    }

    bool come(std::size_t member) {
        const Decision decision = fleet_.decide(requests_[member]);
        if (!decision.best) return false;
        sit_down(member, decision.best->host, decision.seat);
        return true;
    }

    void sit_down(std::size_t member, model::HostId host, Seat seat) {
        placed_[member] = fleet_.put(host, requests_[member], seat);
        who_[*placed_[member]] = member;
    }

    void stand_up(std::size_t member) {
        who_.erase(*placed_[member]);
        fleet_.take_away(*placed_[member]);
        placed_[member].reset();
    }

    /// Others of the crowd go elsewhere for it.
    bool come_with_moves(std::size_t member) {
        const auto movable = [&](GuestSlot guest) {
            const auto known = who_.find(guest);
            return known == who_.end() ? Movable{} : Movable{&requests_[known->second]};
        };
        const auto budget = static_cast<std::int64_t>(requests_.size());
        const MovePlan plan =
            MovePlanner(fleet_, movable, MoveLimits{budget, budget}).admit(requests_[member]);
        if (!plan.admits) return false;
        for (const Migration& move : plan.moves) make(fleet_, move, requests_[who_.at(move.guest)]);
        const bool came = come(member);
        check(came, "a plan that admits lets in");
        return true;
    }

    /// Whoever fits, the largest first; those who are named only when all others were asked.
    void fill(const std::vector<std::size_t>& last = {}) {
        const auto ask = [&](std::size_t member) {
            if (!placed_[member] && !come(member)) come_with_moves(member);
        };
        for (const std::size_t member : order_)
            if (std::find(last.begin(), last.end(), member) == last.end()) ask(member);
        for (const std::size_t member : last) ask(member);
    }

    std::int64_t size_of_all() const {
        std::int64_t size = 0;
        for (std::size_t member = 0; member < sizes_.size(); ++member)
            if (placed_[member]) size += sizes_[member];
        return size;
    }

    /// Whether more found room when one or two of them went last. The smallest are asked first.
    bool without_somebody() {
        for (auto one = order_.rbegin(); one != order_.rend(); ++one) {
            if (!placed_[*one]) continue;
            if (is_better_without({*one})) return true;
            for (auto other = order_.rbegin(); other != one; ++other)
                if (placed_[*other] && is_better_without({*one, *other})) return true;
        }
        return false;
    }

    /// If it is not, everybody is where he was.
    bool is_better_without(const std::vector<std::size_t>& last) {
        if (tries_left_ == 0) return false;
        --tries_left_;
        const std::int64_t size = size_of_all();
        std::vector<std::pair<std::size_t, Roster::Guest>> before;
        for (std::size_t member = 0; member < placed_.size(); ++member)
            if (placed_[member])
                before.emplace_back(member, fleet_.roster().guest(*placed_[member]));
        for (const std::size_t member : last) stand_up(member);
        fill(last);
        if (size_of_all() > size) return true;
        for (std::size_t member = 0; member < placed_.size(); ++member)
            if (placed_[member]) stand_up(member);
        for (const auto& [member, guest] : before)
            sit_down(member, fleet_.roster().host(guest.host).id, guest.seat);
        return false;
    }

    Fleet& fleet_;
    const std::vector<Request>& requests_;
    const std::vector<std::int64_t> sizes_;
    const std::vector<std::size_t> order_;
    std::vector<std::optional<GuestSlot>> placed_;
    std::map<GuestSlot, std::size_t> who_;
    std::size_t tries_left_ = tries_max;
};

}  // namespace

std::vector<std::optional<GuestSlot>> place_crowd(Fleet& fleet,
                                                  const std::vector<Request>& requests) {
    check(!requests.empty(), "a crowd of nobody");
    return Crowd(fleet, requests).place();
}

}  // namespace vdc::placement
