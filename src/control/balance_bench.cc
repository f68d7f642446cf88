#include "control/balance.h"

#include <benchmark/benchmark.h>

#include "base/chance.h"
#include "model/writer.h"

/// What one look at a large datacenter costs: a plan of its balance, and the question whether there
/// is anything in the way. The guarantee is kept fresh by control and is not counted.
namespace vdc::control {
namespace {

using model::Host;
using model::HostId;
using model::Instance;
using model::Snapshot;
using model::Volume;
using model::Writer;

HostId host_id(std::size_t number) {
    return {base::Uuid{1, number + 1}};
}

/// Twenty instances of 1 to 16 GiB on a host, drawn; each with a disk of 8 GiB.
Snapshot uneven_datacenter(std::size_t hosts, bool survive) {
    Snapshot datacenter;
    base::Chance chance(1);
    std::vector<std::int64_t> used(hosts);
    std::vector<Instance> all;
    for (std::size_t number = 0; number < hosts * 20; ++number) {
        Instance instance;
        instance.id = {base::Uuid{2, number + 1}};
        instance.name = "i" + std::to_string(number);
        instance.declared.vcpus = {std::int64_t{1} << chance.below(3)};
        instance.declared.memory = {std::int64_t{1024} << chance.below(5)};
        instance.declared.application = {base::Uuid{3, 1 + number / 20}};
        if (!survive) instance.declared.survives = "nothing";
        const std::size_t host = chance.below(hosts);
        instance.claimed.host = host_id(host);
        instance.claimed.generation = instance.observed.generation = 1;
        instance.observed.phase = model::InstancePhase::running;
        used[host] += instance.declared.memory.count;
        all.push_back(std::move(instance));
    }
    for (std::size_t number = 0; number < hosts; ++number) {
        Host host;
        host.id = host_id(number);
        host.name = "h" + std::to_string(number);
        host.observed.capacity = {
            {128}, {std::max<std::int64_t>(used[number], 192 * 1024) * 5 / 4}, {4 << 20}};
        host.observed.moves_at = "10.0.0.1:7450";
        Writer{datacenter}.put(host);
    }
    for (Instance& instance : all) {
        Volume volume;
        volume.id = {base::Uuid{4, instance.id.value.low}};
        volume.name = instance.name + "-root";
        volume.declared.size = {8 * 1024};
        volume.declared.instance = instance.id;
        volume.claimed.host = instance.claimed.host;
        volume.claimed.generation = 1;
        volume.observed.presence = model::Presence::ready;
        volume.observed.size = volume.declared.size;
        volume.observed.attached = instance.id;
        Writer{datacenter}.put(volume);
        Writer{datacenter}.put(std::move(instance));
    }
    return datacenter;
}

void one_look(benchmark::State& state) {
    const Snapshot datacenter =
        uneven_datacenter(static_cast<std::size_t>(state.range(0)), state.range(1) == 1);
    Guarantee guarantee(datacenter);
    guarantee.plans();
    model::BalanceDeclared rules;
    rules.rest = {};
    BalancePlan plan;
    for (auto _ : state) {
        benchmark::DoNotOptimize(unrest_because(datacenter).size());
        plan = balance_plan(guarantee, datacenter, rules, Instant{});
    }
    state.counters["moves"] = static_cast<double>(plan.steps.size());
    state.counters["before"] = static_cast<double>(plan.before);
    state.counters["predicted"] = static_cast<double>(plan.predicted);
}
BENCHMARK(one_look)
    ->Args({1000, 0})
    ->Args({10'000, 0})
    ->Args({1000, 1})
    ->Args({10'000, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vdc::control
