#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "base/chance.h"
#include "control/recovery.h"
#include "sim/big_datacenter.h"
#include "sim/world.h"

/// What a controller of many hosts costs: a decision, a commit, a restart, a lost rack, memory; and
/// how fast the whole house lives. Arguments: hosts, instances. See docs/scale.md.
namespace vdc::sim {
namespace {

using model::Instance;
using model::Snapshot;
using model::Step;

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double heap_mib() {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / (1 << 20);
}

/// The engine over a store in memory, alone: what it is told comes from here.
class Controller {
  public:
    explicit Controller(const engine::SnapshotPtr& datacenter)
        : loop_(big_datacenter_time()),
          store_(store::make_memory_store(*datacenter)),
          engine_(loop_, loop_, *store_, {}) {}

    /// Reads the store, looks at everything.
    void begin() {
        base::check(engine_.start().ok(), "a store in memory can be read");
        run();
    }
    /// Has the steps committed, and all that control does about them.
    void commit(std::vector<Step> steps) {
        engine_.submit({"bench", "", [&](const Snapshot&) { return steps; },
                        [](const base::Result<model::Revision>& outcome, const auto&) {
                            base::check(outcome.ok(), "a change that no rule forbids");
                        }});
        run();
    }
    void listen(engine::Engine::GroupHeard heard) { engine_.listen(std::move(heard)); }
    engine::SnapshotPtr snapshot() const { return engine_.snapshot(); }

  private:
    void run() {
        loop_.run_until(loop_.now(), [] { return true; });
    }

    TimeLine loop_;
    std::unique_ptr<store::Store> store_;
    engine::Engine engine_;
};

/// Made once for all that measure with it in turn.
engine::SnapshotPtr datacenter_of(const benchmark::State& state) {
    static std::pair<std::size_t, std::size_t> made;
    static engine::SnapshotPtr datacenter;
    const std::pair asked{static_cast<std::size_t>(state.range(0)),
                          static_cast<std::size_t>(state.range(1))};
    if (made != asked) {
        datacenter.reset();
        datacenter = big_datacenter(asked.first, asked.second);
        made = asked;
    }
    return datacenter;
}

const Instance& some_instance(const Snapshot& s, base::Chance& chance) {
    const base::Uuid anywhere{chance.next(), 0};
    const auto& all = s.all<Instance>();
    const auto at = all.lower_bound({anywhere});
    return at != all.end() ? *at->second : *all.begin()->second;
}

/// Where one more replica of an application would run.
void decision(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    placement::Placer placer(*datacenter);
    base::Chance chance(1);
    for (auto _ : state) {
        const Instance& like = some_instance(*datacenter, chance);
        const placement::Question question{
            {like.declared.vcpus, like.declared.memory, {10 << 10}}, {}, like.declared.application};
        benchmark::DoNotOptimize(placer.place(question).host);
    }
}

/// Its floor: one pass over what is left of each host, and nothing else.
void decision_floor(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    std::vector<model::Resources> left;
    for (const auto& [id, host] : datacenter->all<model::Host>()) {
        left.push_back(model::claimable(*host));
        left.back() -= datacenter->claimed(id);
    }
    for (auto _ : state) {
        const auto most =
            std::max_element(left.begin(), left.end(),
                             [](const auto& a, const auto& b) { return a.memory < b.memory; });
        benchmark::DoNotOptimize(most);
    }
}

/// What a host reports of an instance, until all follow from it.
void commit(benchmark::State& state) {
    Controller controller(datacenter_of(state));
    controller.begin();
    base::Chance chance(2);
    for (auto _ : state) {
        const Instance& some = some_instance(*controller.snapshot(), chance);
        model::InstanceObserved seen = some.observed;
        ++seen.crashes;
        controller.commit({{model::Observe<Instance>{some.id, seen}, "it runs"}});
    }
}

/// Its floor: the record copied, and exchanged in a plain map of all.
void commit_floor(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    std::map<model::InstanceId, model::Shared<Instance>> all;
    for (const auto& [id, instance] : datacenter->all<Instance>()) all.emplace(id, instance);
    base::Chance chance(2);
    for (auto _ : state) {
        Instance after = some_instance(*datacenter, chance);
        ++after.observed.crashes;
        all[after.id] = std::make_shared<const Instance>(after);
    }
}

void want_one_more(Controller& controller, base::Chance& chance) {
    const auto now = controller.snapshot();
    const Instance& some = some_instance(*now, chance);
    const auto& app = now->get<model::Application>(*some.declared.application);
    model::ApplicationDeclared declared = app.declared;
    ++declared.replicas;
    controller.commit({{model::Declare<model::Application>{app.id, declared}, "one more"}});
}

/// An application wants one replica more: its record, volume, port, address and place. The first
/// one waits until there is a plan for every loss, and is not counted.
void one_more(benchmark::State& state) {
    Controller controller(datacenter_of(state));
    controller.begin();
    base::Chance chance(3);
    want_one_more(controller, chance);
    for (auto _ : state) want_one_more(controller, chance);
}

/// From the stored datacenter to a controller that has looked at everything; what it holds.
void restart(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    malloc_trim(0);
    double whole = 0;
    for (auto _ : state) {
        const double before = heap_mib();
        Controller controller(datacenter);
        controller.begin();
        whole = heap_mib() - before;
    }
    state.counters["controller_mib"] = whole;
    state.counters["all_mib"] = heap_mib();
}

/// Whether every instance was placed before all that are less important.
bool most_important_first(const std::vector<std::int64_t>& priorities) {
    return std::is_sorted(priorities.rbegin(), priorities.rend());
}

/// Forty hosts are known to be lost: until every instance of theirs has another place.
void lost_rack(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    std::set<model::HostId> rack;
    for (const auto& [id, host] : datacenter->all<model::Host>())
        if (host->declared.labels.at("rack") == "r1") rack.insert(id);
    for (auto _ : state) {
        Controller controller(datacenter);
        controller.begin();
        std::vector<std::int64_t> priorities;
        std::size_t commits = 0;
        controller.listen([&](const engine::Engine::Group& group, const engine::SnapshotPtr& now) {
            commits += group.size();
            for (const auto& each : group)
                for (const Step& step : each->steps)
                    if (const auto* claim = std::get_if<model::Claim<Instance>>(&step.change))
                        if (claim->claimed.host)
                            priorities.push_back(now->get<Instance>(claim->id).declared.priority);
        });
        const double began = processor_seconds();
        controller.commit(
            control::loss_of(*datacenter, rack, model::Evidence::power_off, big_datacenter_time()));
        state.counters["processor_s"] = processor_seconds() - began;
        state.counters["decided"] = static_cast<double>(priorities.size());
        state.counters["waiting"] =
            static_cast<double>(controller.snapshot()->unplaced(1'000'000).size());
        state.counters["in_order"] = most_important_first(priorities);
        state.counters["commits"] = static_cast<double>(commits);
    }
}

void growth(benchmark::internal::Benchmark* each) {
    each->Args({1000, 10'000})->Args({10'000, 100'000})->Args({100'000, 1'000'000});
}
BENCHMARK(decision)->Apply(growth)->Unit(benchmark::kMicrosecond);
BENCHMARK(decision_floor)->Apply(growth)->Unit(benchmark::kMicrosecond);
BENCHMARK(commit)->Apply(growth)->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(commit_floor)->Apply(growth)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_more)->Apply(growth)->Iterations(50)->Unit(benchmark::kMicrosecond);
BENCHMARK(restart)->Apply(growth)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(lost_rack)->Args({5000, 100'000})->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(restart)->Args({5000, 100'000})->Iterations(1)->Unit(benchmark::kMillisecond);

/// What happens in a datacenter in which somebody lives: each guest crashes once a day, and every
/// third second an application grows or shrinks by a replica.
class Bustle {
  public:
    explicit Bustle(World& world) : world_(world) {
        const auto all = world.snapshot()->all<Instance>().size();
        pause_ = base::Duration(std::chrono::hours(24)) / static_cast<std::int64_t>(all);
    }

    void run_for(base::Duration span) {
        const base::Instant end = world_.now() + span;
        while (world_.now() < end) {
            crash();
            if (world_.now() >= next_wish_) wish();
            world_.run_for(pause_);
            base::check(world_.violation().empty(), world_.violation().c_str());
        }
    }

    std::int64_t crashed = 0;
    std::int64_t resized = 0;

  private:
    void crash() {
        const model::InstanceId id = some_instance(*world_.snapshot(), chance_).id;
        world_.wake(id);
        crashed += world_.end_run(id, model::RunEnd::crashed) ? 1 : 0;
    }

    void wish() {
        next_wish_ = world_.now() + std::chrono::seconds(3);
        const auto now = world_.snapshot();
        const auto& app =
            now->get<model::Application>(*some_instance(*now, chance_).declared.application);
        model::ApplicationDeclared declared = app.declared;
        declared.replicas += chance_.once_in(1, 2) ? 1 : -1;
        const Step step{model::Declare<model::Application>{app.id, declared}, "another size"};
        world_.submit(
            "bench", "", [step](const Snapshot&) { return std::vector{step}; }, [](const auto&) {});
        ++resized;
    }

    World& world_;
    base::Chance chance_{4};
    base::Duration pause_{};
    base::Instant next_wish_;
};

/// Virtual seconds in one of processor time: at rest, and with what happens in a datacenter.
void lives(benchmark::State& state) {
    const auto datacenter = datacenter_of(state);
    const base::Duration span = std::chrono::minutes(10);
    for (auto _ : state) {
        World::Options options;
        options.present = World::Present{datacenter, big_datacenter_time(), {}};
        World world(options);
        world.run_for(std::chrono::seconds(1));
        Bustle bustle(world);
        const double began = processor_seconds();
        if (state.range(2) == 1)
            bustle.run_for(span);
        else
            world.run_for(span);
        state.counters["times_real"] =
            std::chrono::duration<double>(span).count() / (processor_seconds() - began);
        state.counters["crashed"] = static_cast<double>(bustle.crashed);
        state.counters["resized"] = static_cast<double>(bustle.resized);
        state.counters["revisions"] = static_cast<double>(world.snapshot()->revision);
    }
}
BENCHMARK(lives)
    ->Args({5000, 100'000, 0})
    ->Args({5000, 100'000, 1})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vdc::sim
