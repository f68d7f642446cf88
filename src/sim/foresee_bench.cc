#include <benchmark/benchmark.h>

#include "sim/big_datacenter.h"
#include "sim/foresee.h"

/// `vdc whatif` of a large datacenter: from the question to the answer, without the way over HTTP.
namespace vdc::sim {

static void foresee_big(benchmark::State& state, const api::WhatIf& what_if) {
    const auto hosts = static_cast<std::size_t>(state.range(0));
    const auto datacenter = big_datacenter(hosts, hosts * 20);
    for (auto _ : state) {
        const auto forecast =
            foresee(datacenter, big_datacenter_time() + std::chrono::hours(1), Speeds{}, what_if);
        if (!forecast.ok()) return state.SkipWithError(text(forecast.error()).c_str());
        state.counters["moves"] = static_cast<double>(forecast->moves.size());
        state.counters["down"] = static_cast<double>(forecast->recoveries.size());
        state.counters["waits"] = static_cast<double>(forecast->cannot_run.size());
        state.counters["lasted"] = std::chrono::duration<double>(forecast->lasted).count();
        state.counters["at_rest"] = forecast->ended == api::Forecast::End::rest;
    }
}

static void foresee_a_lost_host(benchmark::State& state) {
    foresee_big(state, {.fail = {"host/h3"}});
}
BENCHMARK(foresee_a_lost_host)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

static void foresee_a_lost_rack(benchmark::State& state) {
    foresee_big(state, {.fail = {"rack/r1"}});
}
BENCHMARK(foresee_a_lost_rack)->Arg(1000)->Unit(benchmark::kMillisecond);

static void foresee_a_crash(benchmark::State& state) {
    foresee_big(state, {.fail = {"instance/app-5-5"}});
}
BENCHMARK(foresee_a_crash)->Arg(1000)->Unit(benchmark::kMillisecond);

static void foresee_added_hosts(benchmark::State& state) {
    foresee_big(state, {.add_hosts = api::WhatIf::Hosts{100, "h1"}});
}
BENCHMARK(foresee_added_hosts)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace vdc::sim
