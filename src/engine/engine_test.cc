#include "engine/engine.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace vdc::engine {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::Instant;
using base::Result;
using model::CommitPtr;
using model::Snapshot;
using model::Step;

/// A queue and a number.
class HandTurned final : public runtime::Executor {
  public:
    Instant now() const override { return now_; }
    void post(std::function<void()> task) override { post_at(now_, std::move(task)); }
    void post_at(Instant when, std::function<void()> task) override {
        tasks_.emplace(std::max(when, now_), std::move(task));
    }
    void pass(Duration time) { now_ += time; }
    void run_until(Instant end) {
        while (!tasks_.empty() && tasks_.begin()->first <= end) {
            const auto task = std::move(tasks_.begin()->second);
            now_ = std::max(now_, tasks_.begin()->first);
            tasks_.erase(tasks_.begin());
            task();
        }
        now_ = std::max(now_, end);
    }

  private:
    Instant now_{1'700'000'000s};
    std::multimap<Instant, std::function<void()>> tasks_;
};

/// The memory's, with writes that take their time.
class SlowStore final : public store::Store {
  public:
    explicit SlowStore(HandTurned& executor) : executor_(executor) {}
    Duration write{};
    bool is_away = false;
    std::vector<std::size_t> groups;  ///< commits in each write

    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const CommitPtr> commits) override {
        executor_.pass(write);
        groups.push_back(commits.size());
        if (is_away) return base::Error{base::Error::Code::unavailable, "the store is away"};
        return real_->commit(after, term, commits);
    }
    Result<Snapshot> latest() override { return real_->latest(); }
    base::Status compact(const Snapshot& snapshot, model::Revision keep) override {
        return real_->compact(snapshot, keep);
    }
    base::Status settle() override { return real_->settle(); }
    Result<std::pair<model::Revision, model::Revision>> log_range() override {
        return real_->log_range();
    }
    Result<std::vector<CommitPtr>> log(model::Revision after, std::size_t limit) override {
        return real_->log(after, limit);
    }
    Result<Snapshot> at(model::Revision revision) override { return real_->at(revision); }
    Result<model::Revision> revision_at(Instant when) override { return real_->revision_at(when); }
    Result<store::Past> past() override { return real_->past(); }
    Result<std::uint64_t> size() override { return real_->size(); }
    Result<std::vector<store::Entry>> history(const store::Query& query) override {
        return real_->history(query);
    }
    Result<std::string> note(const std::string& name) override { return real_->note(name); }
    base::Result<std::map<std::string, std::string>> notes() override { return real_->notes(); }
    base::Status set_note(const std::string& name, const std::string& value) override {
        return real_->set_note(name, value);
    }

  private:
    HandTurned& executor_;
    std::unique_ptr<store::Store> real_ = store::make_memory_store();
};

class Engines : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(engine.start().ok());
        run();
    }
    void run(Duration time = 10ms) { executor.run_until(executor.now() + time); }

    static Step flavor(const std::string& name, std::uint64_t id) {
        model::Flavor made;
        made.id = {{7, id}};
        made.name = name;
        return {model::Create<model::Flavor>{std::make_shared<const model::Flavor>(made)}, "asked"};
    }
    void ask(std::vector<Step> steps, std::function<void(const Result<model::Revision>&)> done) {
        engine.submit({"admin", "", [steps = std::move(steps)](const Snapshot&) { return steps; },
                       [done = std::move(done)](const Result<model::Revision>& outcome,
                                                const SnapshotPtr&) { done(outcome); }});
    }

    /// Asks again a moment after each answer, as a client in lock step does.
    void ask_again_and_again(Duration moment) {
        const std::uint64_t id = ++asked;
        ask({flavor("f-" + std::to_string(id), id)}, [this, moment](
                                                         const Result<model::Revision>& outcome) {
            EXPECT_TRUE(outcome.ok());
            executor.post_at(executor.now() + moment, [=, this] { ask_again_and_again(moment); });
        });
    }

    HandTurned executor;
    SlowStore store{executor};
    Engine engine{executor, executor, store, {}};
    std::uint64_t asked = 0;
};

TEST_F(Engines, ARequestThatIsRefusedHalfWayTakesNothingFromTheOthersInItsGroup) {
    std::vector<Result<model::Revision>> outcomes;
    const auto note = [&](const Result<model::Revision>& outcome) { outcomes.push_back(outcome); };
    ask({flavor("small", 1)}, note);
    ask({flavor("huge", 2), flavor("small", 3)}, note);
    ask({flavor("large", 4)}, note);
    run();
    ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].value(), 1u);
    EXPECT_EQ(outcomes[1].error().code, base::Error::Code::exists);
    EXPECT_EQ(outcomes[2].value(), 2u);
    EXPECT_EQ(store.groups, (std::vector<std::size_t>{2}));
    EXPECT_EQ(engine.writes(), 1u);
    const SnapshotPtr now = engine.snapshot();
    EXPECT_EQ(now->revision, 2u);
    EXPECT_EQ(now->names(model::Noun::flavor, {}), (std::vector<std::string>{"large", "small"}));
    EXPECT_EQ(hash_of(*now), hash_of(store.latest().value()));
}

/// Two hosts with room for one instance of 1 GiB each: for one that survives the loss of its host.
class GuaranteeingEngines : public Engines {
  protected:
    void SetUp() override {
        Engines::SetUp();
        model::Project project;
        project.id = {{7, 1}};
        project.name = "default";
        model::Image image;
        image.id = {{6, 1}};
        image.name = "tiny";
        std::vector<Step> steps{create(project), create(image)};
        for (std::uint64_t number = 1; number <= 2; ++number) {
            model::Host host;
            host.id = {{8, number}};
            host.name = "h" + std::to_string(number);
            model::HostObserved seen;
            seen.capacity = {{8}, {512 + 1024}, {100'000}};
            seen.pools = {{"nas", model::StorageKind::shared_folder}};
            steps.push_back(create(host));
            steps.push_back({model::Claim<model::Host>{host.id, {1}}, "joins"});
            steps.push_back({model::Observe<model::Host>{host.id, seen}, "says what it is"});
        }
        ask(steps, [](const auto& outcome) { EXPECT_TRUE(outcome.ok()); });
        run();
    }
    template <class R>
    static Step create(const R& record) {
        return {model::Create<R>{std::make_shared<const R>(record)}, "asked"};
    }
    static Step instance(std::uint64_t number) {
        model::Instance made;
        made.id = {{9, number}};
        made.project = {{7, 1}};
        made.name = "i" + std::to_string(number);
        made.declared.image = {{6, 1}};
        made.declared.vcpus = {1};
        made.declared.memory = {1024};
        return create(made);
    }
};

TEST_F(GuaranteeingEngines, OfTwoThatAskAtOnceOneIsRefusedWhereOnlyOneIsSafe) {
    std::vector<bool> outcomes;
    std::string refusals;
    for (std::uint64_t number = 1; number <= 2; ++number)
        ask({instance(number)}, [&](const auto& outcome) {
            outcomes.push_back(outcome.ok());
            if (!outcome.ok()) refusals += text(outcome.error());
        });
    const std::size_t writes = store.groups.size();
    run();
    EXPECT_EQ(outcomes, (std::vector<bool>{true, false})) << refusals;
    EXPECT_EQ(store.groups.size(), writes + 1) << "one group";
    const auto& all = engine.snapshot()->all<model::Instance>();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all.begin()->second->claimed.host);
}

TEST_F(GuaranteeingEngines, TellTheirPlansWithTheSnapshotThatTheyAreOf) {
    ask({instance(1)}, [](const auto&) {});
    run();
    Engine::Standing told;
    engine.tell_standing([&](const auto& standing) { told = standing; });
    run();
    EXPECT_EQ(told.snapshot, engine.snapshot());
    ASSERT_EQ(told.plans->plans.size(), 2u);
    EXPECT_EQ(told.plans->hosts.size(), 2u);
    std::size_t moves = 0;
    for (const auto& plan : told.plans->plans) moves += plan.moves.size();
    EXPECT_EQ(moves, 1u);
}

TEST_F(Engines, AnswersComeBeforeListenersHearAndAfterPublication) {
    std::vector<std::string> order;
    engine.listen([&](const Engine::Group&, const SnapshotPtr& now) {
        order.push_back("heard " + std::to_string(now->revision));
    });
    ask({flavor("small", 1)}, [&](const Result<model::Revision>& outcome) {
        EXPECT_EQ(engine.snapshot()->revision, outcome.value());
        order.push_back("answered");
    });
    run();
    EXPECT_EQ(order, (std::vector<std::string>{"answered", "heard 1"}));
}

TEST_F(Engines, ThoseWhoAskTogetherAreWrittenTogether) {
    store.write = 8ms;
    for (int client = 0; client < 10; ++client)
        executor.post_at(executor.now() + client * 1ms, [this] { ask_again_and_again(300us); });
    run(200ms);
    ASSERT_GT(store.groups.size(), 15u);
    for (std::size_t at = 4; at < store.groups.size(); ++at) EXPECT_EQ(store.groups[at], 10u);
}

TEST_F(Engines, WhoIsAloneWaitsForNobody) {
    store.write = 8ms;
    ask_again_and_again(300us);
    run(82ms);
    EXPECT_EQ(store.groups.size(), 10u) << "one each 8.3 ms";
}

TEST_F(Engines, NobodyWaitsForThoseWhoWentAway) {
    store.write = 8ms;
    for (std::uint64_t client = 1; client <= 10; ++client)
        ask({flavor("f-" + std::to_string(client), client)}, [](const auto&) {});
    run();
    executor.pass(1s);
    const Instant began = executor.now();
    ask({flavor("late", 99)},
        [&](const Result<model::Revision>&) { EXPECT_EQ(executor.now() - began, 8ms); });
    run();
    EXPECT_EQ(store.groups, (std::vector<std::size_t>{10, 1}));
}

TEST_F(Engines, AskAStoreThatIsAwayOnceASecondHoweverManyRequestsFailed) {
    model::Operation over;  // to be forgotten in an hour: what control wants to write then
    over.id = {{8, 1}};
    over.name = "over";
    over.observed = {model::OperationPhase::done, "", executor.now()};
    ask({{model::Create<model::Operation>{std::make_shared<const model::Operation>(over)},
          "asked"}},
        [](const auto& outcome) { EXPECT_TRUE(outcome.ok()); });
    run(59min);
    store.is_away = true;
    for (std::uint64_t id = 1; id <= 50; ++id) {
        ask({flavor("f-" + std::to_string(id), id)},
            [](const auto& outcome) { EXPECT_FALSE(outcome.ok()); });
        run(2s + 13ms);
    }
    store.groups.clear();
    run(20s);
    EXPECT_GE(store.groups.size(), 19u);
    EXPECT_LE(store.groups.size(), 21u);
    store.is_away = false;
    run(2s);
    EXPECT_EQ(engine.snapshot()->find<model::Operation>(over.id), nullptr);
}

}  // namespace
}  // namespace vdc::engine
