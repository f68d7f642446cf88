#include "placement/gang_search.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "placement/gang_puzzle.h"
#include "placement/sizes.h"

namespace vdc::placement {

using base::Hash128;
using base::Hasher;

std::vector<Equals> in_order(const Roster& roster, const std::vector<Request>& requests) {
    const Amounts greatest = greatest_host(roster);
    std::vector<Equals> gang;
    for (std::size_t member = 0; member < requests.size(); ++member) {
        const auto same = std::find_if(gang.begin(), gang.end(), [&](const Equals& each) {
            return *each.request == requests[member];
        });
        if (same != gang.end())
            same->members.push_back(member);
        else
            gang.push_back(
                {&requests[member], size_of(requests[member].needs, greatest), {member}});
    }
    std::stable_sort(gang.begin(), gang.end(),
                     [](const Equals& a, const Equals& b) { return a.size > b.size; });
    return gang;
}

namespace {

/// Sums of hashes: what is summed may come in any order.
Hash128& operator+=(Hash128& sum, const Hash128& more) {
    sum.high += more.high;
    sum.low += more.low;
    return sum;
}
Hash128& operator-=(Hash128& sum, const Hash128& less) {
    sum.high -= less.high;
    sum.low -= less.low;
    return sum;
}

/// How hosts are put in order.
enum class Taste : std::uint8_t { suits, tightest, emptiest };
constexpr Taste tastes[] = {Taste::suits, Taste::tightest, Taste::emptiest};

class Search {
  public:
    Search(const Puzzle& puzzle, std::int64_t looks)
        : puzzle_(puzzle),
          looks_left_(looks),
          sites_(puzzle.sites),
          to_come_(puzzle.sorts.size()),
          copies_(puzzle.sorts.size(), std::vector<std::int64_t>(sites_.size())),
          all_copies_(puzzle.sorts.size()),
          placed_(puzzle.sorts.size()) {
        for (std::size_t sort = 0; sort < to_come_.size(); ++sort)
            to_come_[sort] = static_cast<std::int64_t>(puzzle.sorts[sort].count);
        for (const Scope& scope : puzzle.scopes)
            near_.emplace_back(scope.there.size() * to_come_.size());
        for (std::size_t site = 0; site < sites_.size(); ++site) {
            count_copies(site);
            record_.push_back(record(site));
            state_ += record_.back();
        }
    }

    /// Each order of hosts has its turn before the first is followed to the end.
    bool place_all() {
        for (std::int64_t part = first_part; part < looks_left_; part *= 4)
            for (const Taste taste : tastes) {
                taste_ = taste;
                stop_at_ = std::max<std::int64_t>(0, looks_left_ - part);
                stopped_ = false;
                if (place_rest()) return true;
                if (!stopped_) return false;
            }
        taste_ = tastes[0];
        stop_at_ = 0;
        stopped_ = false;
        return place_rest();
    }
    bool was_exhaustive() const { return !stopped_; }

    struct Taken {
        std::size_t site;
        Seat seat;
    };
    /// By sort, in the order in which they sat down.
    const std::vector<std::vector<Taken>>& placed() const { return placed_; }

  private:
    static constexpr std::int64_t first_part = 20'000;
    static constexpr std::size_t remembered_max = 1 << 20;

    // -- what follows from where all sit

    /// How many of the sort the site would hold, as far as single amounts tell.
    std::int64_t copies_on(std::size_t sort, std::size_t site) const {
        const Needs& needs = puzzle_.sorts[sort].needs;
        const Room& room = sites_[site].room;
        std::int64_t most = to_come_[sort];
        for (const Kind kind : puzzle_.kinds)
            if (needs.amounts[kind] > 0)
                most = std::min(most, room.amounts[kind] / needs.amounts[kind]);
        if (most <= 0) return 0;
        bool sits = false;
        each_seat(room, *sites_[site].models, needs, [&](Seat) { sits = true; });
        return sits ? most : 0;
    }

    void count_copies(std::size_t site) {
        for (std::size_t sort = 0; sort < to_come_.size(); ++sort) {
            if (to_come_[sort] == 0 || !circle_of(sort).has[site]) continue;
            --looks_left_;
            set_copies(sort, site, copies_on(sort, site));
        }
    }
    void set_copies(std::size_t sort, std::size_t site, std::int64_t copies) {
        all_copies_[sort] += copies - copies_[sort][site];
        copies_[sort][site] = copies;
    }

    const Circle& circle_of(std::size_t sort) const {
        return puzzle_.circles[puzzle_.sorts[sort].circle];
    }

    /// All that matters of a site for those to come, but who else is in its areas.
    Hash128 record(std::size_t site) const {
        Hasher hasher;
        const Room& room = sites_[site].room;
        hasher.add(sites_[site].like);
        for (const Kind kind : puzzle_.kinds)
            hasher.add(static_cast<std::uint64_t>(room.amounts[kind]));
        for (const Cell& cell : room.cells)
            hasher.add(static_cast<std::uint64_t>(cell.cpu))
                .add(static_cast<std::uint64_t>(cell.memory))
                .add(static_cast<std::uint64_t>(cell.huge_pages));
        for (const std::int32_t left : room.accelerators)
            hasher.add(static_cast<std::uint64_t>(left));
        for (std::size_t at = 0; at < puzzle_.scopes.size(); ++at) {
            const Scope& scope = puzzle_.scopes[at];
            const std::size_t area = scope.area_of[site];
            if (area < scope.shared_areas) continue;
            hasher.add(static_cast<std::uint64_t>(scope.there[area]));
            for (std::size_t sort = 0; sort < to_come_.size(); ++sort)
                hasher.add(static_cast<std::uint64_t>(near(at, area, sort)));
        }
        return hasher.finish();
    }

    static Hash128 hash_of(std::uint64_t what, std::uint64_t which, std::int64_t count) {
        return Hasher().add(what).add(which).add(static_cast<std::uint64_t>(count)).finish();
    }

    std::size_t place_of(std::size_t area, std::size_t sort) const {
        return area * to_come_.size() + sort;
    }
    std::int64_t near(std::size_t scope, std::size_t area, std::size_t sort) const {
        return near_[scope][place_of(area, sort)];
    }

    void count_near(std::size_t sort, std::size_t site, std::int64_t by) {
        for (std::size_t at = 0; at < puzzle_.scopes.size(); ++at) {
            const Scope& scope = puzzle_.scopes[at];
            const std::size_t place = place_of(scope.area_of[site], sort);
            std::int64_t& count = near_[at][place];
            if (scope.area_of[site] < scope.shared_areas) {
                state_ -= hash_of(1000 + at, place, count);
                state_ += hash_of(1000 + at, place, count + by);
            }
            count += by;
        }
    }

    void move(std::size_t sort, std::size_t site, std::int64_t by) {
        state_ -= hash_of(1, sort, to_come_[sort]);
        to_come_[sort] -= by;
        state_ += hash_of(1, sort, to_come_[sort]);
        count_near(sort, site, by);
        state_ -= record_[site];
        record_[site] = record(site);
        state_ += record_[site];
    }

    // -- rules about groups

    /// Of its group in the area, those who are decided before the sort or with it.
    std::int64_t before(std::size_t scope, std::size_t area, std::size_t sort) const {
        std::int64_t sum = puzzle_.scopes[scope].there[area];
        for (std::size_t other = 0; other <= sort; ++other)
            if (counts(other, scope)) sum += near(scope, area, other);
        return sum;
    }
    bool counts(std::size_t sort, std::size_t scope) const {
        const auto& scopes = puzzle_.sorts[sort].scopes;
        return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    }

    /// Whether the rule, of a sort of which `here` are in the area, holds if one more comes.
    bool stays_apart(const ScopeRule& rule, std::size_t sort, std::size_t area,
                     std::size_t comes) const {
        std::int64_t others = before(rule.scope, area, sort);
        if (comes <= sort && counts(comes, rule.scope)) ++others;
        if (counts(sort, rule.scope)) --others;
        return others <= rule.most;
    }

    bool keeps(const ScopeRule& rule, std::size_t sort, std::size_t site) const {
        const Scope& scope = puzzle_.scopes[rule.scope];
        const std::size_t area = scope.area_of[site];
        if (is_apart(rule)) return stays_apart(rule, sort, area, sort);
        const std::int64_t here = before(rule.scope, area, sort);
        std::int64_t all = scope.all;
        std::int64_t fewest = amount_max;
        for (std::size_t other = 0; other < scope.there.size(); ++other) {
            const std::int64_t there = before(rule.scope, other, sort);
            all += there - scope.there[other];
            fewest = std::min(fewest, there);
        }
        if (all == 0) return true;
        if (rule.wish == GroupRule::Wish::together) return here > 0;
        return here - fewest <= rule.most;
    }

    /// Whether everybody's rules about groups hold with one more of the sort there.
    bool may_sit(std::size_t sort, std::size_t site) const {
        if (puzzle_.scopes.empty()) return true;
        for (const ScopeRule& rule : puzzle_.sorts[sort].rules)
            if (!keeps(rule, sort, site)) return false;
        if (puzzle_.in_sequence) return true;
        // Those who are decided later sit there already.
        for (std::size_t later = sort + 1; later < to_come_.size(); ++later)
            for (const ScopeRule& rule : puzzle_.sorts[later].rules) {
                const std::size_t area = puzzle_.scopes[rule.scope].area_of[site];
                if (counts(sort, rule.scope) && near(rule.scope, area, later) > 0 &&
                    !stays_apart(rule, later, area, sort))
                    return false;
            }
        return true;
    }

    // -- what cannot be

    /// Whether sums leave room: of each circle, for all who may go nowhere else.
    bool sums_suffice() {
        for (const Circle& circle : puzzle_.circles) {
            Amounts needed;
            bool any = false;
            for (const std::size_t sort : circle.sorts) {
                any = any || to_come_[sort] > 0;
                for (const Kind kind : puzzle_.kinds)
                    needed[kind] += puzzle_.sorts[sort].needs.amounts[kind] * to_come_[sort];
            }
            if (!any) continue;
            Amounts left;
            for (std::size_t site = 0; site < sites_.size(); ++site)
                if (circle.has[site]) add_usable(site, left);
            for (const Kind kind : puzzle_.kinds)
                if (needed[kind] > left[kind]) return false;
        }
        return true;
    }

    /// What those to come could use of a site, at most.
    void add_usable(std::size_t site, Amounts& left) const {
        for (const Kind kind : puzzle_.kinds) {
            const std::int64_t room = sites_[site].room.amounts[kind];
            std::int64_t usable = 0;
            for (std::size_t sort = 0; sort < to_come_.size() && usable < room; ++sort)
                if (to_come_[sort] > 0)
                    usable += puzzle_.sorts[sort].needs.amounts[kind] *
                              std::min(copies_[sort][site], to_come_[sort]);
            left[kind] += std::max<std::int64_t>(0, std::min(room, usable));
        }
    }

    /// Who is the next: the one with the fewest hosts; none: somebody has too few.
    std::optional<std::size_t> choose() {
        std::optional<std::size_t> chosen;
        std::int64_t fewest = amount_max;
        for (std::size_t sort = 0; sort < to_come_.size(); ++sort) {
            if (to_come_[sort] == 0) continue;
            if (all_copies_[sort] < to_come_[sort]) return {};
            if (puzzle_.in_sequence) {
                if (!chosen) chosen = sort;
                continue;
            }
            std::int64_t hosts = 0;
            for (std::size_t site = 0; site < sites_.size(); ++site) {
                --looks_left_;
                hosts += copies_[sort][site] > 0 && may_sit(sort, site) ? 1 : 0;
            }
            if (hosts == 0) return {};
            if (hosts >= fewest) continue;
            fewest = hosts;
            chosen = sort;
        }
        return chosen;
    }

    // -- ways

    struct Way {
        std::int64_t price = 0;
        std::size_t site = 0;
        Seat seat{};
    };

    /// What is left, in thousandths of the largest host.
    std::int64_t price(std::size_t sort, std::size_t site) const {
        const Room& room = sites_[site].room;
        std::int64_t sum = 0;
        for (const Kind kind : puzzle_.kinds) {
            const std::int64_t of = std::max<std::int64_t>(1, puzzle_.greatest[kind]);
            const std::int64_t left = room.amounts[kind] * 1000 / of;
            const std::int64_t needs = puzzle_.sorts[sort].needs.amounts[kind] * 1000 / of;
            sum += taste_ == Taste::suits ? (left - needs) * (left - needs) : left - needs;
        }
        return taste_ == Taste::emptiest ? -sum : sum;
    }

    std::vector<Way> ways_of(std::size_t sort) {
        std::vector<Way> ways;
        std::vector<Hash128> seen;
        for (std::size_t site = 0; site < sites_.size(); ++site) {
            if (copies_[sort][site] == 0 || !may_sit(sort, site)) continue;
            if (std::find(seen.begin(), seen.end(), record_[site]) != seen.end()) continue;
            seen.push_back(record_[site]);
            each_seat(sites_[site].room, *sites_[site].models, puzzle_.sorts[sort].needs,
                      [&](Seat seat) {
                          ways.push_back({price(sort, site), site, seat});
                      });
        }
        std::stable_sort(ways.begin(), ways.end(),
                         [](const Way& a, const Way& b) { return a.price < b.price; });
        return ways;
    }

    bool place_rest() {
        if (std::all_of(to_come_.begin(), to_come_.end(), [](auto count) { return count == 0; }))
            return true;
        if (looks_left_ <= stop_at_) {
            stopped_ = true;
            return false;
        }
        if (hopeless_.contains(state_)) return false;
        const auto sort = choose();
        if (!sort || !sums_suffice()) return false;
        for (const Way& way : ways_of(*sort)) {
            if (follow(*sort, way)) return true;
            if (stopped_) return false;
        }
        if (hopeless_.size() < remembered_max) hopeless_.insert(state_);
        return false;
    }

    bool follow(std::size_t sort, const Way& way) {
        const Room before = sites_[way.site].room;
        std::vector<std::int64_t> copies;
        for (const auto& each : copies_) copies.push_back(each[way.site]);
        take(sites_[way.site].room, puzzle_.sorts[sort].needs, way.seat);
        move(sort, way.site, +1);
        count_copies(way.site);
        placed_[sort].push_back({way.site, way.seat});
        if (place_rest()) return true;
        placed_[sort].pop_back();
        sites_[way.site].room = before;
        move(sort, way.site, -1);
        for (std::size_t other = 0; other < copies.size(); ++other)
            set_copies(other, way.site, copies[other]);
        return false;
    }

    const Puzzle& puzzle_;
    std::int64_t looks_left_;
    std::int64_t stop_at_ = 0;
    bool stopped_ = false;
    Taste taste_ = Taste::suits;
    std::vector<Site> sites_;
    std::vector<std::int64_t> to_come_;              ///< by sort
    std::vector<std::vector<std::int64_t>> copies_;  ///< by sort and site: how many it may hold
    std::vector<std::int64_t> all_copies_;           ///< by sort
    std::vector<std::vector<std::int64_t>> near_;    ///< by scope, area and sort
    std::vector<Hash128> record_;                    ///< by site
    Hash128 state_{};
    std::set<Hash128> hopeless_;
    std::vector<std::vector<Taken>> placed_;  ///< by sort
};

}  // namespace

GangSeats search_seats(const Roster& roster, const std::vector<Equals>& gang, std::int64_t looks) {
    const Puzzle puzzle(roster, gang);
    Search search(puzzle, looks);
    GangSeats seats;
    if (!search.place_all()) {
        seats.exhaustive = search.was_exhaustive();
        return seats;
    }
    std::size_t all = 0;
    for (const Equals& each : gang) all += each.members.size();
    seats.members.resize(all);
    for (std::size_t sort = 0; sort < gang.size(); ++sort)
        for (std::size_t at = 0; at < gang[sort].members.size(); ++at) {
            const auto& [site, seat] = search.placed()[sort][at];
            seats.members[gang[sort].members[at]] = {roster.host(puzzle.sites[site].slot).id, seat};
        }
    return seats;
}

}  // namespace vdc::placement
