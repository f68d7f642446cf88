#include "placement/gang.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "placement/gang_search.h"
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

/// Whether there is enough for all of what the datacenter shares.
bool may_share(const Roster& roster, const std::vector<Request>& requests) {
    std::map<std::string, std::int64_t> needed;
    for (const Request& request : requests)
        for (const SharedNeed& need : request.shared) needed[need.name] += need.amount;
    return std::all_of(needed.begin(), needed.end(), [&](const auto& need) {
        return need.second == 0 || need.second <= roster.shared_left(need.first);
    });
}

/// Each goes where it was told.
void sit_down(Fleet& fleet, const std::vector<Request>& requests,
              const std::vector<std::size_t>& order, const GangSeats& seats, GangDecision& gang) {
    gang.placed.resize(requests.size());
    for (const std::size_t member : order) {
        const auto& [host, seat] = seats.members[member];
        Decision& decision = gang.members[member];
        decision = fleet.decide_on(host, requests[member]);
        check(decision.best.has_value(), "a gang's member does not fit where it was told");
        decision.seat = seat;
        gang.placed[member] = fleet.put(host, requests[member], seat);
    }
}

}  // namespace

GangDecision place_gang(Fleet& fleet, const std::vector<Request>& requests,
                        const GangLimits& limits) {
    check(!requests.empty(), "a gang of nobody");
    const std::vector<Equals> equals = in_order(fleet.settled(), requests);
    std::vector<std::size_t> order;
    for (const Equals& each : equals)
        order.insert(order.end(), each.members.begin(), each.members.end());
    GangDecision gang = each_its_best(fleet, requests, order);
    if (gang.fits()) return gang;
    gang.proven_impossible = !may_share(fleet.roster(), requests);
    if (gang.proven_impossible) return gang;
    const GangSeats seats = search_seats(fleet.settled(), equals, limits.looks);
    gang.proven_impossible = seats.members.empty() && seats.exhaustive;
    if (!seats.members.empty()) sit_down(fleet, requests, order, seats, gang);
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
