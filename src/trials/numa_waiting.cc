#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "base/chance.h"
#include "placement/fleet.h"
#include "trials/instances.h"
#include "trials/kinds_of_trials.h"

// A queue before a few hosts of two cells, served strictly in the order of arrival. When the head
// fits nowhere, time jumps to the next departures until it does.
namespace vdc::trials {

using base::Chance;
using base::Error;
using base::Json;
using base::Result;
using placement::Kinds;

namespace {

/// Where somebody sits, as the policy that placed him understands it.
struct Place {
    std::size_t host = 0;
    std::size_t cell = 0;
    placement::GuestSlot guest = 0;
};

class Policy {
  public:
    virtual ~Policy() = default;
    virtual std::optional<Place> place(const TracedInstance& instance) = 0;
    virtual void leave(const TracedInstance& instance, const Place& place) = 0;
};

class Ours : public Policy {
  public:
    explicit Ours(const PlacementWish& wish) {
        for (std::int64_t number = 0; number < wish.hosts; ++number) {
            placement::HostSpec spec;
            spec.name = std::to_string(1'000'000 + number);
            spec.capacity[Kinds::cpu] = wish.host_cpus * 1000;
            spec.capacity[Kinds::memory] = wish.host_memory * 1024;
            spec.cells.assign(
                static_cast<std::size_t>(wish.cells),
                {wish.host_cpus * 1000 / wish.cells, wish.host_memory * 1024 / wish.cells, 0});
            fleet_.set_host({base::Uuid{1, static_cast<std::uint64_t>(number + 1)}}, spec);
        }
        fleet_.set_mix(placement::doubling_sizes(wish.host_cpus, 2048,
                                                 TracedInstance::memory_of_a_cell * 1024));
    }

    std::optional<Place> place(const TracedInstance& instance) override {
        const placement::Request request = instance.request(true);
        const placement::Decision decision = fleet_.decide(request);
        if (!decision.best) return {};
        return Place{0, 0, fleet_.put(decision.best->host, request, decision.seat)};
    }

    void leave(const TracedInstance&, const Place& place) override {
        fleet_.take_away(place.guest);
    }

  private:
    placement::Fleet fleet_;
};

/// Hosts of two cells, in thousandths of processors and of GiB.
class Reference : public Policy {
  public:
    explicit Reference(const PlacementWish& wish)
        : cpus_(wish.host_cpus * 1000 / wish.cells),
          memory_(wish.host_memory * 1000 / wish.cells),
          hosts_(static_cast<std::size_t>(wish.hosts)) {
        for (auto& cells : hosts_)
            cells.assign(static_cast<std::size_t>(wish.cells), {cpus_, memory_});
    }

    std::optional<Place> place(const TracedInstance& instance) override {
        const auto found = instance.is_split() ? first_split(instance) : choose(instance);
        if (found) move(instance, *found, -1);
        return found;
    }

    void leave(const TracedInstance& instance, const Place& place) override {
        move(instance, place, +1);
    }

  protected:
    struct Left {
        std::int64_t cpus = 0;
        std::int64_t memory = 0;
    };

    virtual std::optional<Place> choose(const TracedInstance& instance) const = 0;

    static bool holds(const Left& cell, const TracedInstance& instance, std::int64_t parts) {
        return cell.cpus * parts >= instance.cpus * 1000 &&
               cell.memory * parts >= instance.memory * 1000;
    }

    std::optional<Place> first_split(const TracedInstance& instance) const {
        for (std::size_t host = 0; host < hosts_.size(); ++host)
            if (hosts_[host].size() >= 2 && holds(hosts_[host][0], instance, 2) &&
                holds(hosts_[host][1], instance, 2))
                return Place{host};
        return {};
    }

    void move(const TracedInstance& instance, const Place& place, std::int64_t sign) {
        const std::size_t parts = instance.is_split() ? 2 : 1;
        const std::size_t first = instance.is_split() ? 0 : place.cell;
        for (std::size_t cell = first; cell < first + parts; ++cell) {
            hosts_[place.host][cell].cpus +=
                sign * instance.cpus * 1000 / static_cast<std::int64_t>(parts);
            hosts_[place.host][cell].memory +=
                sign * instance.memory * 1000 / static_cast<std::int64_t>(parts);
        }
    }

    std::int64_t cpus_;
    std::int64_t memory_;
    std::vector<std::vector<Left>> hosts_;
};

class FirstFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::optional<Place> choose(const TracedInstance& instance) const override {
        for (std::size_t host = 0; host < hosts_.size(); ++host)
            for (std::size_t cell = 0; cell < hosts_[host].size(); ++cell)
                if (holds(hosts_[host][cell], instance, 1)) return Place{host, cell};
        return {};
    }
};

/// Among hosts where it fits, the one whose cells differ most by the lesser of their shares left;
/// there the cell with more left.
class BalanceFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t share(const Left& cell) const {
        return std::min(cell.cpus * 1'000'000 / cpus_, cell.memory * 1'000'000 / memory_);
    }

    std::optional<Place> choose(const TracedInstance& instance) const override {
        std::optional<Place> best;
        std::int64_t widest = -1;
        for (std::size_t host = 0; host < hosts_.size(); ++host) {
            const auto& cells = hosts_[host];
            std::size_t emptiest = 0;
            std::int64_t least = share(cells[0]);
            for (std::size_t cell = 1; cell < cells.size(); ++cell) {
                if (share(cells[cell]) > share(cells[emptiest])) emptiest = cell;
                least = std::min(least, share(cells[cell]));
            }
            const std::int64_t gap = share(cells[emptiest]) - least;
            for (std::size_t turn = 0; turn < cells.size(); ++turn) {
                const std::size_t cell = (emptiest + turn) % cells.size();
                if (!holds(cells[cell], instance, 1)) continue;
                if (gap > widest) {
                    widest = gap;
                    best = Place{host, cell};
                }
                break;
            }
        }
        return best;
    }
};

/// Who leaves when.
class Departures {
  public:
    void add(std::int64_t when, std::size_t instance, const Place& place) {
        leaving_.insert({when, {instance, place}});
    }
    std::int64_t next() const { return leaving_.begin()->first; }
    bool none() const { return leaving_.empty(); }
    void apply_until(std::int64_t when, const std::vector<TracedInstance>& all, Policy& policy) {
        while (!leaving_.empty() && leaving_.begin()->first <= when) {
            const auto& [instance, place] = leaving_.begin()->second;
            policy.leave(all[instance], place);
            leaving_.erase(leaving_.begin());
        }
    }

  private:
    std::multimap<std::int64_t, std::pair<std::size_t, Place>> leaving_;
};

/// How many first fit places before it refuses one for the first time, asked before the departures
/// between two arrivals, and 40 more.
std::size_t length_from(const std::vector<TracedInstance>& all, std::size_t begin,
                        const PlacementWish& wish) {
    constexpr std::size_t more = 40;
    FirstFit policy(wish);
    Departures departures;
    for (std::size_t at = begin; at < all.size(); ++at) {
        const auto place = policy.place(all[at]);
        if (!place) return at - begin + more;
        departures.apply_until(all[at].arrives, all, policy);
        departures.add(all[at].arrives + all[at].lives, at, *place);
    }
    return all.size();
}

/// The sum of all waits, in seconds. None: somebody is too large for an empty host.
std::optional<std::int64_t> waited(const std::vector<TracedInstance>& all, std::size_t begin,
                                   std::size_t length, Policy& policy) {
    Departures departures;
    std::int64_t now = 0;
    std::int64_t sum = 0;
    for (std::size_t at = begin; at < begin + length; ++at) {
        now = std::max(now, all[at].arrives);
        departures.apply_until(now, all, policy);
        auto place = policy.place(all[at]);
        while (!place) {
            if (departures.none()) return {};
            now = std::max(now, departures.next());
            departures.apply_until(now, all, policy);
            place = policy.place(all[at]);
        }
        sum += now - all[at].arrives;
        departures.add(now + all[at].lives, at, *place);
    }
    return sum;
}

struct Episode {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// Drawn uniformly; those that would pass the end of the data are drawn again.
std::vector<Episode> draw(const std::vector<TracedInstance>& all, const PlacementWish& wish) {
    Chance chance(static_cast<std::uint64_t>(wish.first_seed));
    std::vector<Episode> episodes;
    for (std::int64_t tries = 0; std::cmp_less(episodes.size(), wish.points); ++tries) {
        if (tries > 10 * wish.points) break;
        const std::size_t begin = chance.below(all.size());
        const std::size_t length = length_from(all, begin, wish);
        if (begin + length <= all.size()) episodes.push_back({begin, length});
    }
    return episodes;
}

/// Without the lowest and the highest tenth.
double trimmed_mean(std::vector<std::int64_t> waits) {
    std::sort(waits.begin(), waits.end());
    const std::size_t cut = waits.size() / 10;
    double sum = 0;
    for (std::size_t at = cut; at < waits.size() - cut; ++at) sum += static_cast<double>(waits[at]);
    return sum / static_cast<double>(waits.size() - 2 * cut);
}

template <class P>
Result<std::vector<std::int64_t>> waits_of(const std::vector<TracedInstance>& all,
                                           const std::vector<Episode>& episodes,
                                           const PlacementWish& wish) {
    std::vector<std::int64_t> waits;
    for (const Episode& episode : episodes) {
        P policy(wish);
        const auto sum = waited(all, episode.begin, episode.length, policy);
        if (!sum)
            return Error{Error::Code::invalid,
                         "an instance of the trace is larger than an empty host",
                         "give larger hosts: --host-cpus, --host-memory"};
        waits.push_back(*sum);
    }
    return waits;
}

Json row_of(const char* policy, const std::vector<std::int64_t>& waits, double balance) {
    const double mean = trimmed_mean(waits);
    return Json::object(
        {{"policy", policy},
         {"wait_s", static_cast<std::int64_t>(mean)},
         {"of_balance_fit",
          static_cast<double>(std::int64_t(mean / std::max(1.0, balance) * 1000)) / 1000}});
}

}  // namespace

Result<Json> numa_waiting(const PlacementWish& given) {
    PlacementWish wish = given;
    if (wish.hosts == 0) wish.hosts = 5;
    const std::vector<TracedInstance> all = TRY(read_instances(wish));
    const std::vector<Episode> episodes = draw(all, wish);
    if (episodes.empty())
        return Error{Error::Code::invalid, "no episode fits into these rows",
                     "give more rows, or fewer hosts"};
    const auto balance = TRY(waits_of<BalanceFit>(all, episodes, wish));
    const double mean = trimmed_mean(balance);
    Json rows = Json::array();
    rows.push(row_of("first_fit", TRY(waits_of<FirstFit>(all, episodes, wish)), mean));
    rows.push(row_of("balance_fit", balance, mean));
    rows.push(row_of("ours", TRY(waits_of<Ours>(all, episodes, wish)), mean));
    return Json::object({{"trace", "numa"},
                         {"hosts", wish.hosts},
                         {"episodes", static_cast<std::int64_t>(episodes.size())},
                         {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
