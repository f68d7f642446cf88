#include <benchmark/benchmark.h>
#include <unistd.h>

#include "drivers/jail/jail.h"
#include "runtime/process.h"

namespace vdc::drivers::jail {

/// The floor: the same program without a jail.
static void bare(benchmark::State& state) {
    for (auto _ : state) {
        const auto output = runtime::run({.words = {"/usr/bin/true"}});
        if (!output.ok()) return state.SkipWithError(text(output.error()).c_str());
    }
}
BENCHMARK(bare)->UseRealTime();

/// Everything from the making of the cgroup to its removal. Needs root.
static void jailed(benchmark::State& state) {
    const std::string tag = "vdc-bench" + std::to_string(::getpid());
    const Spec spec{.name = "bench",
                    .command = {"/usr/bin/true"},
                    .uid = uid_for(tag),
                    .cgroup = tag + "/R/one",
                    .limits = {.memory = base::MiB{64}, .cpu_thousandths = 1000}};
    for (auto _ : state) {
        const auto output = run(spec, 60);
        if (!output.ok()) return state.SkipWithError(text(output.error()).c_str());
    }
}
BENCHMARK(jailed)->UseRealTime();

/// Until the program runs: what a jail adds to the start of an instance.
static void jailed_start(benchmark::State& state) {
    const std::string tag = "vdc-bench" + std::to_string(::getpid());
    const Spec spec{.name = "bench",
                    .command = {"/usr/bin/sleep", "1000"},
                    .uid = uid_for(tag),
                    .cgroup = tag + "/R/one"};
    for (auto _ : state) {
        const auto process = spawn(spec);
        if (!process.ok()) return state.SkipWithError(text(process.error()).c_str());
        state.PauseTiming();
        (void)end(spec.cgroup);
        const runtime::Fd pidfd(process->pidfd);
        (void)reap(pidfd.get());
        state.ResumeTiming();
    }
}
BENCHMARK(jailed_start)->UseRealTime();

}  // namespace vdc::drivers::jail
