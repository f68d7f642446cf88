#include "engine/engine.h"

#include <gtest/gtest.h>

#include "engine/engine_test_util.h"

namespace vdc::engine {

using namespace base;
using model::Revision;
using testing::HandLoop;
using testing::TestStore;
using Steps = Result<std::vector<model::Step>>;

namespace {

std::vector<model::Step> make_flavor(const std::string& name) {
    model::Flavor flavor;
    flavor.id = {make_uuid(Hasher{}.add(name).finish())};
    flavor.name = name;
    return {{model::Create<model::Flavor>{std::make_shared<const model::Flavor>(flavor)},
             "make " + name}};
}

class EngineShell : public ::testing::Test {
  protected:
    EngineShell() {
        EXPECT_TRUE(engine.start().ok());
        loop.run_for(100ms);
    }

    /// Asks for a flavor; the outcome is kept under its name.
    void ask(const std::string& name) {
        submit(name, [name](const model::Snapshot&) -> Steps { return make_flavor(name); });
    }
    void submit(const std::string& name, std::function<Steps(const model::Snapshot&)> decide) {
        engine.submit({"tester", "", std::move(decide),
                       [this, name](Result<Revision> outcome, const SnapshotPtr& seen) {
                           EXPECT_FALSE(outcomes.contains(name)) << "answered twice: " << name;
                           published_then[name] = seen;
                           outcomes.emplace(name, std::move(outcome));
                       }});
    }
    bool has(const std::string& name) const {
        return engine.snapshot()->named<model::Flavor>({}, name) != nullptr;
    }
    bool good(const std::string& name) const {
        return outcomes.contains(name) && outcomes.at(name).ok();
    }
    Error::Code code(const std::string& name) const { return outcomes.at(name).error().code; }

    HandLoop loop;
    TestStore store;
    Engine engine{loop, loop, store, {.term = 3, .group_max = 4, .queue_max = 10}};
    std::map<std::string, Result<Revision>> outcomes;
    std::map<std::string, SnapshotPtr> published_then;
};

}  // namespace

TEST_F(EngineShell, AnswersOnlyWhenTheChangeIsDurableAndPublished) {
    ask("a");
    EXPECT_TRUE(outcomes.empty());
    EXPECT_FALSE(has("a"));
    loop.run_for(100ms);
    ASSERT_TRUE(good("a"));
    EXPECT_EQ(*outcomes.at("a"), 1u);
    EXPECT_EQ(published_then["a"]->revision, 1u);
    EXPECT_NE(store.latest()->named<model::Flavor>({}, "a"), nullptr);
}

TEST_F(EngineShell, MakesOneWriteOfAGroupAndNoGroupIsTooLarge) {
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) ask(name);
    loop.run_for(100ms);
    EXPECT_EQ(store.writes, 2) << "4 and 2";
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) EXPECT_TRUE(good(name)) << name;
    EXPECT_EQ(*outcomes.at("f"), 6u) << "each has a revision of its own, in order";
}

TEST_F(EngineShell, ARefusedRequestTakesNothingFromItsNeighbours) {
    ask("a");
    submit("refused", [](const model::Snapshot&) -> Steps {
        return Error{Error::Code::invalid, "no"};
    });
    submit("half", [](const model::Snapshot&) -> Steps {
        auto steps = make_flavor("half");
        steps.push_back(make_flavor("a").front());  // there is one already: refused by the rules
        return steps;
    });
    ask("b");
    loop.run_for(100ms);
    EXPECT_TRUE(good("a") && good("b"));
    EXPECT_EQ(code("refused"), Error::Code::invalid);
    EXPECT_EQ(code("half"), Error::Code::exists);
    EXPECT_FALSE(has("half")) << "wholly or not at all";
    EXPECT_EQ(engine.snapshot()->revision, 2u);
    EXPECT_EQ(store.commits_in_last, 2u);
}

TEST_F(EngineShell, ALaterRequestOfAGroupSeesTheEarlierOnes) {
    ask("a");
    bool seen = false;
    submit("b", [&](const model::Snapshot& snapshot) -> Steps {
        seen = snapshot.named<model::Flavor>({}, "a") != nullptr;
        return make_flavor("b");
    });
    loop.run_for(100ms);
    EXPECT_TRUE(seen);
}

TEST_F(EngineShell, NothingToDoIsNoWrite) {
    ask("a");
    loop.run_for(100ms);
    submit("nothing", [](const model::Snapshot&) -> Steps { return std::vector<model::Step>{}; });
    loop.run_for(100ms);
    ASSERT_TRUE(good("nothing"));
    EXPECT_EQ(*outcomes.at("nothing"), 1u);
    EXPECT_EQ(store.writes, 1);
}

TEST_F(EngineShell, TellsListenersEachCommitOnceInOrderAndNotAfterTheyLeft) {
    std::vector<Revision> heard;
    const auto listener = engine.listen([&](const Engine::Group& group, const SnapshotPtr& now) {
        EXPECT_EQ(now->revision, group.back()->revision);
        for (const model::CommitPtr& commit : group) heard.push_back(commit->revision);
    });
    for (const char* name : {"a", "b", "c"}) ask(name);
    loop.run_for(100ms);
    EXPECT_EQ(heard, (std::vector<Revision>{1, 2, 3}));
    engine.stop_listening(listener);
    ask("d");
    loop.run_for(100ms);
    EXPECT_EQ(heard.size(), 3u);
}

TEST_F(EngineShell, AWriteThatWasNotMadeFailsItsWholeGroupAndIsForgotten) {
    store.next = TestStore::Next::refused;
    ask("a");
    ask("b");
    loop.run_for(100ms);
    EXPECT_EQ(code("a"), Error::Code::unavailable);
    EXPECT_EQ(code("b"), Error::Code::unavailable);
    EXPECT_FALSE(has("a"));
    ask("c");
    loop.run_for(100ms);
    ASSERT_TRUE(good("c"));
    EXPECT_EQ(*outcomes.at("c"), 1u) << "the revisions of what was not made are given again";
    EXPECT_FALSE(has("a"));
}

TEST_F(EngineShell, AWriteWhoseAnswerWasLostIsFoundAndTold) {
    std::vector<Revision> heard;
    engine.listen([&](const Engine::Group& group, const SnapshotPtr&) {
        for (const model::CommitPtr& commit : group) heard.push_back(commit->revision);
    });
    store.next = TestStore::Next::answer_lost;
    ask("a");
    loop.run_for(100ms);
    EXPECT_EQ(code("a"), Error::Code::unavailable) << "nobody could know";
    EXPECT_TRUE(has("a")) << "the store is the truth";
    EXPECT_EQ(heard, (std::vector<Revision>{1}));
    ask("b");
    loop.run_for(100ms);
    ASSERT_TRUE(good("b"));
    EXPECT_EQ(*outcomes.at("b"), 2u);
    EXPECT_EQ(heard, (std::vector<Revision>{1, 2}));
}

TEST_F(EngineShell, OfALaterTermsLeaderLearnsThatItsTimeIsOver) {
    Engine later(loop, loop, store, {.term = 4});
    ASSERT_TRUE(later.start().ok());
    bool done = false;
    later.submit(
        {"later", "", [](const model::Snapshot&) -> Steps { return make_flavor("later"); },
         [&](const Result<Revision>& outcome, const SnapshotPtr&) { done = outcome.ok(); }});
    loop.run_for(100ms);
    EXPECT_TRUE(done);
    ask("a");
    loop.run_for(100ms);
    EXPECT_EQ(code("a"), Error::Code::conflict) << "an older term commits nothing";
    EXPECT_EQ(store.latest()->named<model::Flavor>({}, "a"), nullptr);
    EXPECT_TRUE(has("later")) << "and what the other did is seen";
}

TEST_F(EngineShell, AFullQueueRefusesAtOnceAndForgetsNobody) {
    for (int number = 0; number < 12; ++number) ask("f" + std::to_string(number));
    EXPECT_EQ(outcomes.size(), 2u) << "10 may wait";
    EXPECT_EQ(code("f10"), Error::Code::unavailable);
    loop.run_for(100ms);
    EXPECT_EQ(outcomes.size(), 12u);
    EXPECT_TRUE(good("f9"));
}

TEST_F(EngineShell, LooksAtEverythingWhenItBegins) {
    model::Network network;
    network.id = {{6, 1}};
    network.name = "lonely";
    network.declared.range = parse_ipv4_range("10.9.0.0/24").value();
    model::Project project;
    project.id = network.project = {{1, 1}};
    project.name = "default";
    model::Commit commit{
        1,
        loop.now(),
        1,
        "an earlier one",
        "",
        {{model::Create<model::Project>{std::make_shared<const model::Project>(project)}, "x"},
         {model::Create<model::Network>{std::make_shared<const model::Network>(network)}, "x"}}};
    TestStore used;
    ASSERT_TRUE(used.commit(0, 1, std::vector{std::make_shared<const model::Commit>(commit)}).ok());
    Engine next(loop, loop, used, {.term = 2});
    ASSERT_TRUE(next.start().ok());
    loop.run_for(100ms);
    EXPECT_EQ(next.snapshot()->get<model::Network>(network.id).claimed.number, 1)
        << "what the one before left undone is done";
}

TEST_F(EngineShell, WakesForWhatControlAskedToSeeAgain) {
    submit("op", [&](const model::Snapshot&) -> Steps {
        model::Operation operation;
        operation.id = {{12, 1}};
        operation.name = "done";
        operation.declared.noun = model::Noun::flavor;
        operation.observed = {model::OperationPhase::done, {}, loop.now()};
        return std::vector<model::Step>{
            {model::Create<model::Operation>{std::make_shared<const model::Operation>(operation)},
             "asked"}};
    });
    loop.run_for(100ms);
    ASSERT_TRUE(good("op")) << text(outcomes.at("op").error());
    loop.run_for(59min);
    EXPECT_EQ(engine.snapshot()->all<model::Operation>().size(), 1u);
    loop.run_for(2min);
    EXPECT_EQ(engine.snapshot()->all<model::Operation>().size(), 0u) << "it ended an hour ago";
}

TEST_F(EngineShell, CompactsWhenManyRevisionsCameSince) {
    Engine small(loop, loop, store, {.term = 5, .compact_every = 3});
    ASSERT_TRUE(small.start().ok());
    for (const char* name : {"a", "b", "c", "d"})
        small.submit(
            {"x", "", [name](const model::Snapshot&) -> Steps { return make_flavor(name); }, {}});
    loop.run_for(100ms);
    EXPECT_EQ(store.compactions, 1);
}

TEST(EngineShellThatEnded, AnswersNobodyAndTouchesNothing) {
    HandLoop loop;
    TestStore store;
    bool answered = false;
    {
        Engine engine(loop, loop, store, {});
        ASSERT_TRUE(engine.start().ok());
        engine.submit({"x", "", [](const model::Snapshot&) -> Steps { return make_flavor("a"); },
                       [&](const Result<Revision>&, const SnapshotPtr&) { answered = true; }});
    }
    loop.run_for(1min);
    EXPECT_FALSE(answered);
    EXPECT_EQ(store.writes, 0);
}

}  // namespace vdc::engine
