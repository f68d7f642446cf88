#include <benchmark/benchmark.h>

#include <future>

#include "runtime/loop.h"

namespace vdc::runtime {

/// From one thread to the loop and back, one at a time: two wakings of a sleeping thread.
static void round_trip(benchmark::State& state) {
    Loop loop("bench");
    loop.start();
    for (auto _ : state) {
        std::promise<void> done;
        loop.post([&] { done.set_value(); });
        done.get_future().wait();
    }
}
BENCHMARK(round_trip)->UseRealTime();

/// Letters that the loop sends itself.
static void throughput(benchmark::State& state) {
    for (auto _ : state) {
        Loop loop("bench");
        int count = 0;
        std::function<void()> again = [&] {
            if (++count == 100'000) return loop.stop();
            loop.post(again);
        };
        loop.post(again);
        loop.start();
        loop.join();
    }
    state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(throughput)->UseRealTime();

}  // namespace vdc::runtime
