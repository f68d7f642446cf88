#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/chance.h"
#include "engine/engine.h"
#include "engine/engine_test_util.h"

namespace vdc::engine {

using namespace base;
using model::Revision;
using model::Step;
using testing::HandLoop;
using testing::TestStore;
using Steps = Result<std::vector<Step>>;

namespace {

/// The store's loop, whose tasks take their time; the engine's goes on meanwhile.
class SlowLoop final : public runtime::Executor {
  public:
    explicit SlowLoop(HandLoop& loop) : loop_(loop) {}
    Duration late = 100ms;

    Instant now() const override { return loop_.now(); }
    void post(std::function<void()> task) override { post_at(now(), std::move(task)); }
    void post_at(Instant when, std::function<void()> task) override {
        loop_.post_at(when + late, std::move(task));
    }

  private:
    HandLoop& loop_;
};

/// Somebody's loop: what is left there is run by hand, or dropped where it has ended.
class Home final : public runtime::Mailbox {
  public:
    void post(std::function<void()> task) override {
        if (!ended) tasks.push_back(std::move(task));
    }
    std::size_t run() {
        const auto due = std::exchange(tasks, {});
        for (const auto& task : due) task();
        return due.size();
    }

    std::vector<std::function<void()>> tasks;
    bool ended = false;
};

model::FlavorId flavor_id(const std::string& name) {
    return {make_uuid(Hasher{}.add(name).finish())};
}

Step make_flavor(const std::string& name) {
    model::Flavor flavor;
    flavor.id = flavor_id(name);
    flavor.name = name;
    return {model::Create<model::Flavor>{std::make_shared<const model::Flavor>(flavor)},
            "make " + name};
}

bool has(const model::Snapshot& snapshot, const std::string& name) {
    return snapshot.named<model::Flavor>({}, name) != nullptr;
}

/// An engine over a store that takes 100 ms for a write, and what it told.
class Overlap {
  public:
    Overlap() {
        EXPECT_TRUE(engine->start().ok());
        engine->listen([this](const Engine::Group& group, const SnapshotPtr& now) {
            EXPECT_EQ(now->revision, group.back()->revision);
            for (const model::CommitPtr& commit : group) heard.push_back(commit->revision);
        });
        loop.run_for(1s);
    }

    void submit(const std::string& request, std::function<Steps(const model::Snapshot&)> decide,
                std::shared_ptr<Home> home = nullptr) {
        ++asked;
        engine->submit({"tester", "", std::move(decide),
                        [this, request](Result<Revision> outcome, const SnapshotPtr& seen) {
                            EXPECT_FALSE(outcomes.contains(request)) << "answered twice";
                            EXPECT_LE(outcome.ok() ? *outcome : 0, seen->revision);
                            outcomes.emplace(request, std::move(outcome));
                        },
                        std::move(home)});
    }
    void make(const std::string& name, std::shared_ptr<Home> home = nullptr) {
        submit(
            name,
            [name](const model::Snapshot&) -> Steps { return std::vector{make_flavor(name)}; },
            std::move(home));
    }
    bool answered(const std::string& request) const { return outcomes.contains(request); }
    bool good(const std::string& request) const {
        return answered(request) && outcomes.at(request).ok();
    }
    Error::Code code(const std::string& request) const { return outcomes.at(request).error().code; }
    bool is_published(const std::string& name) const { return has(*engine->snapshot(), name); }

    HandLoop loop;
    SlowLoop writer{loop};
    TestStore store;
    std::optional<Engine> engine{std::in_place, loop, writer, store,
                                 Engine::Options{.group_max = 4}};
    std::map<std::string, Result<Revision>> outcomes;
    std::vector<Revision> heard;
    std::size_t asked = 0;
};

class EngineOverlapInGroups : public ::testing::Test, protected Overlap {
  protected:
    EngineOverlapInGroups() {
        engine.emplace(loop, writer, store, Engine::Options{});
        EXPECT_TRUE(engine->start().ok());
        loop.run_for(1s);
    }
};

class EngineOverlap : public ::testing::Test, protected Overlap {
  protected:
    /// Has a group begun that makes "a".
    void begin_a() {
        make("a");
        loop.run_for(10ms);
    }
};

}  // namespace

TEST_F(EngineOverlap, DecidesOnTopOfWhatIsWrittenAndTellsNobodyOfEither) {
    begin_a();
    bool seen = false;
    submit("b", [&](const model::Snapshot& snapshot) -> Steps {
        seen = has(snapshot, "a");
        return std::vector{make_flavor("b")};
    });
    loop.run_for(10ms);
    EXPECT_TRUE(seen) << "decided meanwhile";
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(engine->snapshot()->revision, 0u);
    loop.run_for(100ms);
    EXPECT_TRUE(good("a"));
    EXPECT_FALSE(answered("b"));
    EXPECT_TRUE(is_published("a"));
    EXPECT_FALSE(is_published("b"));
    EXPECT_EQ(heard, (std::vector<Revision>{1}));
    loop.run_for(100ms);
    EXPECT_TRUE(good("b"));
    EXPECT_TRUE(is_published("b"));
    EXPECT_EQ(heard, (std::vector<Revision>{1, 2}));
}

TEST_F(EngineOverlapInGroups, TheWriterThatComesBackDoesNotWaitUntilAllAreDecided) {
    loop.post_at(loop.now() + writer.late, [this] {
        for (int i = 0; i < 40; ++i) make(std::to_string(i));
    });
    make("a");
    loop.run_for(writer.late);
    ASSERT_EQ(store.writes, 1);
    loop.run_for(writer.late);
    EXPECT_EQ(store.writes, 2);
    EXPECT_EQ(store.commits_in_last, 16u) << "those that were decided when it came back";
    loop.run_for(writer.late);
    EXPECT_EQ(store.commits_in_last, 24u) << "all others";
    EXPECT_EQ(outcomes.size(), asked);
}

TEST_F(EngineOverlap, WhatOneLoopAsksAtOnceIsDecidedAtOnceAndAnsweredThereAtOnce) {
    const auto home = std::make_shared<Home>();
    for (const char* name : {"a", "b", "c"}) make(name, home);
    loop.run_for(200ms);
    EXPECT_EQ(store.writes, 0) << "it may have more at hand";
    EXPECT_EQ(home->run(), 1u) << "one letter for all";
    loop.run_for(200ms);
    EXPECT_EQ(store.writes, 1);
    EXPECT_TRUE(outcomes.empty()) << "they are answered at home";
    EXPECT_EQ(home->run(), 1u) << "one letter for all";
    for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(good(name)) << name;
}

TEST_F(EngineOverlap, EachIsAnsweredAtItsOwnHome) {
    const auto here = std::make_shared<Home>();
    const auto there = std::make_shared<Home>();
    make("a", here);
    make("b", there);
    make("c");
    here->run();
    loop.run_for(300ms);
    EXPECT_TRUE(good("c"));
    EXPECT_FALSE(answered("a") || answered("b"));
    here->run();
    EXPECT_TRUE(good("a"));
    EXPECT_FALSE(answered("b"));
    there->run();
    EXPECT_TRUE(good("b"));
}

TEST_F(EngineOverlap, GoesOnWhereALoopThatAskedHasEnded) {
    const auto home = std::make_shared<Home>();
    home->ended = true;
    make("a", home);
    make("b");
    loop.run_for(300ms);
    EXPECT_TRUE(is_published("a"));
    EXPECT_TRUE(good("b"));
    EXPECT_FALSE(answered("a")) << "nobody is there to hear it";
}

TEST_F(EngineOverlap, OneGroupIsWrittenAndOneIsNextHoweverManyAsk) {
    begin_a();
    for (const char* name : {"b", "c", "d", "e", "f", "g"}) make(name);
    loop.run_for(100ms);
    EXPECT_EQ(store.writes, 1);
    loop.run_for(100ms);
    EXPECT_EQ(store.writes, 2);
    EXPECT_EQ(store.commits_in_last, 4u) << "the most that a group holds";
    loop.run_for(100ms);
    EXPECT_EQ(store.writes, 3);
    EXPECT_EQ(store.commits_in_last, 2u);
    EXPECT_TRUE(good("g"));
}

TEST_F(EngineOverlap, WhatWasDecidedOnTopOfAWriteThatFailedFallsWithIt) {
    store.next = TestStore::Next::refused;
    begin_a();
    make("b");
    loop.run_for(500ms);
    EXPECT_EQ(code("a"), Error::Code::unavailable);
    EXPECT_EQ(code("b"), Error::Code::unavailable);
    EXPECT_EQ(store.writes, 1) << "the store never saw the second";
    EXPECT_EQ(engine->snapshot()->revision, 0u);
    EXPECT_TRUE(heard.empty());
    make("c");
    loop.run_for(500ms);
    ASSERT_TRUE(good("c"));
    EXPECT_EQ(*outcomes.at("c"), 1u) << "the revisions of what was not made are given again";
}

TEST_F(EngineOverlap, AWriteWhoseAnswerWasLostStaysAndWhatWasOnTopOfItFalls) {
    store.next = TestStore::Next::answer_lost;
    begin_a();
    make("b");
    loop.run_for(500ms);
    EXPECT_EQ(code("a"), Error::Code::unavailable) << "nobody could know";
    EXPECT_EQ(code("b"), Error::Code::unavailable);
    EXPECT_TRUE(is_published("a")) << "the store is the truth";
    EXPECT_FALSE(is_published("b"));
    EXPECT_EQ(heard, (std::vector<Revision>{1}));
    make("c");
    loop.run_for(500ms);
    EXPECT_EQ(*outcomes.at("c"), 2u);
}

TEST_F(EngineOverlap, ARefusalThatRestsOnAWriteThatFailedIsNotTold) {
    store.next = TestStore::Next::refused;
    begin_a();
    submit("again", [](const model::Snapshot&) -> Steps { return std::vector{make_flavor("a")}; });
    loop.run_for(10ms);
    EXPECT_FALSE(answered("again")) << "there may be no 'a'";
    loop.run_for(500ms);
    EXPECT_EQ(code("again"), Error::Code::unavailable);
}

TEST_F(EngineOverlap, NothingToDoIsAnsweredWhenWhatItRestsOnIsDurable) {
    begin_a();
    submit("nothing", [](const model::Snapshot&) -> Steps { return std::vector<Step>{}; });
    loop.run_for(10ms);
    EXPECT_FALSE(answered("nothing"));
    loop.run_for(100ms);
    ASSERT_TRUE(good("nothing"));
    EXPECT_EQ(*outcomes.at("nothing"), 1u);
    EXPECT_EQ(store.writes, 1);
}

TEST_F(EngineOverlap, PlansAreToldOfADurableDatacenterAndThenItGoesOn) {
    begin_a();
    make("b");
    loop.run_for(10ms);
    Engine::Standing told;
    engine->tell_standing([&](const Engine::Standing& standing) { told = standing; });
    make("c");
    loop.run_for(10ms);
    EXPECT_EQ(told.snapshot, nullptr) << "the plans have seen what is not durable";
    loop.run_for(1s);
    ASSERT_NE(told.snapshot, nullptr);
    EXPECT_EQ(told.snapshot->revision, 2u) << "who came later waits for that";
    EXPECT_TRUE(good("c"));
}

TEST_F(EngineOverlap, AnEngineThatEndedWritesNoMore) {
    begin_a();
    engine.reset();
    loop.run_for(1s);
    EXPECT_EQ(store.writes, 0);
    EXPECT_FALSE(answered("a"));
}

namespace {

/// Requests of all kinds and writes of all kinds, at any moments.
class AnyLife : public Overlap {
  public:
    explicit AnyLife(std::uint64_t seed) : chance_(seed) {}

    void live() {
        for (int moment = 0; moment < 100; ++moment) {
            if (chance_.once_in(1, 4)) store.next = any_outcome();
            if (chance_.once_in(1, 4)) writer.late = Duration(chance_.between(0, 300'000));
            if (chance_.once_in(1, 20)) ask_for_plans();
            for (auto count = chance_.between(0, 3); count > 0; --count) ask();
            loop.run_for(Duration(chance_.between(0, 100'000)));
            judge();
        }
        store.next = TestStore::Next::good;
        loop.run_for(10s);
        judge();
    }

    /// Nothing is told that is not durable: what is published is what the store had then, and it
    /// holds all that was answered well.
    void judge() {
        const SnapshotPtr now = engine->snapshot();
        if (now != std::exchange(judged_last_, now))
            RC_ASSERT(hash_of(*now) == hash_of(store.at(now->revision).value()));
        for (std::size_t at = 0; at < heard.size(); ++at) RC_ASSERT(heard[at] == at + 1);
        RC_ASSERT(heard.size() <= now->revision);
        if (plans_) RC_ASSERT(plans_->revision <= now->revision);
        for (const auto& [request, outcome] : outcomes) judge(request, outcome);
    }
    void judge_end() {
        RC_ASSERT(outcomes.size() == asked);
        RC_ASSERT(hash_of(*engine->snapshot()) == hash_of(store.latest().value()));
        RC_ASSERT(heard.size() == engine->snapshot()->revision);
        RC_ASSERT(plans_asked_ == plans_told_);
    }

  private:
    void judge(const std::string& request, const Result<Revision>& outcome) {
        if (!outcome.ok() || !judged_.insert(request).second) return;
        RC_ASSERT(*outcome <= engine->snapshot()->revision);
        const auto made = made_.find(request);
        if (made != made_.end()) RC_ASSERT(has(store.at(*outcome).value(), made->second));
    }
    TestStore::Next any_outcome() {
        switch (chance_.between(0, 2)) {
            case 0: return TestStore::Next::refused;
            case 1: return TestStore::Next::answer_lost;
            default: return TestStore::Next::good;
        }
    }
    /// For a flavor that there may be already, to have one go, or for nothing.
    void ask() {
        const std::string name = "f" + std::to_string(chance_.between(0, 9));
        const std::string request = name + " " + std::to_string(asked);
        if (chance_.once_in(1, 5))
            return submit(request,
                          [](const model::Snapshot&) -> Steps { return std::vector<Step>{}; });
        if (chance_.once_in(1, 3))
            return submit(request, [name](const model::Snapshot& seen) -> Steps {
                if (!has(seen, name)) return Error{Error::Code::not_found, "no " + name};
                const model::FlavorId id = seen.named<model::Flavor>({}, name)->id;
                return std::vector<Step>{{model::Forget<model::Flavor>{id}, "goes"}};
            });
        made_.emplace(request, name);
        submit(request,
               [name](const model::Snapshot&) -> Steps { return std::vector{make_flavor(name)}; });
    }
    void ask_for_plans() {
        ++plans_asked_;
        engine->tell_standing([this](const Engine::Standing& standing) {
            ++plans_told_;
            plans_ = standing.snapshot;
        });
    }

    Chance chance_;
    std::map<std::string, std::string> made_;  ///< the flavor that a request makes
    std::set<std::string> judged_;
    SnapshotPtr judged_last_;
    SnapshotPtr plans_;
    int plans_asked_ = 0;
    int plans_told_ = 0;
};

}  // namespace

RC_GTEST_PROP(EngineOverlapInAnyLife, TellsNothingThatIsNotDurable, (std::uint64_t seed)) {
    AnyLife life(seed);
    life.live();
    life.judge_end();
}

}  // namespace vdc::engine
