#include "control/balance.h"

#include <algorithm>
#include <limits>
#include <map>

#include "control/moves.h"
#include "control/recovery.h"
#include "model/apply.h"
#include "model/runs.h"

namespace vdc::control {

using namespace std::chrono_literals;
using model::ApplicationId;
using model::BalanceAim;
using model::BalanceDeclared;
using model::BalanceStep;
using model::Host;
using model::HostHealth;
using model::HostId;
using model::Instance;
using model::InstanceId;
using model::Link;
using model::Snapshot;
using placement::LevelGuest;
using placement::LevelMove;
using placement::Levels;
using placement::Loads;
using placement::Measure;

// ---- when --------------------------------------------------------------------------------------

std::string unrest_because(const Snapshot& datacenter) {
    for (const auto& [id, host] : datacenter.all<Host>()) {
        const HostHealth health = host->claimed.health;
        if (health == HostHealth::suspect || health == HostHealth::fencing)
            return host->name + " is " + std::string(word(health));
        if (host->declared.drain && datacenter.has_linked(Link::host_instance, id.value))
            return host->name + " is being drained";
    }
    constexpr std::size_t looked_at_max = 64;
    for (const InstanceId id : datacenter.unplaced(looked_at_max)) {
        const auto& instance = datacenter.get<Instance>(id);
        if (recovers(datacenter, instance)) return instance.name + " waits for another host";
    }
    return {};
}

BalanceDeclared balance_rules(const Snapshot& datacenter) {
    const auto& all = datacenter.all<model::Balance>();
    return all.empty() ? BalanceDeclared{} : all.begin()->second->declared;
}

std::int64_t gain_needed(const BalanceDeclared& rules, model::Bytes bytes) {
    constexpr Duration doubled_by = 10min;
    return rules.least_gain * (doubled_by + time_to_move(bytes)).count() / doubled_by.count();
}

// ---- hosts as columns --------------------------------------------------------------------------

/// Memory and processors.
static Loads loads_of(const model::Resources& resources) {
    return {resources.memory.count, resources.vcpus.count};
}

static Loads loads_of(const Instance& instance) {
    return {instance.declared.memory.count, instance.declared.vcpus.count};
}

struct BalanceColumns {
    std::vector<HostId> ids;
    std::vector<Loads> capacities;
    std::vector<Loads> used;
    std::vector<bool> takes;
};

static bool takes_part(const Host& host) {
    const model::Resources all = model::claimable(host);
    return host.claimed.health == HostHealth::up && !host.declared.drain &&
           !host.observed.moves_at.empty() && all.memory.count > 0 && all.vcpus.count > 0;
}

static std::optional<std::size_t> number_in(const std::vector<HostId>& ids, HostId host) {
    const auto at = std::lower_bound(ids.begin(), ids.end(), host);
    if (at == ids.end() || *at != host) return {};
    return static_cast<std::size_t>(at - ids.begin());
}

static BalanceColumns columns_of(const Snapshot& datacenter) {
    BalanceColumns columns;
    for (const auto& [id, host] : datacenter.all<Host>()) {
        if (!takes_part(*host)) continue;
        columns.ids.push_back(id);
        columns.capacities.push_back(loads_of(model::claimable(*host)));
        columns.used.push_back(loads_of(datacenter.claimed(id)));
        columns.takes.push_back(takes_instances(*host));
    }
    for (const auto& [id, host] : datacenter.all<Host>())
        for (const auto* coming : datacenter.linked_records<Instance>(Link::host_arrival, id.value))
            if (const auto from = number_in(columns.ids, *coming->claimed.host)) {
                const Loads of = loads_of(*coming);
                for (std::size_t each = 0; each < of.size(); ++each)
                    columns.used[*from][each] -= of[each];
            }
    return columns;
}

BalanceHosts::BalanceHosts(const Snapshot& datacenter) : BalanceHosts(columns_of(datacenter)) {}

BalanceHosts::BalanceHosts(BalanceColumns columns)
    : ids_(std::move(columns.ids)),
      levels_({Measure{}, Measure{}}, std::move(columns.capacities), std::move(columns.used),
              std::move(columns.takes)) {}

std::optional<std::size_t> BalanceHosts::number(HostId host) const {
    return number_in(ids_, host);
}

std::int64_t BalanceHosts::gain(const Instance& instance, HostId from, HostId to) const {
    const auto source = number(from);
    const auto target = number(to);
    if (!source || !target) return std::numeric_limits<std::int64_t>::min();
    return levels_.gain(loads_of(instance), *source, *target);
}

void BalanceHosts::move(const Instance& instance, HostId from, HostId to) {
    const auto source = number(from);
    const auto target = number(to);
    if (source && target) levels_.move(loads_of(instance), *source, *target);
}

std::int64_t unevenness(const Snapshot& datacenter) {
    return BalanceHosts(datacenter).levels().unevenness();
}

// ---- the plan ----------------------------------------------------------------------------------

namespace {

std::string percent(std::int64_t thousandths) {
    return std::to_string(thousandths / 10) + "." + std::to_string(thousandths % 10) + " %";
}

class Planner {
  public:
    Planner(Guarantee& guarantee, const Snapshot& datacenter, const BalanceDeclared& rules,
            Instant now)
        : guarantee_(guarantee), s_(datacenter), rules_(rules), now_(now), hosts_(datacenter) {}

    BalancePlan plan() {
        BalancePlan plan;
        plan.before = plan.predicted = hosts_.levels().unevenness();
        if (hosts_.ids().size() < 2) return plan;
        if (is_any_over()) level(BalanceAim::room);
        for (const auto& [id, application] : s_.all<model::Application>())
            if (application->declared.replicas > 1) set_apart(*application);
        level(BalanceAim::level);
        plan.predicted = hosts_.levels().unevenness();
        plan.steps = std::move(steps_);
        return plan;
    }

    /// The guarantee forgets what was only planned.
    void forget() {
        for (const auto& [id, to] : moved_) {
            guarantee_.look(s_, s_.get<Instance>(id).subject());
            guarantee_.look(s_, s_.get<Host>(to).subject());
        }
    }

  private:
    bool may_move(const Instance& instance) const {
        return !moved_.contains(instance.id) && now_ >= instance.claimed.move_again_at &&
               now_ - instance.observed.since >= rules_.rest &&
               immovable_because(s_, instance).empty();
    }

    HostId host_of(const Instance& instance) const {
        const auto moved = moved_.find(instance.id);
        if (moved != moved_.end()) return moved->second;
        return instance.claimed.move ? instance.claimed.move->to : *instance.claimed.host;
    }

    std::map<HostId, std::int64_t> replicas(ApplicationId application) const {
        std::map<HostId, std::int64_t> counts;
        for (const auto* each :
             s_.linked_records<Instance>(Link::application_instance, application.value))
            if (each->claimed.host) ++counts[host_of(*each)];
        return counts;
    }

    bool has_room_in_plan() const { return steps_.size() < balance_moves_max; }

    /// Makes the move on paper, if every rule lets it be.
    bool take(const Instance& instance, HostId to) {
        return kept_out_because(s_, instance, s_.get<Host>(to)).empty() &&
               guarantee_.take_move(s_, instance, to);
    }

    void note(const Instance& instance, HostId to, BalanceAim aim, std::int64_t gain,
              std::string why) {
        steps_.push_back({instance.id, *instance.claimed.host, to, aim, gain,
                          bytes_to_move(s_, instance), std::move(why)});
        moved_[instance.id] = to;
    }

    const std::string& name(HostId host) const { return s_.get<Host>(host).name; }

    // ---- replicas apart

    void set_apart(const model::Application& application) {
        auto counts = replicas(application.id);
        const bool share = std::any_of(counts.begin(), counts.end(),
                                       [](const auto& each) { return each.second > 1; });
        if (!share) return;
        for (const auto* replica :
             s_.linked_records<Instance>(Link::application_instance, application.id.value)) {
            if (!has_room_in_plan()) return;
            if (!replica->claimed.host || counts[*replica->claimed.host] < 2) continue;
            if (may_move(*replica)) part(*replica, application.name, counts);
        }
    }

    /// Of the emptiest hosts to the one with the fewest replicas, if those are two fewer at least.
    void part(const Instance& replica, const std::string& application,
              std::map<HostId, std::int64_t>& counts) {
        const HostId from = *replica.claimed.host;
        const auto source = hosts_.number(from);
        if (!source) return;
        std::vector<std::tuple<std::int64_t, std::int64_t, std::size_t>> ways;
        for (const std::size_t to : hosts_.levels().emptiest()) {
            const auto there = counts.find(hosts_.ids()[to]);
            const std::int64_t count = there == counts.end() ? 0 : there->second;
            if (count + 2 > counts[from] || !hosts_.levels().holds(to, loads_of(replica))) continue;
            ways.emplace_back(count, hosts_.levels().fullness(to), to);
        }
        std::sort(ways.begin(), ways.end());
        constexpr std::size_t asked_max = 8;
        if (ways.size() > asked_max) ways.resize(asked_max);
        for (const auto& [count, fullness, number] : ways) {
            const HostId to = hosts_.ids()[number];
            if (!take(replica, to)) continue;
            note(replica, to, BalanceAim::apart, hosts_.gain(replica, from, to),
                 name(from) + " has " + std::to_string(counts[from]) + " replicas of " +
                     application + ", " + name(to) + " " +
                     (count == 0 ? "none" : std::to_string(count)));
            hosts_.move(replica, from, to);
            --counts[from];
            ++counts[to];
            return;
        }
    }

    // ---- hosts level

    bool is_any_over() {
        for (std::size_t host = 0; host < hosts_.ids().size(); ++host)
            if (hosts_.levels().is_over(host)) return true;
        return false;
    }

    void level(BalanceAim aim) {
        std::vector<const Instance*> guests;
        const auto guests_of = [&](std::size_t host) -> std::vector<LevelGuest> {
            if (aim == BalanceAim::room && !hosts_.levels().is_over(host)) return {};
            return guests_on(hosts_.ids()[host], guests);
        };
        bool over = false;
        const auto allows = [&](const LevelMove& move) {
            const Instance& instance = *guests[move.guest];
            over = hosts_.levels().is_over(move.from);
            if (aim == BalanceAim::room && !over) return false;
            const HostId to = hosts_.ids()[move.to];
            if (!keeps_apart(instance, to) || !take(instance, to)) return false;
            const std::string& from = name(*instance.claimed.host);
            note(instance, to, over ? BalanceAim::room : BalanceAim::level, move.gain,
                 over ? from + " has more claimed than it may"
                      : from + " is " + percent(move.gain) + " fuller than " + name(to) +
                            " without it");
            return true;
        };
        hosts_.levels().plan(guests_of, allows, rules_.least_gain,
                             balance_moves_max - steps_.size());
    }

    std::vector<LevelGuest> guests_on(HostId host, std::vector<const Instance*>& guests) const {
        std::vector<LevelGuest> found;
        for (const auto* instance : s_.linked_records<Instance>(Link::host_instance, host.value)) {
            if (!may_move(*instance)) continue;
            const model::Bytes bytes = bytes_to_move(s_, *instance);
            found.push_back({guests.size(), loads_of(*instance), bytes.count >> 20,
                             gain_needed(rules_, bytes)});
            guests.push_back(instance);
        }
        return found;
    }

    bool keeps_apart(const Instance& instance, HostId to) const {
        if (!instance.declared.application) return true;
        auto counts = replicas(*instance.declared.application);
        return counts[to] < counts[*instance.claimed.host];
    }

    Guarantee& guarantee_;
    const Snapshot& s_;
    const BalanceDeclared& rules_;
    const Instant now_;
    BalanceHosts hosts_;
    std::vector<BalanceStep> steps_;
    std::map<InstanceId, HostId> moved_;
};

}  // namespace

BalancePlan balance_plan(Guarantee& guarantee, const Snapshot& datacenter,
                         const BalanceDeclared& rules, Instant now) {
    Planner planner(guarantee, datacenter, rules, now);
    BalancePlan plan = planner.plan();
    planner.forget();
    return plan;
}

}  // namespace vdc::control
