#include "control/advice.h"

#include <algorithm>

#include "control/recovery.h"
#include "model/apply.h"
#include "model/runs.h"
#include "placement/balance.h"

namespace vdc::control {

using model::Host;
using model::HostId;
using model::Instance;
using model::Snapshot;
using placement::Load;
using placement::Loads;
using placement::Measure;

namespace {

const std::vector<Measure> measures{Measure{}, Measure{}};  // memory, processors

bool may_move(const Snapshot& datacenter, const Instance& instance) {
    return !instance.deleting && !instance.claimed.leaving &&
           wanted_power(instance) != model::Power::off && is_protected(datacenter, instance);
}

/// Hosts and instances as columns of numbers.
class Columns {
  public:
    explicit Columns(const Snapshot& datacenter) {
        for (const auto& [id, host] : datacenter.all<Host>())
            if (takes_instances(*host) && !is_left(*host)) add(datacenter, *host);
    }

    std::vector<HostId> hosts;
    std::vector<Loads> capacities;
    std::vector<Load> loads;
    std::vector<const Instance*> instances;  ///< of the loads

  private:
    void add(const Snapshot& datacenter, const Host& host) {
        const model::Resources all = model::claimable(host);
        if (all.memory.count <= 0 || all.vcpus.count <= 0) return;
        capacities.push_back({all.memory.count, all.vcpus.count});
        for (const auto* instance :
             datacenter.linked_records<Instance>(model::Link::host_instance, host.id.value)) {
            loads.push_back({hosts.size(),
                             {instance->declared.memory.count, instance->declared.vcpus.count},
                             !may_move(datacenter, *instance)});
            instances.push_back(instance);
        }
        hosts.push_back(host.id);
    }
};

/// Replicas of the instance's application on the host, beside itself.
std::int64_t replicas_beside(const Columns& columns, std::size_t load, std::size_t host) {
    const auto& application = columns.instances[load]->declared.application;
    if (!application) return 0;
    std::int64_t beside = 0;
    for (std::size_t other = 0; other < columns.loads.size(); ++other)
        if (other != load && columns.loads[other].host == host &&
            columns.instances[other]->declared.application == application)
            ++beside;
    return beside;
}

}  // namespace

Advice advise_balance(const Snapshot& datacenter, std::size_t moves_max, std::int64_t least_gain) {
    Columns columns(datacenter);
    Advice advice;
    advice.instances = static_cast<std::int64_t>(columns.loads.size());
    advice.movable = std::count_if(columns.loads.begin(), columns.loads.end(),
                                   [](const Load& load) { return !load.stays; });
    const auto unevenness = [&] {
        return placement::unevenness(measures, columns.capacities, columns.loads);
    };
    if (columns.hosts.size() < 2 || advice.movable == 0) return advice;
    const std::int64_t at_first = std::max<std::int64_t>(1, unevenness());
    std::int64_t before = at_first;
    Guarantee guarantee(datacenter);
    for (const placement::BalanceMove& move :
         placement::plan_balance(measures, columns.capacities, columns.loads, moves_max)) {
        const Instance& instance = *columns.instances[move.load];
        if (replicas_beside(columns, move.load, move.to) >
                replicas_beside(columns, move.load, move.from) ||
            !guarantee.take_move(datacenter, instance, columns.hosts[move.to]))
            continue;
        columns.loads[move.load].host = move.to;
        const std::int64_t after = unevenness();
        advice.moves.push_back({instance.id, instance.name, columns.hosts[move.from],
                                columns.hosts[move.to], instance.declared.memory,
                                bound_volume(datacenter, instance) != nullptr,
                                (before - after) * 1000 / at_first});
        before = after;
    }
    advice.gain = (at_first - before) * 1000 / at_first;
    if (advice.gain < least_gain) advice.moves.clear();
    if (advice.moves.empty()) advice.gain = 0;
    return advice;
}

}  // namespace vdc::control
