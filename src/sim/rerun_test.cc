#include "sim/rerun.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/log_text.h"
#include "sim/world.h"

namespace vdc::sim {

using base::Json;
using namespace std::chrono_literals;

/// A history that was lived in the simulator, as an exported log from some revision on.
class History {
  public:
    explicit History(World::Options options) {
        options.on_commit = [this](const model::CommitPtr& commit) { commits_.push_back(commit); };
        world.emplace(options);
        world->run_for(1s);
        ask("create", "image", "tiny");
        ask("upload", "image", "tiny");
    }

    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const std::string& body = "{}") {
        world->ask(verb, noun, name, base::parse_json(body).value());
        world->run_for(10s);
    }

    std::string exported(model::Revision from = 0) const {
        model::Snapshot base;
        model::Snapshot end;
        for (const model::CommitPtr& commit : commits_) {
            EXPECT_TRUE(replay(end, *commit).ok());
            if (commit->revision == from) base = end;
        }
        std::string out;
        model::LogCounts counts;
        model::write_log_head(
            out, {"test", from, end.revision, base.committed, world->now(), hash_of(end)});
        model::for_each_noun([&]<class R>(std::type_identity<R>) {
            for (const auto& [id, record] : base.all<R>()) {
                write_log_record(out, *record);
                ++counts.records;
            }
        });
        for (const model::CommitPtr& commit : commits_) {
            if (commit->revision <= from) continue;
            write_log_commit(out, *commit);
            ++counts.commits;
        }
        model::write_log_end(out, counts);
        return out;
    }

    std::optional<World> world;

  private:
    std::vector<model::CommitPtr> commits_;
};

static base::Result<Comparison> compared(const std::string& log, const char* policy) {
    const OtherPolicy other = TRY(read_policy(base::parse_json(policy).value()));
    std::vector<std::string> lines = base::split(log, '\n');
    lines.pop_back();
    auto at = lines.begin();
    return compare(
        [&](std::string_view& line) {
            if (at == lines.end()) return false;
            line = *at++;
            return true;
        },
        other);
}

static Comparison good(const base::Result<Comparison>& result) {
    EXPECT_TRUE(result.ok()) << text(result.error());
    EXPECT_EQ(result->present.violation, "");
    EXPECT_EQ(result->other.violation, "");
    return *result;
}

static constexpr const char* web =
    R"({"replicas": 3, "template": {"image": "tiny", "flavor": "small", "network": "default"}})";

/// A host on which two of three replicas have room.
static World::Options narrow() {
    World::Options options;
    options.memory = {1700};
    return options;
}

TEST(Rerun, OfTheSamePolicyComesOutAsItWas) {
    History history({});
    history.ask("create", "app", "web", web);
    history.world->run_for(60s);
    EXPECT_TRUE(history.world->crash_instance("web-2"));
    history.ask("delete", "app", "web");
    const Comparison same = good(compared(history.exported(), "{}"));
    EXPECT_EQ(same.ends, 1u);
    EXPECT_EQ(same.present.not_running, 0u);
    EXPECT_EQ(same.present.refused, 0u);
    EXPECT_EQ(same.hosts, 1u);
    EXPECT_GE(same.then.wanted_replicas, 180s);
    EXPECT_EQ(same.present.sums.ready_replicas, same.other.sums.ready_replicas);
    const auto apart = same.present.sums.ready_replicas - same.then.ready_replicas;
    EXPECT_LE(apart, 10s) << "effects take other times, not many";
    EXPECT_GE(apart, -10s);
}

TEST(Rerun, UnderAPolicyWithMoreRoomKeepsMorePromises) {
    History history(narrow());
    history.ask("create", "app", "web", web);
    history.world->run_for(300s);
    const std::string log = history.exported();
    const Comparison more = good(compared(log, R"({"host": {"memory_overcommit": 3000}})"));
    EXPECT_LT(more.present.sums.ready_replicas, more.present.sums.wanted_replicas - 200s);
    EXPECT_GT(more.other.sums.ready_replicas, more.other.sums.wanted_replicas - 60s);
    EXPECT_GT(more.present.sums.missing_instances, more.other.sums.missing_instances + 200s);
    const Comparison quota = good(compared(log, R"({"project": {"instances_max": 1}})"));
    EXPECT_LT(quota.other.sums.ready_replicas, quota.present.sums.ready_replicas);
}

TEST(Rerun, OfALogThatBeginsLaterBeginsWithWhatWasWantedThen) {
    History history({});
    history.ask("create", "app", "web", web);
    const model::Revision then = history.world->snapshot()->revision;
    history.world->run_for(60s);
    history.ask("update", "app", "web", R"({"replicas": 5})");
    history.world->run_for(60s);
    history.ask("delete", "app", "web");
    const Comparison later = good(compared(history.exported(then), "{}"));
    EXPECT_EQ(later.present.refused, 0u) << later.present.first_refusal;
    EXPECT_GT(later.present.sums.ready_replicas, later.then.ready_replicas - 60s);
}

TEST(Rerun, OnSeveralHostsUsesThoseThatThePolicyLeavesRoomOn) {
    World::Options three = narrow();
    three.hosts = 3;
    History history(three);
    history.ask("create", "app", "web", web);
    history.world->run_for(300s);
    const Comparison kept =
        good(compared(history.exported(), R"({"host": {"schedulable": false}})"));
    EXPECT_EQ(kept.hosts, 3u);
    EXPECT_GE(kept.present.sums.ready_replicas, kept.present.sums.wanted_replicas - 60s);
    EXPECT_GE(kept.present.sums.hosts_in_use, 800s) << "a replica on each";
    EXPECT_EQ(kept.other.sums.hosts_in_use, 0s);
    EXPECT_EQ(kept.other.sums.ready_replicas, 0s);
    EXPECT_GE(kept.other.sums.missing_instances, 800s);
}

TEST(Rerun, APolicyThatIsNoneIsRefused) {
    const auto refused = [](const char* policy, const char* why) {
        const auto read = read_policy(base::parse_json(policy).value());
        ASSERT_FALSE(read.ok()) << policy;
        EXPECT_NE(text(read.error()).find(why), std::string::npos) << text(read.error());
    };
    refused("[]", "object");
    refused(R"({"hosts": {}})", "'hosts' is no part of a policy");
    refused(R"({"host": {"memory_overcomit": 1}})", "did you mean 'memory_overcommit'");
    refused(R"({"host": {"memory_overcommit": 1}})", "must be from 100 to 4000");
    refused(R"({"project": 7})", "must be an object");
    EXPECT_FALSE(compared("vdc-log 1\n", "{}").ok());
}

}  // namespace vdc::sim
