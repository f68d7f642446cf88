#include "placement/reassign.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace vdc::placement {

namespace {

/// Of a host: what is used beyond what is safe, and what is left out of proportion.
std::int64_t load_price(const Reassignable& problem, std::size_t host, const Amounts& used) {
    const ReassignHost& what = problem.hosts[host];
    std::int64_t price = 0;
    for (std::size_t kind = 0; kind < problem.kinds; ++kind)
        price += problem.load_weights[kind] *
                 std::max<std::int64_t>(0, used.of[kind] - what.safe.of[kind]);
    for (const ReassignBalance& each : problem.balances)
        price += each.weight * std::max<std::int64_t>(
                                   0, each.times * (what.capacity[each.base] - used[each.base]) -
                                          (what.capacity[each.more] - used[each.more]));
    return price;
}

std::vector<Amounts> used_by(const Reassignable& problem, const std::vector<std::size_t>& at) {
    std::vector<Amounts> used(problem.hosts.size());
    for (std::size_t guest = 0; guest < at.size(); ++guest)
        used[at[guest]] += problem.guests[guest].needs;
    return used;
}

bool holds_all(const Reassignable& problem, const std::vector<std::size_t>& at) {
    std::vector<Amounts> held = used_by(problem, at);
    for (std::size_t guest = 0; guest < at.size(); ++guest) {
        const ReassignGuest& what = problem.guests[guest];
        for (std::size_t kind = 0; kind < problem.kinds; ++kind)
            if (problem.transient[kind] && at[guest] != what.host)
                held[what.host].of[kind] += what.needs.of[kind];
    }
    for (std::size_t host = 0; host < held.size(); ++host)
        for (std::size_t kind = 0; kind < problem.kinds; ++kind)
            if (held[host].of[kind] > problem.hosts[host].capacity.of[kind]) return false;
    return true;
}

/// ln 1/x of what lies evenly between 0 and 1, in 1024ths, from the lowest x on.
constexpr std::size_t steps_of_chance = 1024;
constexpr std::array<std::int64_t, steps_of_chance> logarithms() {
    std::array<std::int64_t, steps_of_chance> table{};
    std::int64_t sum = 0;  // In 1024 * 1024ths; ln (n + 1/2) / (n - 1/2) is nearly 1 / n.
    for (std::size_t at = steps_of_chance; at-- > 0;) {
        sum += (1 << 20) / static_cast<std::int64_t>(at + 1);
        table[at] = sum >> 10;
    }
    return table;
}

}  // namespace

std::int64_t price_of(const Reassignable& problem, const std::vector<std::size_t>& at) {
    const std::vector<Amounts> used = used_by(problem, at);
    std::int64_t price = 0;
    for (std::size_t host = 0; host < used.size(); ++host)
        price += load_price(problem, host, used[host]);
    std::vector<std::int64_t> moved(problem.services.size());
    for (std::size_t guest = 0; guest < at.size(); ++guest) {
        const ReassignGuest& what = problem.guests[guest];
        if (at[guest] == what.host) continue;
        ++moved[what.service];
        price += problem.guest_weight * what.move_cost +
                 problem.host_weight * problem.hosts[what.host].move_costs[at[guest]];
    }
    if (!moved.empty())
        price += problem.service_weight * *std::max_element(moved.begin(), moved.end());
    return price;
}

bool keeps_rules(const Reassignable& problem, const std::vector<std::size_t>& at) {
    if (!holds_all(problem, at)) return false;
    std::vector<std::set<std::size_t>> hosts(problem.services.size());
    std::vector<std::set<std::uint32_t>> areas(hosts.size());
    std::vector<std::set<std::uint32_t>> neighbourhoods(hosts.size());
    for (std::size_t guest = 0; guest < at.size(); ++guest) {
        const std::size_t service = problem.guests[guest].service;
        if (!hosts[service].insert(at[guest]).second) return false;
        areas[service].insert(problem.hosts[at[guest]].area);
        neighbourhoods[service].insert(problem.hosts[at[guest]].neighbourhood);
    }
    for (std::size_t service = 0; service < hosts.size(); ++service) {
        const ReassignService& what = problem.services[service];
        if (std::cmp_less(areas[service].size(), what.areas_least)) return false;
        for (const std::size_t other : what.depends_on)
            if (!std::includes(neighbourhoods[other].begin(), neighbourhoods[other].end(),
                               neighbourhoods[service].begin(), neighbourhoods[service].end()))
                return false;
    }
    return true;
}

Reassigner::Reassigner(const Reassignable& problem, std::uint64_t seed)
    : problem_(problem), chance_(seed), use_(problem.hosts.size()) {
    base::check(!problem.guests.empty() && problem.hosts.size() > 1, "nobody can move");
    for (const ReassignHost& host : problem.hosts) {
        areas_ = std::max<std::size_t>(areas_, host.area + 1);
        neighbourhoods_ = std::max<std::size_t>(neighbourhoods_, host.neighbourhood + 1);
    }
    const std::size_t services = problem.services.size();
    needed_by_.resize(services);
    for (std::size_t service = 0; service < services; ++service)
        for (const std::size_t other : problem.services[service].depends_on)
            needed_by_[other].push_back(service);
    on_host_.resize(services * problem.hosts.size());
    in_area_.resize(services * areas_);
    in_neighbourhood_.resize(services * neighbourhoods_);
    areas_used_.resize(services);
    moved_.resize(services);
    with_moved_.resize(problem.guests.size() + 2);
    with_moved_[0] = static_cast<std::int64_t>(services);
    for (const ReassignGuest& guest : problem.guests) {
        const ReassignHost& host = problem.hosts[guest.host];
        at_.push_back(guest.host);
        use_[guest.host].used += guest.needs;
        ++on_host(guest.service, guest.host);
        if (in_area_[guest.service * areas_ + host.area]++ == 0) ++areas_used_[guest.service];
        ++in_neighbourhood_[guest.service * neighbourhoods_ + host.neighbourhood];
    }
    for (std::size_t host = 0; host < use_.size(); ++host) {
        use_[host].held = use_[host].used;
        host_price_.push_back(price_of_host(host));
    }
    price_ = std::accumulate(host_price_.begin(), host_price_.end(), std::int64_t{0});
    best_ = at_;
    best_price_ = price_;
}

std::int64_t Reassigner::price_of_host(std::size_t host) const {
    return load_price(problem_, host, use_[host].used);
}

std::int64_t Reassigner::price_with(std::size_t host, const Amounts& less,
                                    const Amounts& more) const {
    Amounts used = use_[host].used;
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        used.of[kind] += more.of[kind] - less.of[kind];
    return load_price(problem_, host, used);
}

// ---- rules -------------------------------------------------------------------------------------

bool Reassigner::holds(std::size_t guest, std::size_t to) const {
    const ReassignGuest& what = problem_.guests[guest];
    const Amounts& held = use_[to].held;
    const Amounts& capacity = problem_.hosts[to].capacity;
    const bool returns = what.host == to;
    for (std::size_t kind = 0; kind < problem_.kinds; ++kind)
        if (!(returns && problem_.transient[kind]) &&
            held.of[kind] + what.needs.of[kind] > capacity.of[kind])
            return false;
    return true;
}

/// The same where somebody else leaves in its favour.
bool Reassigner::holds_instead(std::size_t guest, std::size_t to, std::size_t leaves) const {
    const ReassignGuest& what = problem_.guests[guest];
    const ReassignGuest& other = problem_.guests[leaves];
    const Amounts& held = use_[to].held;
    const Amounts& capacity = problem_.hosts[to].capacity;
    for (std::size_t kind = 0; kind < problem_.kinds; ++kind) {
        const bool keeps = problem_.transient[kind];
        const std::int64_t more = keeps && what.host == to ? 0 : what.needs.of[kind];
        const std::int64_t less = keeps && other.host == to ? 0 : other.needs.of[kind];
        if (held.of[kind] + more - less > capacity.of[kind]) return false;
    }
    return true;
}

bool Reassigner::keeps_service(std::size_t guest, std::size_t to) const {
    const std::size_t service = problem_.guests[guest].service;
    if (on_host(service, to) > 0) return false;
    const ReassignHost& old_host = problem_.hosts[at_[guest]];
    const ReassignHost& new_host = problem_.hosts[to];
    if (old_host.area != new_host.area) {
        const std::int64_t areas = areas_used_[service] -
                                   (in_area_[service * areas_ + old_host.area] == 1 ? 1 : 0) +
                                   (in_area_[service * areas_ + new_host.area] == 0 ? 1 : 0);
        if (areas < problem_.services[service].areas_least) return false;
    }
    if (old_host.neighbourhood == new_host.neighbourhood) return true;
    for (const std::size_t other : problem_.services[service].depends_on)
        if (in_neighbourhood_[other * neighbourhoods_ + new_host.neighbourhood] == 0) return false;
    if (in_neighbourhood_[service * neighbourhoods_ + old_host.neighbourhood] > 1) return true;
    return std::none_of(
        needed_by_[service].begin(), needed_by_[service].end(), [&](std::size_t other) {
            return in_neighbourhood_[other * neighbourhoods_ + old_host.neighbourhood] > 0;
        });
}

bool Reassigner::may_move(std::size_t guest, std::size_t to) const {
    return at_[guest] != to && holds(guest, to) && keeps_service(guest, to);
}

// ---- moving ------------------------------------------------------------------------------------

std::int64_t Reassigner::price_of_moving(std::size_t guest, std::size_t to) const {
    const ReassignGuest& what = problem_.guests[guest];
    if (what.host == to) return 0;
    return problem_.guest_weight * what.move_cost +
           problem_.host_weight * problem_.hosts[what.host].move_costs[to];
}

void Reassigner::count_moved(std::size_t service, std::int64_t by) {
    --with_moved_[static_cast<std::size_t>(moved_[service])];
    moved_[service] += by;
    ++with_moved_[static_cast<std::size_t>(moved_[service])];
    price_ -= problem_.service_weight * most_moved_;
    most_moved_ = std::max(most_moved_, moved_[service]);
    while (most_moved_ > 0 && with_moved_[static_cast<std::size_t>(most_moved_)] == 0)
        --most_moved_;
    price_ += problem_.service_weight * most_moved_;
}

/// Whether it may is not asked.
void Reassigner::shift(std::size_t guest, std::size_t to) {
    const ReassignGuest& what = problem_.guests[guest];
    const std::size_t from = at_[guest];
    HostUse& left = use_[from];
    HostUse& taken = use_[to];
    left.used -= what.needs;
    taken.used += what.needs;
    for (std::size_t kind = 0; kind < problem_.kinds; ++kind) {
        if (!problem_.transient[kind] || from != what.host)
            left.held.of[kind] -= what.needs.of[kind];
        if (!problem_.transient[kind] || to != what.host)
            taken.held.of[kind] += what.needs.of[kind];
    }
    const std::size_t service = what.service;
    const ReassignHost& old_host = problem_.hosts[from];
    const ReassignHost& new_host = problem_.hosts[to];
    --on_host(service, from);
    ++on_host(service, to);
    if (--in_area_[service * areas_ + old_host.area] == 0) --areas_used_[service];
    if (in_area_[service * areas_ + new_host.area]++ == 0) ++areas_used_[service];
    --in_neighbourhood_[service * neighbourhoods_ + old_host.neighbourhood];
    ++in_neighbourhood_[service * neighbourhoods_ + new_host.neighbourhood];
    if (from == what.host) count_moved(service, +1);
    if (to == what.host) count_moved(service, -1);
    price_ += price_of_moving(guest, to) - price_of_moving(guest, from);
    at_[guest] = to;
    for (const std::size_t host : {from, to}) {
        price_ -= host_price_[host];
        host_price_[host] = price_of_host(host);
        price_ += host_price_[host];
    }
}

bool Reassigner::takes(std::int64_t dearer, std::int64_t warmth) {
    if (dearer <= 0) return true;
    static constexpr auto logarithm = logarithms();
    const std::int64_t bounded = std::min(warmth, std::int64_t{1} << 48);
    return dearer <= bounded * logarithm[chance_.below(steps_of_chance)] / 1024;
}

void Reassigner::try_shift(std::int64_t warmth) {
    const std::size_t guest = chance_.below(at_.size());
    const std::size_t to = chance_.below(problem_.hosts.size());
    if (!may_move(guest, to)) return;
    const std::size_t from = at_[guest];
    const Amounts& needs = problem_.guests[guest].needs;
    const std::int64_t dearer = price_with(from, needs, {}) + price_with(to, {}, needs) -
                                host_price_[from] - host_price_[to] + price_of_moving(guest, to) -
                                price_of_moving(guest, from) + price_of_services(guest, to);
    if (!takes(dearer, warmth) || (journal_ != nullptr && dearer >= 0)) return;
    shift(guest, to);
    if (journal_ != nullptr) journal_->push_back({guest, to});
}

/// What the move adds for services of whom many move.
std::int64_t Reassigner::price_of_services(std::size_t guest, std::size_t to) const {
    const ReassignGuest& what = problem_.guests[guest];
    const std::int64_t moved = moved_[what.service];
    if (at_[guest] == what.host) return moved == most_moved_ ? problem_.service_weight : 0;
    const bool alone = moved == most_moved_ && with_moved_[static_cast<std::size_t>(moved)] == 1;
    return to == what.host && alone ? -problem_.service_weight : 0;
}

void Reassigner::try_exchange(std::int64_t warmth) {
    const std::size_t one = chance_.below(at_.size());
    const std::size_t other = chance_.below(at_.size());
    const std::size_t from = at_[one];
    const std::size_t to = at_[other];
    if (from == to || problem_.guests[one].service == problem_.guests[other].service) return;
    if (!holds_instead(one, to, other) || !holds_instead(other, from, one)) return;
    if (!keeps_service(one, to) || !keeps_service(other, from)) return;
    const Amounts& needs = problem_.guests[one].needs;
    const Amounts& others = problem_.guests[other].needs;
    const std::int64_t dearer = price_with(from, needs, others) + price_with(to, others, needs) -
                                host_price_[from] - host_price_[to] + price_of_moving(one, to) -
                                price_of_moving(one, from) + price_of_moving(other, from) -
                                price_of_moving(other, to) + price_of_services(one, to) +
                                price_of_services(other, from);
    if (!takes(dearer, warmth)) return;
    shift(one, to);
    // Services that depend on each other may mind that both go.
    if (!keeps_service(other, from)) return shift(one, from);
    shift(other, from);
}

void Reassigner::remember() {
    best_price_ = price_;
    best_ = at_;
}

void Reassigner::improve(std::int64_t tries, std::int64_t warmth) {
    for (std::int64_t count = 0; count < tries; ++count) {
        if (count % 2 == 0 || journal_ != nullptr)
            try_shift(warmth);
        else
            try_exchange(warmth);
        // Copying is dear: what is better by little is kept only at the end of the tries.
        if (price_ < best_price_ - (best_price_ >> 12)) remember();
    }
    if (price_ < best_price_) remember();
}

void Reassigner::return_to_best() {
    for (std::size_t guest = 0; guest < at_.size(); ++guest)
        if (at_[guest] != best_[guest]) shift(guest, best_[guest]);
}

std::int64_t Reassigner::usual_change(std::int64_t tries) {
    std::int64_t sum = 0;
    std::int64_t count = 0;
    for (std::int64_t number = 0; number < tries; ++number) {
        const std::size_t guest = chance_.below(at_.size());
        const std::size_t to = chance_.below(problem_.hosts.size());
        if (!may_move(guest, to)) continue;
        const std::size_t from = at_[guest];
        const std::int64_t before = price_;
        shift(guest, to);
        sum += std::abs(price_ - before);
        ++count;
        shift(guest, from);
    }
    return count == 0 ? 0 : sum / count;
}

// ---- the order ---------------------------------------------------------------------------------

namespace {

/// Guests on their way from where all were to where they shall be.
class Order {
  public:
    Order(Reassigner& walk, const std::vector<std::size_t>& goal) : walk_(walk), goal_(goal) {
        for (std::size_t guest = 0; guest < goal.size(); ++guest)
            if (goal[guest] != walk.at(guest)) waiting_.push_back(guest);
    }

    std::vector<Reassignment> moves() {
        while (!waiting_.empty()) {
            const std::size_t before = waiting_.size();
            std::erase_if(waiting_, [&](std::size_t guest) { return arrives(guest); });
            if (waiting_.size() < before) continue;
            if (std::none_of(waiting_.begin(), waiting_.end(),
                             [&](std::size_t guest) { return make_way(guest); }))
                break;
        }
        return std::move(moves_);
    }

  private:
    bool arrives(std::size_t guest) {
        if (walk_.at(guest) == goal_[guest]) return true;
        if (!walk_.may_move(guest, goal_[guest])) return false;
        go(guest, goal_[guest]);
        return true;
    }

    void go(std::size_t guest, std::size_t to) {
        walk_.move(guest, to);
        moves_.push_back({guest, to});
    }

    /// Others step aside until it may arrive, first those who want to leave anyway; or nothing is
    /// done.
    bool make_way(std::size_t guest) {
        const std::size_t to = goal_[guest];
        std::vector<std::size_t> others;
        for (std::size_t other = 0; other < goal_.size(); ++other)
            if (walk_.at(other) == to) others.push_back(other);
        std::stable_partition(others.begin(), others.end(),
                              [&](std::size_t other) { return goal_[other] != to; });
        const std::size_t before = moves_.size();
        for (const std::size_t other : others) {
            if (goal_[other] == to && steps_back_left_ == 0) break;
            if (!step_aside(other, guest)) continue;
            if (goal_[other] == to) {
                --steps_back_left_;
                waiting_again_.push_back(other);
            }
            if (!walk_.may_move(guest, to)) continue;
            go(guest, to);
            waiting_.insert(waiting_.end(), waiting_again_.begin(), waiting_again_.end());
            waiting_again_.clear();
            return true;
        }
        waiting_again_.clear();
        for (; moves_.size() > before; moves_.pop_back()) walk_.move(moves_.back().guest, to);
        return false;
    }

    /// Anywhere but where the guest is, whose place others may wait for.
    bool step_aside(std::size_t other, std::size_t guest) {
        for (std::size_t to = 0; to < walk_.hosts(); ++to)
            if (to != walk_.at(guest) && walk_.may_move(other, to)) {
                go(other, to);
                return true;
            }
        return false;
    }

    Reassigner& walk_;
    const std::vector<std::size_t>& goal_;
    std::vector<std::size_t> waiting_;
    std::vector<std::size_t> waiting_again_;
    std::vector<Reassignment> moves_;
    std::size_t steps_back_left_ = 200;  ///< who has arrived may stand in the way again
};

}  // namespace

std::vector<Reassignment> Reassigner::moves(std::int64_t tries) const {
    Reassigner walk(problem_, 1);
    const std::int64_t before = walk.price_;
    std::vector<Reassignment> moves = Order(walk, best_).moves();
    if (walk.at_ != best_) {
        walk.journal_ = &moves;
        walk.improve(tries, 0);
    }
    if (walk.price_ > before) moves.clear();
    return moves;
}

}  // namespace vdc::placement
