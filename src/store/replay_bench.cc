#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdio>
#include <deque>
#include <functional>

#include "base/chance.h"
#include "model/log_text.h"
#include "runtime/files.h"
#include "store/store.h"

/// How fast a million logged changes become the datacenter again: from the store, and from an
/// exported file. Each ends in the state that the history had, or the bench fails.
namespace vdc::store {
namespace {

using model::CommitPtr;
using model::Snapshot;

constexpr std::uint64_t changes_wanted = 1'000'000;
constexpr std::size_t alive_max = 10'000;

/// Instances that come, run and go: eighteen changes in nine commits each, so many alive at once.
class Lives {
  public:
    using Each = std::function<void(const CommitPtr&)>;

    /// Calls each(commit) until there were so many changes.
    explicit Lives(Each each) : each_(std::move(each)) {
        begin();
        while (changes_ < changes_wanted) {
            live_one();
            if (alive_.size() > alive_max) end_one();
        }
    }
    const Snapshot& snapshot() const { return snapshot_; }
    std::uint64_t changes() const { return changes_; }

  private:
    struct Life {
        model::InstanceId instance;
        model::VolumeId volume;
        model::PortId port;
        model::OperationId operation;
    };

    base::Uuid uuid() { return base::make_uuid({chance_.next(), chance_.next()}); }

    template <class R>
    static model::Change create(R record) {
        return model::Create<R>{std::make_shared<const R>(std::move(record))};
    }

    void commit(const char* actor, std::vector<model::Change> changes, const std::string& reason) {
        auto made = std::make_shared<model::Commit>();
        now_ += base::Duration{1000};
        made->revision = snapshot_.revision + 1;
        made->at = now_;
        made->term = 1;
        made->actor = actor;
        for (model::Change& change : changes) made->steps.push_back({std::move(change), reason});
        changes_ += made->steps.size();
        const base::Status fits = model::replay(snapshot_, *made);
        base::check(fits.ok(),
                    "the history of the bench fits: " + (fits.ok() ? "" : fits.error().message));
        each_(made);
    }

    void begin() {
        project_.id = {uuid()};
        project_.name = "default";
        project_.declared.instances_max = project_.declared.volumes_max = 1'000'000;
        project_.declared.resources_max = {{100'000'000}, {1 << 30}, {1 << 30}};
        image_.id = {uuid()};
        image_.name = "tiny";
        network_.id = {uuid()};
        network_.name = "default";
        network_.project = project_.id;
        network_.declared.range = {{10U << 24}, 8};
        std::vector<model::Change> changes{create(project_), create(image_), create(network_)};
        for (int number = 0; number < 100; ++number) {
            model::Host host;
            host.id = {uuid()};
            host.name = "h" + std::to_string(number);
            hosts_.push_back(host.id);
            changes.push_back(create(std::move(host)));
        }
        commit("admin", std::move(changes), "the datacenter begins");
    }

    void live_one() {
        const std::string name = "web-" + std::to_string(++count_);
        const Life life{{uuid()}, {uuid()}, {uuid()}, {uuid()}};
        const model::HostId host = hosts_[count_ % hosts_.size()];
        model::Instance instance;
        instance.id = life.instance;
        instance.project = project_.id;
        instance.name = name;
        instance.declared.flavor = "small";
        instance.declared.image = image_.id;
        model::Volume volume;
        volume.id = life.volume;
        volume.project = project_.id;
        volume.name = name + "-root";
        volume.declared.size = {2048};
        volume.declared.image = image_.id;
        volume.declared.instance = life.instance;
        volume.declared.delete_with_instance = true;
        model::Port port;
        port.id = life.port;
        port.project = project_.id;
        port.name = name + "-default";
        port.declared = {network_.id, life.instance, {}, true};
        model::Operation operation;
        operation.id = life.operation;
        operation.name = text(life.operation);
        operation.declared.subject = life.instance.value;
        operation.declared.noun = model::Noun::instance;
        operation.declared.subject_name = name;
        commit("admin", {create(instance), create(volume), create(port), create(operation)},
               "admin asked for it: create instance " + name);
        claim(life, host, name);
        run(life, host, name);
        alive_.push_back(life);
    }

    void claim(const Life& life, model::HostId host, const std::string& name) {
        model::InstanceClaimed claimed;
        claimed.host = host;
        claimed.epoch = 1;
        claimed.generation = 1;
        claimed.placement.sentence = "h1 has the most room of 100 hosts";
        claimed.placement.candidates = 100;
        model::PortClaimed address{{(10U << 24) + static_cast<std::uint32_t>(count_)},
                                   {0x525400000000 + count_}};
        commit("control",
               {model::Claim<model::Instance>{life.instance, claimed},
                model::Claim<model::Volume>{life.volume, {host, 1}},
                model::Claim<model::Port>{life.port, address}},
               name + " is placed on h1: it has the most room");
    }

    void run(const Life& life, model::HostId, const std::string& name) {
        model::VolumeObserved volume;
        volume.presence = model::Presence::ready;
        volume.size = {2048};
        commit("host h1", {model::Observe<model::Volume>{life.volume, volume}},
               "volume " + name + "-root is ready");
        model::InstanceObserved seen;
        seen.generation = 1;
        seen.phase = model::InstancePhase::preparing;
        commit("host h1", {model::Observe<model::Instance>{life.instance, seen}},
               name + " is being prepared");
        seen.phase = model::InstancePhase::running;
        commit("host h1", {model::Observe<model::Instance>{life.instance, seen}}, name + " runs");
        model::OperationObserved over;
        over.phase = model::OperationPhase::done;
        commit("control", {model::Observe<model::Operation>{life.operation, over}},
               "instance " + name + " runs as asked");
    }

    void end_one() {
        const Life life = alive_.front();
        alive_.pop_front();
        commit("admin", {model::Delete<model::Instance>{life.instance}}, "admin asked for it");
        model::InstanceObserved seen;
        seen.generation = 1;
        seen.phase = model::InstancePhase::stopped;
        commit("host h1", {model::Observe<model::Instance>{life.instance, seen}}, "it ended");
        model::VolumeDeclared detached;
        detached.size = {2048};
        detached.image = image_.id;
        detached.delete_with_instance = true;
        commit("control",
               {model::Declare<model::Volume>{life.volume, detached},
                model::Forget<model::Volume>{life.volume}, model::Forget<model::Port>{life.port},
                model::Forget<model::Instance>{life.instance},
                model::Forget<model::Operation>{life.operation}},
               "nothing of it is left");
    }

    Each each_;
    base::Chance chance_{4711};
    model::Instant now_{std::chrono::hours{24 * 20'000}};
    Snapshot snapshot_;
    std::uint64_t changes_ = 0;
    std::uint64_t count_ = 0;
    model::Project project_;
    model::Image image_;
    model::Network network_;
    std::vector<model::HostId> hosts_;
    std::deque<Life> alive_;
};

/// The history, stored and exported; removed at the end.
class History {
  public:
    static const History& only() {
        static const History history;
        return history;
    }
    ~History() { static_cast<void>(runtime::remove_tree(folder)); }

    std::string folder;
    std::string file;
    std::uint64_t changes = 0;
    base::Hash128 state;

  private:
    History() {
        const char* parent = ::getenv("TMPDIR");
        folder = std::string(parent != nullptr ? parent : "/tmp") + "/vdcreplayXXXXXX";
        base::check(::mkdtemp(folder.data()) != nullptr, "a folder for the bench");
        file = folder + "/log.txt";
        store_ = open_sqlite_store(folder + "/store").value();
        const Lives lives([this](const CommitPtr& commit) {
            group_.push_back(commit);
            if (group_.size() == 4096) write_group();
        });
        write_group();
        store_->settle().value();
        changes = lives.changes();
        state = hash_of(lives.snapshot());
        write_file();
        store_.reset();
    }

    void write_group() {
        if (group_.empty()) return;
        store_->commit(group_.front()->revision - 1, 1, group_).value();
        group_.clear();
    }

    void write_file() {
        std::FILE* out = std::fopen(file.c_str(), "w");
        base::check(out != nullptr, "a file for the bench");
        std::string lines;
        const model::Revision last = store_->log_range().value().second;
        model::write_log_head(lines, {"bench", 0, last, {}, {}, state});
        for (model::Revision at = 0; at < last;) {
            const std::vector<CommitPtr> page = store_->log(at, 1000).value();
            for (const CommitPtr& commit : page) {
                model::write_log_commit(lines, *commit);
                at = commit->revision;
            }
            std::fwrite(lines.data(), 1, lines.size(), out);
            lines.clear();
        }
        model::write_log_end(lines, {0, last});
        std::fwrite(lines.data(), 1, lines.size(), out);
        base::check(std::fclose(out) == 0, "the bench's file is written");
    }

    std::unique_ptr<Store> store_;
    std::vector<CommitPtr> group_;
};

void replay_the_store(benchmark::State& state) {
    const History& history = History::only();
    const auto store = open_sqlite_store(history.folder + "/store").value();
    for (auto _ : state) {
        const auto latest = store->latest();
        state.PauseTiming();
        if (!latest.ok() || hash_of(*latest) != history.state)
            state.SkipWithError("it came to another state");
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(history.changes));
}
BENCHMARK(replay_the_store)->Unit(benchmark::kMillisecond);

void replay_a_file(benchmark::State& state) {
    const History& history = History::only();
    for (auto _ : state) {
        std::FILE* in = std::fopen(history.file.c_str(), "r");
        base::check(in != nullptr, "the bench's file is there");
        model::LogReplay replay;
        char* line = nullptr;
        std::size_t room = 0;
        bool good = true;
        for (ssize_t size; good && (size = ::getline(&line, &room, in)) > 0;) {
            const auto taken = replay.take({line, static_cast<std::size_t>(size) - 1});
            good = taken.ok() && (*taken == nullptr || replay.apply().ok());
        }
        ::free(line);
        std::fclose(in);
        state.PauseTiming();
        if (!good || hash_of(replay.snapshot()) != history.state)
            state.SkipWithError("it came to another state");
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(history.changes));
}
BENCHMARK(replay_a_file)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vdc::store
