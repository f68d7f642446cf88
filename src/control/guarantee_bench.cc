#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/chance.h"
#include "control/guarantee.h"
#include "model/writer.h"

/// How fast the plans are fresh again after a commit, and how much more is admitted with plans than
/// with slots. VDC_TRACE names a file "vmid,cpu,mem,at,lt" (cores, GB) for the latter.
namespace vdc::control {
namespace {

using model::Host;
using model::HostId;
using model::Instance;
using model::Snapshot;
using model::Writer;

HostId host_id(std::size_t number) {
    return {base::Uuid{1, number + 1}};
}

void put_host(Snapshot& datacenter, std::size_t number, const model::Resources& capacity) {
    Host host;
    host.id = host_id(number);
    host.name = "h" + std::to_string(number);
    host.declared.memory_kept = {};
    host.declared.cpu_overcommit = 1000;
    host.observed.capacity = capacity;
    Writer{datacenter}.put(host);
}

/// A replica: of an application of its own, or one of twenty of the same.
Instance instance_of(std::size_t number, const model::Resources& needs, bool alone) {
    Instance instance;
    instance.id = {base::Uuid{2, number + 1}};
    instance.name = "i" + std::to_string(number);
    instance.declared.vcpus = needs.vcpus;
    instance.declared.memory = needs.memory;
    instance.declared.application = {base::Uuid{3, 1 + (alone ? number : number / 20)}};
    return instance;
}

// ---- freshness ---------------------------------------------------------------------------------

constexpr std::size_t hosts = 1000;
constexpr std::size_t instances = 20'000;

/// A thousand hosts, twenty instances of 1 to 16 GiB on each, room for about a tenth more.
Snapshot large_datacenter() {
    Snapshot datacenter;
    base::Chance chance(1);
    std::vector<std::int64_t> used(hosts);
    std::vector<Instance> all;
    for (std::size_t number = 0; number < instances; ++number) {
        const std::int64_t memory = std::int64_t{1024} << chance.below(5);
        all.push_back(instance_of(number, {{memory / 1024}, {memory}, {}}, false));
        all.back().claimed.host = host_id(number % hosts);
        used[number % hosts] += memory;
    }
    for (std::size_t number = 0; number < hosts; ++number) {
        const std::int64_t memory = used[number] + 8 * 1024 + 1024 * (std::int64_t)chance.below(16);
        put_host(datacenter, number, {{memory / 1024}, {memory}, {1'000'000}});
    }
    for (const Instance& instance : all) Writer{datacenter}.put(instance);
    return datacenter;
}

double milliseconds(std::chrono::steady_clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// The value that `percent` of them do not pass.
double percentile(std::vector<double> values, std::size_t percent) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

/// What happens in a datacenter: an instance goes, comes back on some host that has room, a host
/// closes and opens.
model::Subject change_something(Snapshot& datacenter, Guarantee& guarantee, base::Chance& chance) {
    const auto& some = datacenter.get<Instance>({base::Uuid{2, 1 + chance.below(instances)}});
    if (chance.below(10) == 0) {
        Host host = datacenter.get<Host>(host_id(chance.below(hosts)));
        host.declared.schedulable = !host.declared.schedulable;
        Writer{datacenter}.put(host);
        return host.subject();
    }
    Instance instance = some;
    if (instance.claimed.host)
        instance.claimed.host.reset();
    else
        instance.claimed.host =
            guarantee.placer()
                .place({{instance.declared.vcpus, instance.declared.memory, {}}, {}, {}})
                .host;
    Writer{datacenter}.put(instance);
    return instance.subject();
}

void fresh_after_a_commit(benchmark::State& state) {
    Snapshot datacenter = large_datacenter();
    Guarantee guarantee(datacenter);
    guarantee.plans();
    base::Chance chance(2);
    std::vector<double> took;
    for (auto _ : state) {
        const model::Subject subject = change_something(datacenter, guarantee, chance);
        const auto began = std::chrono::steady_clock::now();
        guarantee.look(datacenter, subject);
        benchmark::DoNotOptimize(guarantee.plans().gaps().size());
        took.push_back(milliseconds(std::chrono::steady_clock::now() - began));
    }
    state.counters["p50_ms"] = percentile(took, 50);
    state.counters["p99_ms"] = percentile(took, 99);
    state.counters["plans"] =
        static_cast<double>(guarantee.plans().plans_made()) / static_cast<double>(took.size());
}
BENCHMARK(fresh_after_a_commit)->Iterations(5000)->Unit(benchmark::kMillisecond);

void made_anew(benchmark::State& state) {
    const Snapshot datacenter = large_datacenter();
    for (auto _ : state) {
        Guarantee guarantee(datacenter);
        benchmark::DoNotOptimize(guarantee.plans().gaps().size());
    }
}
BENCHMARK(made_anew)->Unit(benchmark::kMillisecond);

/// One placement, and the same with the guarantee asked.
void placed(benchmark::State& state) {
    const bool beside = state.range(0) == 1;
    const Snapshot datacenter = large_datacenter();
    Guarantee guarantee(datacenter);
    const Instance newcomer = instance_of(instances, {{2}, {2048}, {}}, true);
    const placement::Question question{{{2}, {2048}, {}}, {}, {}};
    for (auto _ : state)
        benchmark::DoNotOptimize(beside
                                     ? place_beside(guarantee, datacenter, question, &newcomer).host
                                     : guarantee.placer().place(question).host);
}
BENCHMARK(placed)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// ---- against slots -----------------------------------------------------------------------------

constexpr std::size_t trace_hosts = 100;
const model::Resources trace_host{{80}, {180 * 1024}, {}};

std::vector<model::Resources> read_trace(const char* path) {
    std::vector<model::Resources> all;
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);  // the heads
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string id, cores, gigabytes;
        std::getline(words, id, ',');
        std::getline(words, cores, ',');
        std::getline(words, gigabytes, ',');
        all.push_back({{std::stoll(cores)}, {std::stoll(gigabytes) * 1024}, {}});
    }
    return all;
}

/// How many slots of the largest flavor all hosts but one have: VMware HA's rule.
std::size_t slots(const std::vector<model::Resources>& wanted) {
    model::Resources slot;
    for (const model::Resources& each : wanted) {
        slot.vcpus = std::max(slot.vcpus, each.vcpus);
        slot.memory = std::max(slot.memory, each.memory);
    }
    const std::int64_t of_a_host = std::min(trace_host.vcpus.count / slot.vcpus.count,
                                            trace_host.memory.count / slot.memory.count);
    return (trace_hosts - 1) * static_cast<std::size_t>(of_a_host);
}

/// How many of the first ones all hosts but one could hold if instances could be cut in pieces.
std::size_t bound(const std::vector<model::Resources>& wanted) {
    constexpr auto others = static_cast<std::int64_t>(trace_hosts - 1);
    model::Resources sum;
    for (std::size_t count = 0; count < wanted.size(); ++count) {
        sum += wanted[count];
        if (sum.vcpus.count > others * trace_host.vcpus.count ||
            sum.memory.count > others * trace_host.memory.count)
            return count;
    }
    return wanted.size();
}

/// Loses each host in turn and starts what was there where its plan says, with sums of its own.
bool survives_every_loss(const Snapshot& datacenter, Guarantee& guarantee) {
    for (const auto& [lost, record] : datacenter.all<Host>()) {
        std::map<model::InstanceId, std::optional<HostId>> targets;
        for (const placement::Move& move : guarantee.plans().plan({{}, {}, lost}))
            targets[move.instance] = move.to;
        std::map<HostId, model::Resources> taken;
        for (const auto& [id, instance] : datacenter.all<Instance>()) {
            if (!instance->claimed.host) continue;
            const auto to = *instance->claimed.host == lost ? targets[id] : instance->claimed.host;
            if (!to || *to == lost) return false;
            taken[*to] += {instance->declared.vcpus, instance->declared.memory, {}};
        }
        for (const auto& [id, all] : taken)
            if (all.vcpus > trace_host.vcpus || all.memory > trace_host.memory) return false;
    }
    return true;
}

/// Instances of the trace in order of their arrival, none leaves, until the first is refused.
void admitted_of_a_trace(benchmark::State& state) {
    const char* path = std::getenv("VDC_TRACE");
    const auto wanted = path != nullptr ? read_trace(path) : std::vector<model::Resources>{};
    if (wanted.empty()) return state.SkipWithError("no trace was given: VDC_TRACE names one");
    std::size_t admitted = 0;
    bool holds = true;
    for (auto _ : state) {
        Snapshot datacenter;
        for (std::size_t number = 0; number < trace_hosts; ++number)
            put_host(datacenter, number, trace_host);
        Guarantee guarantee(datacenter);
        for (admitted = 0; admitted < wanted.size(); ++admitted) {
            Instance instance = instance_of(admitted, wanted[admitted], true);
            const auto answer =
                place_beside(guarantee, datacenter, {wanted[admitted], {}, {}}, &instance);
            if (!answer.host) break;
            instance.claimed.host = answer.host;
            Writer{datacenter}.put(instance);
            guarantee.look(datacenter, instance.subject());
        }
        holds = survives_every_loss(datacenter, guarantee);
    }
    if (!holds) return state.SkipWithError("a host's loss is not survived");
    state.counters["admitted"] = static_cast<double>(admitted);
    state.counters["bound"] = static_cast<double>(bound(wanted));
    state.counters["by_slots"] = static_cast<double>(slots(wanted));
}
BENCHMARK(admitted_of_a_trace)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vdc::control
