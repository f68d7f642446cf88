#include <algorithm>
#include <map>
#include <memory>

#include "placement/moves.h"
#include "trials/instances.h"
#include "trials/kinds_of_trials.h"

// Instances come and leave as recorded, onto as many equal hosts as are needed; nobody is refused.
// What counts is how long how many hosts are not empty.
namespace vdc::trials {

using base::Error;
using base::Json;
using base::Result;
using placement::Kinds;

namespace {

using Name = std::size_t;  ///< of an instance: its place in the trace

class Policy {
  public:
    virtual ~Policy() = default;
    /// It comes, and sits somewhere.
    virtual void come(Name name, const TracedInstance& instance) = 0;
    virtual void leave(Name name, const TracedInstance& instance) = 0;
    virtual std::int64_t hosts_in_use() const = 0;
    /// Now and then: so many came so far.
    virtual void tidy(std::int64_t /*came*/) {}
    virtual std::int64_t moves() const { return 0; }
};

// ---- ours --------------------------------------------------------------------------------------

/// Gathers. Empty hosts are parked: closed until somebody fits nowhere else.
class Ours : public Policy {
  public:
    Ours(const PlacementWish& wish, const std::vector<TracedInstance>& all)
        : wish_(wish), there_(all.size()) {
        placement::Mix mix;
        mix.aim = placement::Aim::gather;
        fleet_.set_mix(std::move(mix));
    }

    void come(Name name, const TracedInstance& instance) override {
        There& there = there_[name];
        there.request = instance.request(false);
        placement::Decision decision = fleet_.decide(there.request);
        if (!decision.best) {
            wake_one();
            decision = fleet_.decide(there.request);
        }
        there.guest = fleet_.put(decision.best->host, there.request, decision.seat);
        names_.resize(std::max<std::size_t>(names_.size(), there.guest + 1));
        names_[there.guest] = name;
    }

    void leave(Name name, const TracedInstance&) override {
        const placement::GuestSlot guest = there_[name].guest;
        const placement::HostSlot host = fleet_.roster().guest(guest).host;
        fleet_.take_away(guest);
        if (fleet_.roster().host(host).guests == 0) park(fleet_.roster().host(host).id);
    }

    std::int64_t hosts_in_use() const override { return in_use_; }

  protected:
    struct There {
        placement::Request request;
        placement::GuestSlot guest = 0;
    };

    void park(model::HostId id) {
        set_state(id, placement::HostState::closed);
        parked_.push_back(id);
        --in_use_;
    }

    placement::Fleet fleet_;
    const PlacementWish& wish_;
    std::vector<There> there_;
    std::vector<Name> names_{};  ///< by guest

  private:
    void wake_one() {
        ++in_use_;
        if (!parked_.empty()) {
            const auto lowest = std::min_element(parked_.begin(), parked_.end());
            set_state(*lowest, placement::HostState::open);
            parked_.erase(lowest);
            return;
        }
        set_state({base::Uuid{1, ++made_}}, placement::HostState::open);
    }

    void set_state(model::HostId id, placement::HostState state) {
        placement::HostSpec spec;
        spec.name = std::to_string(1'000'000 + id.value.low);
        spec.capacity[Kinds::cpu] = wish_.host_cpus * 1000;
        spec.capacity[Kinds::memory] = wish_.host_memory * 1024;
        spec.state = state;
        fleet_.set_host(id, spec);
    }

    std::vector<model::HostId> parked_;
    std::uint64_t made_ = 0;
    std::int64_t in_use_ = 0;
};

/// Empties hosts now and then, with at most one move for so many that came so far.
class OursWithMoves : public Ours {
  public:
    using Ours::Ours;

    void tidy(std::int64_t came) override {
        placement::MoveLimits limits;
        limits.budget = came / wish_.arrivals_per_move - moves_;
        limits.worth = wish_.host_worth;
        if (limits.budget <= 0) return;
        placement::MovePlanner planner(
            fleet_,
            [this](placement::GuestSlot guest) {
                return placement::Movable{&there_[names_[guest]].request};
            },
            limits);
        const placement::MovePlan plan = planner.empty_hosts();
        for (const placement::Migration& move : plan.moves)
            placement::make(fleet_, move, there_[names_[move.guest]].request);
        for (const model::HostId id : plan.emptied) park(id);
        moves_ += static_cast<std::int64_t>(plan.moves.size());
    }

    std::int64_t moves() const override { return moves_; }

  private:
    std::int64_t moves_ = 0;
};

// ---- references --------------------------------------------------------------------------------

/// Hosts in the order in which they came into use; where the highest score is, the first of equals.
class Reference : public Policy {
  public:
    Reference(const PlacementWish& wish, const std::vector<TracedInstance>& all)
        : all_(all), empty_{wish.host_cpus, wish.host_memory, {}}, on_(all.size()) {}

    void come(Name name, const TracedInstance& instance) override {
        std::int64_t best = -1;
        std::int64_t most = 0;
        for (const auto& [number, host] : hosts_) {
            if (host.cpus < instance.cpus || host.memory < instance.memory) continue;
            const std::int64_t points = score(host, instance);
            if (best >= 0 && points <= most) continue;
            best = number;
            most = points;
        }
        if (best < 0) {
            best = next_++;
            hosts_.emplace(best, empty_);
        }
        Host& host = hosts_.at(best);
        host.cpus -= instance.cpus;
        host.memory -= instance.memory;
        host.names.push_back(name);
        on_[name] = best;
    }

    void leave(Name name, const TracedInstance& instance) override {
        Host& host = hosts_.at(on_[name]);
        host.cpus += instance.cpus;
        host.memory += instance.memory;
        std::erase(host.names, name);
        if (host.names.empty()) hosts_.erase(on_[name]);
    }

    std::int64_t hosts_in_use() const override { return static_cast<std::int64_t>(hosts_.size()); }

  protected:
    struct Host {
        std::int64_t cpus = 0;
        std::int64_t memory = 0;
        std::vector<Name> names;
    };

    virtual std::int64_t score(const Host& host, const TracedInstance& instance) const = 0;

    const std::vector<TracedInstance>& all_;
    const Host empty_;

  private:
    std::map<std::int64_t, Host> hosts_;
    std::vector<std::int64_t> on_;
    std::int64_t next_ = 0;
};

class FirstFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const Host&, const TracedInstance&) const override { return 0; }
};

/// The least left of processors and memory together, by their shares.
class BestFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const Host& host, const TracedInstance&) const override {
        return -(host.cpus * 1000 / empty_.cpus + host.memory * 1000 / empty_.memory);
    }
};

/// Knows when everybody will leave: the host that has to run least longer for it, and of these the
/// one that runs least beyond it.
class KnowsLifetimes : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const Host& host, const TracedInstance& instance) const override {
        const auto end = [](const TracedInstance& each) { return each.arrives + each.lives; };
        std::int64_t last = instance.arrives;
        for (const Name name : host.names) last = std::max(last, end(all_[name]));
        constexpr std::int64_t much = 1'000'000;
        const std::int64_t longer = end(instance) - last;
        return longer > 0 ? -longer * much : longer;
    }
};

// ---- the trial ---------------------------------------------------------------------------------

struct Outcome {
    double host_seconds = 0;
    double bound = 0;
    std::int64_t peak = 0;
    double seconds_late = 0;  ///< of the second half
    double host_seconds_late = 0;
    std::int64_t moves = 0;
    bool within_budget = true;
};

/// Counts what is there, up to a time.
class Meter {
  public:
    Meter(const PlacementWish& wish, const std::vector<TracedInstance>& all)
        : wish_(wish),
          now_(all.front().arrives),
          half_((all.front().arrives + all.back().arrives) / 2) {}

    void until(std::int64_t when, const Policy& policy) {
        const auto seconds = static_cast<double>(when - now_);
        const auto hosts = static_cast<double>(policy.hosts_in_use());
        outcome_.host_seconds += hosts * seconds;
        outcome_.bound += static_cast<double>(least()) * seconds;
        if (const std::int64_t late = when - std::max(now_, half_); late > 0) {
            outcome_.seconds_late += static_cast<double>(late);
            outcome_.host_seconds_late += hosts * static_cast<double>(late);
        }
        now_ = when;
    }

    void count(const TracedInstance& instance, std::int64_t sign, const Policy& policy) {
        cpus_ += sign * instance.cpus;
        memory_ += sign * instance.memory;
        outcome_.peak = std::max(outcome_.peak, policy.hosts_in_use());
    }

    Outcome& outcome() { return outcome_; }

  private:
    /// Fewer hosts would not hold them however they are put.
    std::int64_t least() const {
        return std::max((cpus_ + wish_.host_cpus - 1) / wish_.host_cpus,
                        (memory_ + wish_.host_memory - 1) / wish_.host_memory);
    }

    const PlacementWish& wish_;
    std::int64_t now_;
    std::int64_t half_;
    std::int64_t cpus_ = 0;
    std::int64_t memory_ = 0;
    Outcome outcome_;
};

/// From the first arrival to the last.
Outcome play(Policy& policy, const std::vector<TracedInstance>& all, const PlacementWish& wish) {
    Meter meter(wish, all);
    std::multimap<std::int64_t, Name> leaving;
    std::int64_t next_tidying = all.front().arrives;
    for (Name name = 0; name < all.size(); ++name) {
        const TracedInstance& instance = all[name];
        for (; !leaving.empty() && leaving.begin()->first <= instance.arrives;
             leaving.erase(leaving.begin())) {
            const auto [when, who] = *leaving.begin();
            meter.until(when, policy);
            policy.leave(who, all[who]);
            meter.count(all[who], -1, policy);
        }
        meter.until(instance.arrives, policy);
        policy.come(name, instance);
        meter.count(instance, +1, policy);
        leaving.emplace(instance.arrives + instance.lives, name);
        if (instance.arrives < next_tidying) continue;
        policy.tidy(static_cast<std::int64_t>(name) + 1);
        next_tidying = instance.arrives + wish.pass;
    }
    meter.outcome().moves = policy.moves();
    return meter.outcome();
}

double thousandths(double value) {
    return static_cast<double>(static_cast<std::int64_t>(value * 1000 + 0.5)) / 1000;
}

Json row_of(const char* name, const Outcome& outcome, std::int64_t fleet) {
    const double empty =
        outcome.seconds_late > 0
            ? 1 - outcome.host_seconds_late / outcome.seconds_late / static_cast<double>(fleet)
            : 0;
    return Json::object({{"policy", name},
                         {"host_hours", static_cast<std::int64_t>(outcome.host_seconds / 3600)},
                         {"of_bound", thousandths(outcome.host_seconds / outcome.bound)},
                         {"peak", outcome.peak},
                         {"empty_percent", thousandths(empty * 100)},
                         {"moves", outcome.moves}});
}

base::Status check_sizes(const std::vector<TracedInstance>& all, const PlacementWish& wish) {
    for (const TracedInstance& each : all)
        if (each.cpus > wish.host_cpus || each.memory > wish.host_memory)
            return Error{Error::Code::invalid,
                         "an instance of the trace is larger than an empty host",
                         "give larger hosts: --host-cpus, --host-memory"};
    return {};
}

}  // namespace

Result<Json> packing_over_time(const PlacementWish& wish) {
    const std::vector<TracedInstance> all = TRY(read_instances(wish));
    TRY(check_sizes(all, wish));
    const auto played = [&](auto policy) { return play(policy, all, wish); };
    const Outcome first = played(FirstFit(wish, all));
    if (first.bound <= 0)
        return Error{Error::Code::invalid, "nobody stays for any time in these rows",
                     "give more rows"};
    Json rows = Json::array();
    rows.push(row_of("first_fit", first, first.peak));
    rows.push(row_of("best_fit", played(BestFit(wish, all)), first.peak));
    rows.push(row_of("knows_lifetimes", played(KnowsLifetimes(wish, all)), first.peak));
    Ours ours(wish, all);
    rows.push(row_of("ours", play(ours, all, wish), first.peak));
    OursWithMoves moving(wish, all);
    rows.push(row_of("ours_with_moves", play(moving, all, wish), first.peak));
    return Json::object({{"trace", "time"},
                         {"instances", static_cast<std::int64_t>(all.size())},
                         {"bound_host_hours", static_cast<std::int64_t>(first.bound / 3600)},
                         {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
