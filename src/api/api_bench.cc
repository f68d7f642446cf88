#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "api/api.h"
#include "api/items.h"
#include "control/make_instance.h"
#include "model/apply.h"
#include "runtime/files.h"
#include "runtime/loop.h"
#include "wire/http_client.h"

/// Lists and single reads of 10,000 instances, through a real server at a unix socket.
namespace vdc::api {
namespace {

constexpr std::uint64_t instances = 10'000;

class NoConsoles final : public Consoles {
  public:
    base::Result<runtime::Fd> open(const control::ConsoleWish&) override { return base::Error{}; }
};

template <class R>
R made(const char* name, std::uint64_t number, model::ProjectId project = {}) {
    R record;
    record.id = {base::derive_uuid({9, 9}, word(R::noun), number)};
    record.project = project;
    record.name = name;
    return record;
}

template <class R>
model::Step create(R record) {
    return {model::Create<R>{std::make_shared<const R>(std::move(record))}, "a bench"};
}

/// As in a datacenter at work: placed, with an explanation, and running.
void place(std::vector<model::Step>& steps, model::InstanceId id, model::HostId host) {
    model::InstanceClaimed claimed;
    claimed.host = host;
    claimed.generation = 1;
    claimed.placement = {"h1 fits best of 3 hosts", 3, {{"memory", 1}}, {{"spread", 40}}, {}};
    model::InstanceObserved observed;
    observed.generation = 1;
    observed.phase = model::InstancePhase::running;
    observed.accelerator = "kvm";
    observed.starts = 1;
    steps.push_back({model::Claim<model::Instance>{id, claimed}, "a bench"});
    steps.push_back({model::Observe<model::Instance>{id, observed}, "a bench"});
}

std::vector<model::Step> datacenter() {
    const auto project = made<model::Project>("default", 1);
    const auto host = made<model::Host>("h1", 1);
    const auto flavor = made<model::Flavor>("small", 1);
    const auto image = made<model::Image>("tiny", 1);
    auto network = made<model::Network>("default", 1, project.id);
    network.declared.range = base::parse_ipv4_range("10.0.0.0/8").value();
    std::vector<model::Step> steps{create(project), create(host), create(flavor), create(image),
                                   create(network)};
    for (std::uint64_t number = 0; number < instances; ++number) {
        control::NewInstance wanted;
        wanted.id = {base::derive_uuid({9, 9}, "instance", number)};
        wanted.project = project.id;
        wanted.name = "web-" + std::to_string(number);
        wanted.flavor = &flavor;
        wanted.image = image.id;
        wanted.networks = {network.id};
        for (model::Step& step : control::make_instance(wanted, "a bench"))
            steps.push_back(std::move(step));
        place(steps, wanted.id, host.id);
    }
    return steps;
}

std::unique_ptr<store::Store> filled_store() {
    auto store = store::make_memory_store();
    const auto commit = std::make_shared<const model::Commit>(model::Commit{
        1, model::Instant{std::chrono::hours(500'000)}, 1, "bench", "", datacenter()});
    store->commit(0, 1, std::vector<model::CommitPtr>{commit}).value();
    return store;
}

struct NoForesight final : Foresight {
    base::Result<Forecast> foresee(const engine::SnapshotPtr&, base::Instant,
                                   const WhatIf&) override {
        return Forecast{};
    }
};

/// A server over it. The engine's own decisions are kept out: nothing turns it.
struct Site {
    Site() {
        std::string name = "/tmp/vdc-api-bench-XXXXXX";
        base::check(::mkdtemp(name.data()) != nullptr, "a folder");
        folder = name;
        engine.start().value();
        uploads = FileUploads::open(folder + "/uploads").value();
        api =
            std::make_unique<Api>(Services{engine, loop, *uploads, consoles, foresight}, Options{});
        server = wire::HttpServer::start(*api).value();
        server->listen_unix(folder + "/s").value();
        client = wire::Client::connect(wire::parse_endpoint(folder + "/s").value()).value();
    }
    ~Site() {
        server->stop(std::chrono::milliseconds(0));
        (void)runtime::remove_tree(folder);
    }

    std::string folder;
    std::unique_ptr<store::Store> store = filled_store();
    runtime::Loop loop{"engine"};
    engine::Engine engine{loop, loop, *store, {}};
    NoConsoles consoles;
    NoForesight foresight;
    std::unique_ptr<FileUploads> uploads;
    std::unique_ptr<Api> api;
    std::unique_ptr<wire::HttpServer> server;
    std::unique_ptr<wire::Client> client;
};

Site& site() {
    static Site one;
    return one;
}

/// Reads a target again and again; tells the median and the 99th of 100.
void read(benchmark::State& state, const std::string& target) {
    wire::Request request;
    const wire::Target parsed = wire::parse_target(target).value();
    request.path = parsed.path;
    request.query = parsed.query;
    std::vector<double> milliseconds;
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto began = std::chrono::steady_clock::now();
        const auto response = site().client->request(request);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - began;
        base::check(response.ok() && response->status == 200, "it answers");
        bytes = response->body.size();
        milliseconds.push_back(took.count());
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    state.counters["p50_ms"] = milliseconds[milliseconds.size() / 2];
    state.counters["p99_ms"] = milliseconds[milliseconds.size() * 99 / 100];
    state.counters["bytes"] = static_cast<double>(bytes);
}

void page_of_100(benchmark::State& state) {
    read(state, "/v1/instances?limit=100");
}
void full_list(benchmark::State& state) {
    read(state, "/v1/instances?limit=all");
}
void one_instance(benchmark::State& state) {
    read(state, "/v1/instances/web-4711");
}
void health(benchmark::State& state) {
    read(state, "/v1/health");
}
BENCHMARK(page_of_100)->Iterations(1000)->UseRealTime();
BENCHMARK(full_list)->Iterations(200)->UseRealTime();
BENCHMARK(one_instance)->Iterations(10000)->UseRealTime();
BENCHMARK(health)->Iterations(10000)->UseRealTime();

void write_10000_items(benchmark::State& state) {
    const model::Snapshot snapshot = *site().engine.snapshot();
    std::string out;
    for (auto _ : state) {
        out.clear();
        for (const auto& [id, instance] : snapshot.all<model::Instance>())
            write_item(out, snapshot, *instance);
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(write_10000_items)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vdc::api
