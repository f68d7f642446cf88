#include "placement/balance.h"

#include <algorithm>
#include <map>
#include <optional>

namespace vdc::placement {

using base::check;

namespace {

/// A share of 1; so small that squares of a thousand shares, weighed, fit 64 bits.
constexpr std::int64_t one = 1 << 14;

class Balance {
  public:
    Balance(const std::vector<Measure>& measures, const std::vector<Loads>& capacities,
            const std::vector<Load>& loads)
        : measures_(measures), capacities_(capacities), loads_(loads), used_(capacities.size()) {
        check(!measures.empty() && measures.size() <= measures_max, "too many measures, or none");
        for (const Measure& measure : measures)
            check(measure.weight > 0 && measure.weight <= weight_of_measure_max, "an odd weight");
        for (const Load& load : loads) {
            at_.push_back(load.host);
            add(load.host, load.of, +1);
        }
        for (std::size_t measure = 0; measure < measures.size(); ++measure) {
            std::int64_t all = 0;
            std::int64_t used = 0;
            for (std::size_t host = 0; host < capacities.size(); ++host) {
                check(capacities[host][measure] > 0, "a host without capacity");
                all += capacities[host][measure];
                used += used_[host][measure];
            }
            target_[measure] = used * one / std::max<std::int64_t>(1, all);
        }
        give_kinds();
    }

    std::int64_t unevenness() const {
        std::int64_t sum = 0;
        for (std::size_t host = 0; host < used_.size(); ++host) sum += uneven(host, {});
        return sum;
    }

    std::size_t host_of(std::size_t load) const { return at_[load]; }
    bool is_moved(std::size_t load) const { return at_[load] != loads_[load].host; }

    bool fits(std::size_t host, const Loads& more) const {
        for (std::size_t measure = 0; measure < measures_.size(); ++measure)
            if (measures_[measure].is_limit && more[measure] > 0 &&
                used_[host][measure] + more[measure] > capacities_[host][measure])
                return false;
        return true;
    }

    /// By how much the unevenness grows.
    std::int64_t growth(std::size_t load, std::size_t to) const {
        const Loads& of = loads_[load].of;
        return uneven(at_[load], negative(of)) - uneven(at_[load], {}) + uneven(to, of) -
               uneven(to, {});
    }

    void move(std::size_t load, std::size_t to) {
        add(at_[load], loads_[load].of, -1);
        add(to, loads_[load].of, +1);
        at_[load] = to;
    }

    /// The single move that lowers it most, of those who have not moved yet.
    std::optional<BalanceMove> best_move() const {
        std::optional<BalanceMove> best;
        std::int64_t least = 0;
        std::vector<bool> asked(used_.size() * kinds_);
        for (std::size_t load = 0; load < loads_.size(); ++load) {
            const std::size_t like = at_[load] * kinds_ + kind_[load];
            if (loads_[load].stays || is_moved(load) || asked[like]) continue;
            asked[like] = true;
            const Loads& of = loads_[load].of;
            const std::int64_t left = uneven(at_[load], negative(of)) - uneven(at_[load], {});
            for (std::size_t to = 0; to < used_.size(); ++to) {
                if (to == at_[load] || !fits(to, of)) continue;
                const std::int64_t grown = left + uneven(to, of) - uneven(to, {});
                if (grown >= least) continue;
                least = grown;
                best = BalanceMove{load, at_[load], to};
            }
        }
        return best;
    }

    /// Both exchange hosts if that lowers it, keeps the limits and moves no more loads than before.
    bool exchange(std::size_t a, std::size_t b) {
        const std::size_t of_a = at_[a];
        const std::size_t of_b = at_[b];
        if (of_a == of_b || kind_[a] == kind_[b] || loads_[a].stays || loads_[b].stays)
            return false;
        const int moved = is_moved(a) + is_moved(b);
        if ((of_b != loads_[a].host) + (of_a != loads_[b].host) > moved) return false;
        Loads change{};
        for (std::size_t measure = 0; measure < measures_.size(); ++measure)
            change[measure] = loads_[b].of[measure] - loads_[a].of[measure];
        const Loads other = negative(change);
        if (uneven(of_a, change) + uneven(of_b, other) >= uneven(of_a, {}) + uneven(of_b, {}) ||
            !fits(of_a, change) || !fits(of_b, other))
            return false;
        move(a, of_b);
        move(b, of_a);
        return true;
    }

  private:
    static Loads negative(Loads loads) {
        for (std::int64_t& each : loads) each = -each;
        return loads;
    }

    void add(std::size_t host, const Loads& loads, std::int64_t sign) {
        check(host < used_.size(), "a load on a host that is not there");
        for (std::size_t measure = 0; measure < measures_.size(); ++measure)
            used_[host][measure] += sign * loads[measure];
    }

    std::int64_t uneven(std::size_t host, const Loads& more) const {
        std::int64_t sum = 0;
        for (std::size_t measure = 0; measure < measures_.size(); ++measure) {
            const std::int64_t share =
                (used_[host][measure] + more[measure]) * one / capacities_[host][measure] -
                target_[measure];
            sum += measures_[measure].weight * share * share;
        }
        return sum;
    }

    /// Loads that are equal are asked once for each host.
    void give_kinds() {
        std::map<Loads, std::size_t> known;
        for (const Load& load : loads_)
            kind_.push_back(known.try_emplace(load.of, known.size()).first->second);
        kinds_ = known.size();
    }

    const std::vector<Measure>& measures_;
    const std::vector<Loads>& capacities_;
    const std::vector<Load>& loads_;
    std::vector<Loads> used_;
    Loads target_{};
    std::vector<std::size_t> at_;
    std::vector<std::size_t> kind_;
    std::size_t kinds_ = 0;
};

void polish(Balance& balance, std::size_t loads) {
    constexpr int sweeps_max = 64;
    for (int sweep = 0; sweep < sweeps_max; ++sweep) {
        bool better = false;
        for (std::size_t a = 0; a < loads; ++a)
            for (std::size_t b = a + 1; b < loads; ++b) better = balance.exchange(a, b) || better;
        if (!better) return;
    }
}

/// An order in which each of them fits when its turn comes: of those that do, the one first that
/// lowers the unevenness most. Empty: there is none.
std::vector<BalanceMove> in_order(Balance now, const Balance& then,
                                  const std::vector<Load>& loads) {
    std::vector<BalanceMove> left;
    for (std::size_t load = 0; load < loads.size(); ++load)
        if (then.is_moved(load)) left.push_back({load, now.host_of(load), then.host_of(load)});
    std::vector<BalanceMove> ordered;
    while (!left.empty()) {
        auto best = left.end();
        for (auto at = left.begin(); at != left.end(); ++at)
            if (now.fits(at->to, loads[at->load].of) &&
                (best == left.end() ||
                 now.growth(at->load, at->to) < now.growth(best->load, best->to)))
                best = at;
        if (best == left.end()) return {};
        now.move(best->load, best->to);
        ordered.push_back(*best);
        left.erase(best);
    }
    return ordered;
}

}  // namespace

std::int64_t unevenness(const std::vector<Measure>& measures, const std::vector<Loads>& capacities,
                        const std::vector<Load>& loads) {
    return Balance(measures, capacities, loads).unevenness();
}

std::vector<BalanceMove> plan_balance(const std::vector<Measure>& measures,
                                      const std::vector<Loads>& capacities,
                                      const std::vector<Load>& loads, std::size_t moves_max) {
    const Balance now(measures, capacities, loads);
    Balance then = now;
    std::vector<BalanceMove> descent;
    while (descent.size() < moves_max) {
        const auto move = then.best_move();
        if (!move) break;
        then.move(move->load, move->to);
        descent.push_back(*move);
    }
    constexpr std::size_t polished_max = 4096;  // every pair is asked
    if (loads.size() <= polished_max) polish(then, loads.size());
    std::vector<BalanceMove> polished = in_order(now, then, loads);
    return polished.empty() ? descent : polished;
}

}  // namespace vdc::placement
