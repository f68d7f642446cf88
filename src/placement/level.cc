#include "placement/level.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace vdc::placement {

using base::check;

/// A share of 1, and the greatest that is told apart from greater ones: squares of it, weighed and
/// of ten thousands of hosts, fit 64 bits.
static constexpr std::int64_t one = 1 << 17;
static constexpr std::int64_t share_most = 16 * one;

/// So many hosts of each order are looked at for one move.
static constexpr std::size_t sources_max = 8;
static constexpr std::size_t targets_max = 24;

/// What a move costs however little is copied, in MiB.
static constexpr std::int64_t cost_of_any = 1024;

Levels::Levels(std::vector<Measure> measures, std::vector<Loads> capacities,
               std::vector<Loads> used, std::vector<bool> takes)
    : measures_(std::move(measures)),
      capacities_(std::move(capacities)),
      used_(std::move(used)),
      takes_(std::move(takes)),
      takers_(measures_.size() + 1),
      sources_(measures_.size() + 1),
      spent_(used_.size(), true) {
    check(!measures_.empty() && measures_.size() <= measures_max, "too many measures, or none");
    check(used_.size() == capacities_.size() && takes_.size() == used_.size(), "hosts differ");
    aim();
    for (std::size_t host = 0; host < used_.size(); ++host) {
        list(host, /*present=*/true);
        sum_ += uneven(host, {}, 0);
    }
}

void Levels::aim() {
    for (std::size_t measure = 0; measure < measures_.size(); ++measure) {
        std::int64_t all = 0;
        std::int64_t taken = 0;
        for (std::size_t host = 0; host < used_.size(); ++host) {
            check(capacities_[host][measure] > 0, "a host without capacity");
            all += capacities_[host][measure];
            taken += used_[host][measure];
        }
        target_[measure] = taken * one / std::max<std::int64_t>(1, all);
    }
}

std::int64_t Levels::share(std::size_t host, std::size_t measure, std::int64_t more) const {
    return std::min((used_[host][measure] + more) * one / capacities_[host][measure], share_most);
}

std::int64_t Levels::uneven(std::size_t host, const Loads& more, int sign) const {
    std::int64_t sum = 0;
    for (std::size_t measure = 0; measure < measures_.size(); ++measure) {
        const std::int64_t off = share(host, measure, sign * more[measure]) - target_[measure];
        sum += measures_[measure].weight * off * off;
    }
    return sum;
}

/// By how much the move lowers the sum of squares.
std::int64_t Levels::drop(const Loads& of, std::size_t from, std::size_t to) const {
    return uneven(from, {}, 0) - uneven(from, of, -1) + uneven(to, {}, 0) - uneven(to, of, +1);
}

/// Of a measure, or of all by their weights.
std::int64_t Levels::fullness(std::size_t host, std::size_t order) const {
    if (order < measures_.size()) return share(host, order, 0);
    std::int64_t sum = 0;
    for (std::size_t measure = 0; measure < measures_.size(); ++measure)
        sum += measures_[measure].weight * share(host, measure, 0);
    return sum;
}

void Levels::list(std::size_t host, bool present) {
    const auto enter = [&](Order& order, const std::pair<std::int64_t, std::size_t>& place) {
        if (present)
            order.insert(place);
        else
            order.erase(place);
    };
    for (std::size_t order = 0; order < takers_.size(); ++order) {
        const std::pair place{fullness(host, order), host};
        if (takes_[host]) enter(takers_[order], place);
        if (!spent_[host]) enter(sources_[order], place);
    }
}

void Levels::begin_sources() {
    spent_.assign(used_.size(), false);
    for (std::size_t host = 0; host < used_.size(); ++host)
        for (std::size_t order = 0; order < sources_.size(); ++order)
            sources_[order].emplace(fullness(host, order), host);
}

void Levels::end_sources() {
    spent_.assign(used_.size(), true);
    for (Order& order : sources_) order.clear();
}

/// Nobody leaves it any more.
void Levels::spend(std::size_t host) {
    if (spent_[host]) return;
    spent_[host] = true;
    for (std::size_t order = 0; order < sources_.size(); ++order)
        sources_[order].erase({fullness(host, order), host});
}

static std::int64_t root(std::int64_t square) {
    std::int64_t low = 0;
    std::int64_t high = std::int64_t{1} << 31;
    while (low + 1 < high) {
        const std::int64_t middle = (low + high) / 2;
        (middle * middle <= square ? low : high) = middle;
    }
    return low;
}

std::int64_t Levels::unevenness() const {
    std::int64_t weights = 0;
    for (const Measure& measure : measures_) weights += measure.weight;
    const auto hosts = static_cast<std::int64_t>(used_.size());
    if (hosts == 0) return 0;
    return (root(sum_ / (hosts * weights)) * 1000 + one / 2) / one;
}

bool Levels::is_over(std::size_t host) const {
    for (std::size_t measure = 0; measure < measures_.size(); ++measure)
        if (measures_[measure].is_limit && used_[host][measure] > capacities_[host][measure])
            return true;
    return false;
}

bool Levels::holds(std::size_t host, const Loads& more) const {
    for (std::size_t measure = 0; measure < measures_.size(); ++measure)
        if (measures_[measure].is_limit && more[measure] > 0 &&
            used_[host][measure] + more[measure] > capacities_[host][measure])
            return false;
    return true;
}

/// The derivative of the sum of squares along the way of the load: what leaves a host at share A
/// and comes to one at B lowers it by w(2A - w) - w(2B + w) = 2w(A - w - B).
std::int64_t Levels::gain(const Loads& of, std::size_t from, std::size_t to) const {
    std::int64_t load = 0;
    for (std::size_t measure = 0; measure < measures_.size(); ++measure)
        load += measures_[measure].weight * (of[measure] * one / capacities_[from][measure] +
                                             of[measure] * one / capacities_[to][measure]);
    return drop(of, from, to) * 1000 / std::max<std::int64_t>(1, load) / one;
}

void Levels::move(const Loads& of, std::size_t from, std::size_t to) {
    sum_ -= drop(of, from, to);
    list(from, /*present=*/false);
    list(to, /*present=*/false);
    for (std::size_t measure = 0; measure < measures_.size(); ++measure) {
        used_[from][measure] -= of[measure];
        used_[to][measure] += of[measure];
    }
    list(from, /*present=*/true);
    list(to, /*present=*/true);
}

/// Each once, in their order.
static std::vector<std::size_t> sorted(std::vector<std::size_t> hosts) {
    std::sort(hosts.begin(), hosts.end());
    hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
    return hosts;
}

std::vector<std::size_t> Levels::fullest() const {
    std::vector<std::size_t> hosts;
    for (const Order& order : sources_) {
        std::size_t left = sources_max;
        for (auto at = order.rbegin(); at != order.rend() && left > 0; ++at, --left)
            hosts.push_back(at->second);
    }
    return sorted(std::move(hosts));
}

std::vector<std::size_t> Levels::emptiest() const {
    std::vector<std::size_t> hosts;
    for (const Order& order : takers_) {
        std::size_t left = targets_max;
        for (auto at = order.begin(); at != order.end() && left > 0; ++at, --left)
            hosts.push_back(at->second);
    }
    return sorted(std::move(hosts));
}

/// The gain is a mean over measures, of each of which the load itself takes something off.
std::int64_t Levels::gain_at_most(std::size_t from) const {
    std::int64_t most = 0;
    for (std::size_t measure = 0; measure < measures_.size(); ++measure)
        if (!takers_[measure].empty())
            most = std::max(most, share(from, measure, 0) - takers_[measure].begin()->first);
    return most * 1000 / one + 1;
}

void Levels::add_tries(std::size_t from, const std::vector<LevelGuest>& guests,
                       const std::vector<std::size_t>& targets, std::vector<Try>& tries) const {
    const bool over = is_over(from);
    for (const LevelGuest& guest : guests)
        for (const std::size_t to : targets) {
            if (to == from || !holds(to, guest.of)) continue;
            const std::int64_t lowered = drop(guest.of, from, to);
            if (lowered <= 0) continue;
            const std::int64_t gained = gain(guest.of, from, to);
            if (gained < (over ? 0 : guest.least_gain)) continue;
            constexpr std::int64_t scale = 1 << 12;
            tries.push_back({{guest.guest, from, to, gained},
                             guest.of,
                             lowered * scale / (guest.cost + cost_of_any)});
        }
}

std::vector<LevelMove> Levels::plan(const GuestsOf& guests_of, const AllowsLevelMove& allows,
                                    std::int64_t least_gain, std::size_t moves_max) {
    constexpr std::size_t refused_max = 16;  // then a host is left as it is
    std::vector<LevelMove> moves;
    std::map<std::size_t, std::vector<LevelGuest>> guests;
    std::map<std::size_t, std::size_t> refused;
    std::set<std::pair<std::size_t, std::size_t>> not_allowed;
    const auto guests_on = [&](std::size_t host) -> std::vector<LevelGuest>& {
        const auto [at, fresh] = guests.try_emplace(host);
        if (fresh) at->second = guests_of(host);
        return at->second;
    };
    const auto tries_from = [&](std::size_t from, const std::vector<std::size_t>& targets) {
        std::vector<Try> tries;
        if (!is_over(from) && gain_at_most(from) < least_gain) return tries;
        add_tries(from, guests_on(from), targets, tries);
        std::erase_if(tries, [&](const Try& each) {
            return not_allowed.contains({each.move.guest, each.move.to});
        });
        return tries;
    };
    const auto better = [&](const Try& a, const Try& b) {
        const bool a_over = is_over(a.move.from);
        const bool b_over = is_over(b.move.from);
        if (a_over != b_over) return a_over;
        if (a.merit != b.merit) return a.merit > b.merit;
        return std::tuple(a.move.from, a.move.guest, a.move.to) <
               std::tuple(b.move.from, b.move.guest, b.move.to);
    };
    begin_sources();
    while (moves.size() < moves_max) {
        const std::vector<std::size_t> sources = fullest();
        if (sources.empty()) break;
        const std::vector<std::size_t> targets = emptiest();
        std::optional<Try> best;
        for (const std::size_t from : sources) {
            const std::vector<Try> tries = tries_from(from, targets);
            if (tries.empty()) spend(from);
            for (const Try& each : tries)
                if (!best || better(each, *best)) best = each;
        }
        if (!best) continue;
        const LevelMove wanted = best->move;
        if (!allows(wanted)) {
            not_allowed.emplace(wanted.guest, wanted.to);
            if (++refused[wanted.from] >= refused_max) spend(wanted.from);
            continue;
        }
        move(best->of, wanted.from, wanted.to);
        moves.push_back(wanted);
        std::erase_if(guests_on(wanted.from),
                      [&](const LevelGuest& guest) { return guest.guest == wanted.guest; });
    }
    end_sources();
    return moves;
}

}  // namespace vdc::placement
