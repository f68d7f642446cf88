#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>

#include "base/chance.h"
#include "model/write_json.h"
#include "runtime/files.h"
#include "store/sqlite/log_table.h"
#include "store/sqlite/schema.h"
#include "store/store.h"

/// Durable creates beside SQLite's own floor (the same rows by raw inserts), and what a start
/// costs. The folder is below $TMPDIR (or /tmp), so that the disk is one's own choice.
namespace vdc::store {
namespace {

using model::CommitPtr;
using model::Revision;
using model::Snapshot;

/// Removed at its end.
class Folder {
  public:
    Folder() {
        const char* parent = ::getenv("TMPDIR");
        path = std::string(parent != nullptr ? parent : "/tmp") + "/vdcbenchXXXXXX";
        base::check(::mkdtemp(path.data()) != nullptr, "a folder for the bench");
    }
    ~Folder() { static_cast<void>(runtime::remove_tree(path)); }
    std::string path;
};

/// Makes what a request for a new instance commits: the instance, its root volume, its port and the
/// operation that follows them.
class Creates {
  public:
    explicit Creates(std::uint64_t seed) : chance_(seed) {
        project_.id = {{1, 1}};
        project_.name = "default";
        project_.declared.instances_max = project_.declared.volumes_max = 1'000'000;
        image_.id = {{1, 2}};
        image_.name = "tiny";
        network_.id = {{1, 3}};
        network_.name = "net";
        network_.declared.range = {{10U << 24}, 8};
    }

    /// The first commit: what the others refer to.
    CommitPtr begin() {
        model::Commit commit = head();
        commit.steps.push_back({create(project_), "the first start"});
        commit.steps.push_back({create(image_), "admin asked for image tiny"});
        commit.steps.push_back({create(network_), "admin asked for network net"});
        return std::make_shared<const model::Commit>(std::move(commit));
    }

    CommitPtr next() {
        const std::string name = "web-" + std::to_string(revision_);
        model::Instance instance;
        named(instance, name);
        instance.declared.flavor = "small";
        instance.declared.image = image_.id;
        instance.declared.user_data = "#cloud-config\nhostname: web\n";
        model::Volume volume;
        named(volume, name + "-root");
        volume.declared.size = {1024};
        volume.declared.image = image_.id;
        volume.declared.instance = instance.id;
        model::Port port;
        named(port, name + "-0");
        port.declared.network = network_.id;
        port.declared.instance = instance.id;
        model::Operation operation;
        named(operation, text(uuid()));
        operation.declared = {model::Noun::instance, instance.id.value, name,
                              model::Goal::running,  /*count=*/0,       "admin",
                              text(uuid())};
        model::Commit commit = head();
        commit.request = operation.declared.request;
        commit.steps.push_back({create(instance), "admin asked for instance " + name});
        commit.steps.push_back({create(volume), "the root volume of instance " + name});
        commit.steps.push_back({create(port), "the network card of instance " + name});
        commit.steps.push_back({create(operation), "admin asked for instance " + name});
        return std::make_shared<const model::Commit>(std::move(commit));
    }

    std::vector<CommitPtr> next(std::size_t count) {
        std::vector<CommitPtr> commits;
        while (commits.size() < count) commits.push_back(next());
        return commits;
    }

  private:
    base::Uuid uuid() { return {chance_.next(), chance_.next()}; }
    model::Commit head() {
        model::Commit commit;
        commit.revision = ++revision_;
        commit.at = model::Instant{model::Duration{1'800'000'000'000'000 + revision_}};
        commit.term = 1;
        commit.actor = "admin";
        return commit;
    }
    template <class R>
    void named(R& record, std::string name) {
        record.id = {uuid()};
        record.project = project_.id;
        record.name = std::move(name);
    }
    template <class R>
    static model::Change create(const R& record) {
        return model::Create<R>{std::make_shared<const R>(record)};
    }

    base::Chance chance_;
    std::uint64_t revision_ = 0;
    model::Project project_;
    model::Image image_;
    model::Network network_;
};

std::unique_ptr<Store> opened(const std::string& folder) {
    auto store = open_sqlite_store(folder);
    base::check(store.ok(), "the bench opens its store");
    return std::move(*store);
}

void must(const base::Status& status) {
    if (!status.ok()) base::broken(text(status.error()));
}

void commit(Store& store, const std::vector<CommitPtr>& commits) {
    must(store.commit(commits.front()->revision - 1, 1, commits));
}

// ---- durable creates ---------------------------------------------------------------------------

/// Seconds of one call.
template <class Fn>
double seconds(Fn fn) {
    const auto begun = std::chrono::steady_clock::now();
    fn();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// Commits made before the measurement, so that it is not of an empty file.
constexpr std::size_t commits_before = 5'000;

void report(benchmark::State& state, std::vector<double>& times) {
    std::sort(times.begin(), times.end());
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["p50_ms"] = times[times.size() / 2] * 1e3;
    state.counters["p99_ms"] = times[times.size() * 99 / 100] * 1e3;
}

void durable_creates(benchmark::State& state) {
    Folder folder;
    Creates creates(1);
    const auto store = opened(folder.path);
    commit(*store, {creates.begin()});
    for (std::size_t done = 0; done < commits_before; done += 100)
        commit(*store, creates.next(100));
    std::vector<double> times;
    for (auto _ : state) {
        const auto group = creates.next(static_cast<std::size_t>(state.range(0)));
        times.push_back(seconds([&] { commit(*store, group); }));
        state.SetIterationTime(times.back());
    }
    report(state, times);
}
BENCHMARK(durable_creates)->Arg(1)->Arg(8)->Arg(64)->UseManualTime()->MinTime(2);

/// The same rows by the same statement, with nothing of ours around it but SQLite's defaults.
void raw_inserts(benchmark::State& state) {
    Folder folder;
    Creates creates(1);
    auto path = prepare_file(folder.path);
    base::check(path.ok(), "the bench makes its file");
    Database database = std::move(*Database::open(*path, Database::Durability::power));
    must(database.run("PRAGMA wal_autocheckpoint=1000"));
    Statement statement = std::move(*prepare_append(database));
    const auto insert = [&](const std::vector<LogRow>& rows) {
        Transaction transaction =
            std::move(*Transaction::begin(database, Transaction::Kind::writing));
        for (const LogRow& row : rows) must(append(statement, row));
        must(transaction.commit());
    };
    const auto rows_of = [&](std::size_t count) {
        std::vector<LogRow> rows;
        while (rows.size() < count) rows.push_back(row_of(*creates.next(), 1));
        return rows;
    };
    for (std::size_t done = 0; done < commits_before; done += 100) insert(rows_of(100));
    std::vector<double> times;
    for (auto _ : state) {
        const auto rows = rows_of(static_cast<std::size_t>(state.range(0)));
        times.push_back(seconds([&] { insert(rows); }));
        state.SetIterationTime(times.back());
    }
    report(state, times);
}
BENCHMARK(raw_inserts)->Arg(1)->Arg(8)->Arg(64)->UseManualTime()->MinTime(2);

// ---- a start at 100,000 records ----------------------------------------------------------------

/// A store of 100,000 records, made once.
class Large {
  public:
    Large() : creates(2) {
        const auto store = opened(folder.path);
        tell(*store, {creates.begin()});
        for (int done = 0; done < 25'000; done += 250) tell(*store, creates.next(250));
    }
    void tell(Store& store, const std::vector<CommitPtr>& commits) {
        commit(store, commits);
        for (const CommitPtr& each : commits) must(replay(snapshot, *each));
    }

    Folder folder;
    Creates creates;
    Snapshot snapshot;
};

Large& large() {
    static Large one;
    return one;
}

void start_with_25000_commits_to_replay(benchmark::State& state) {
    Large& built = large();
    for (auto _ : state) {
        const auto store = opened(built.folder.path);
        const auto latest = store->latest();
        base::check(latest.ok() && latest->revision == built.snapshot.revision, "all is there");
    }
}
BENCHMARK(start_with_25000_commits_to_replay)->Unit(benchmark::kMillisecond)->Iterations(3);

void compaction_of_100000_records(benchmark::State& state) {
    Large& built = large();
    const auto store = opened(built.folder.path);
    for (auto _ : state) {
        built.tell(*store, built.creates.next(1));
        must(store->compact(built.snapshot, 25'000));
        must(store->settle());
    }
}
BENCHMARK(compaction_of_100000_records)->Unit(benchmark::kMillisecond)->Iterations(1);

void start_from_a_snapshot_of_100000_records(benchmark::State& state) {
    Large& built = large();
    for (auto _ : state) {
        const auto store = opened(built.folder.path);
        const auto latest = store->latest();
        base::check(latest.ok() && latest->revision == built.snapshot.revision, "all is there");
    }
    state.counters["records"] = 4.0 * 25'000;
}
BENCHMARK(start_from_a_snapshot_of_100000_records)->Unit(benchmark::kMillisecond)->Iterations(5);

/// What a commit waits beside a compaction that writes everything anew.
void commits_beside_a_compaction(benchmark::State& state) {
    Large& built = large();
    Folder folder;
    const auto store = opened(folder.path);
    for (Revision done = 0; done < built.snapshot.revision;) {
        auto source = opened(built.folder.path);
        while (done < built.snapshot.revision) {
            const auto commits = source->log(done, 500);
            base::check(commits.ok() && !commits->empty(), "the log is there");
            commit(*store, *commits);
            done = commits->back()->revision;
        }
    }
    must(store->compact(built.snapshot, 1'000));
    std::vector<double> times;
    Creates creates(3);
    Revision revision = built.snapshot.revision;
    for (auto _ : state) {
        auto one = *creates.next();
        one.revision = ++revision;
        const std::vector group{std::make_shared<const model::Commit>(one)};
        times.push_back(seconds([&] { commit(*store, group); }));
        state.SetIterationTime(times.back());
    }
    std::sort(times.begin(), times.end());
    state.counters["p50_ms"] = times[times.size() / 2] * 1e3;
    state.counters["p99_ms"] = times[times.size() * 99 / 100] * 1e3;
    state.counters["max_ms"] = times.back() * 1e3;
    must(store->settle());
}
BENCHMARK(commits_beside_a_compaction)->UseManualTime()->Iterations(500);

// ---- parts -------------------------------------------------------------------------------------

void history_of_one_subject(benchmark::State& state) {
    Large& built = large();
    const auto store = opened(built.folder.path);
    must(store->settle());
    Query query;
    query.newest_first = true;
    query.subject = built.snapshot.all<model::Instance>().begin()->second->subject();
    for (auto _ : state) benchmark::DoNotOptimize(store->history(query).value().size());
}
BENCHMARK(history_of_one_subject)->Unit(benchmark::kMillisecond);

void row_of_a_create(benchmark::State& state) {
    const CommitPtr one = Creates(1).next();
    std::size_t bytes = 0;
    for (auto _ : state) bytes += row_of(*one, 1).body.size();
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(row_of_a_create);

void reading_a_create(benchmark::State& state) {
    const std::string body = row_of(*Creates(1).next(), 1).body;
    for (auto _ : state)
        benchmark::DoNotOptimize(model::commit_from_json(*base::parse_json(body)).ok());
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(reading_a_create);

}  // namespace
}  // namespace vdc::store
