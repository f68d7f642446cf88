#include "agent/agent.h"

#include <gtest/gtest.h>

#include <deque>

#include "runtime/hand_loop_test_util.h"

namespace vdc::agent {

using namespace base;
using control::Effect;
using control::Sighting;

namespace {

constexpr model::NetworkId network{{6, 1}};
constexpr model::InstanceId stranger{{7, 1}};

/// Hands that begin what they are told and end it when the test says so.
struct WaitingHands final : Hands {
    struct Begun {
        std::string words;
        std::function<void(Result<Sighting>)> done;
    };
    std::deque<Begun> begun;

    void start(const Effect& effect, std::function<void(Result<Sighting>)> done) override {
        begun.push_back({text(effect), std::move(done)});
    }
    std::string words() const {
        std::string all;
        for (const Begun& each : begun) all += (all.empty() ? "" : "; ") + each.words;
        return all;
    }
    void end_first(Result<Sighting> result) {
        ASSERT_FALSE(begun.empty());
        const Begun first = std::move(begun.front());
        begun.pop_front();
        first.done(std::move(result));
    }
};

struct WaitingController final : Controller {
    struct Given {
        model::Step step;
        std::function<void(Status)> done;
    };
    std::deque<Given> given;

    void report(model::Step step, std::function<void(Status)> done) override {
        given.push_back({std::move(step), std::move(done)});
    }
    void answer_first(const Status& status) {
        ASSERT_FALSE(given.empty());
        const Given first = std::move(given.front());
        given.pop_front();
        first.done(status);
    }
};

class Agents : public ::testing::Test {
  protected:
    /// One network is needed here.
    static control::Duties duties(model::Revision revision) {
        control::Duties duties;
        duties.revision = revision;
        duties.host_name = "h1";
        control::NetworkDuty& duty = duties.networks[network];
        duty.network.id = network;
        duty.network.number = 1;
        duty.needed = true;
        return duties;
    }
    static Sighting applied() {
        return control::NetworkSighting{true, fingerprint(duties(1).networks.at(network).network)};
    }

    runtime::testing::HandLoop loop;
    WaitingHands hands;
    WaitingController controller;
    std::optional<Agent> agent{std::in_place, loop, hands, controller};
};

}  // namespace

TEST_F(Agents, BeginsWhatDutiesAskForAndReportsWhatWasSeen) {
    EXPECT_EQ(hands.words(), "");
    agent->set_duties(duties(1));
    EXPECT_EQ(hands.words(), "apply network 1");
    EXPECT_TRUE(controller.given.empty());
    hands.end_first(applied());
    ASSERT_EQ(controller.given.size(), 1u);
    EXPECT_EQ(controller.given.front().step.reason, "the network is ready on h1");
}

TEST_F(Agents, PassesOverDutiesThatAreOlderThanTheLast) {
    int heard = 0;
    agent->on_duties([&](const control::Duties&) { ++heard; });
    agent->set_duties(duties(5));
    control::Duties older = duties(4);
    older.networks.clear();
    agent->set_duties(older);
    EXPECT_EQ(agent->mind().duties().revision, 5u);
    EXPECT_EQ(heard, 1);
}

TEST_F(Agents, GivesARefusedReportAnewAfterASecondAndAnAcceptedOneNever) {
    agent->set_duties(duties(1));
    hands.end_first(applied());
    controller.answer_first(Error{Error::Code::unavailable, "no controller answers"});
    EXPECT_TRUE(controller.given.empty());
    loop.run_for(999ms);
    EXPECT_TRUE(controller.given.empty());
    loop.run_for(1ms);
    ASSERT_EQ(controller.given.size(), 1u);
    controller.answer_first({});
    loop.run_for(5s);
    EXPECT_TRUE(controller.given.empty());
}

TEST_F(Agents, MakesARefusedReportOfWhatIsKnownThen) {
    agent->set_duties(duties(1));
    hands.end_first(applied());
    control::Duties known = duties(2);
    known.networks.at(network).reported.presence = model::Presence::ready;
    agent->set_duties(known);
    controller.answer_first(Error{Error::Code::unavailable, "its answer was lost"});
    loop.run_for(5s);
    EXPECT_TRUE(controller.given.empty()) << "the store has it";
}

TEST_F(Agents, WakesByItselfForWhatIsDueLater) {
    agent->set_duties(duties(1));
    hands.end_first(Error{Error::Code::failed, "no"});
    EXPECT_EQ(hands.words(), "");
    loop.run_for(250ms);
    EXPECT_EQ(hands.words(), "apply network 1") << "tried again";
    hands.end_first(applied());
    loop.run_for(10s);
    EXPECT_EQ(hands.words(), "apply network 1") << "looked after";
}

TEST_F(Agents, LooksAtWhatWasFoundAndEndsItOnlyWhenDutiesDoNotNameIt) {
    agent->found({stranger});
    loop.run_for(1min);
    EXPECT_EQ(hands.words(), "") << "the store has not spoken";
    agent->set_duties(duties(1));
    EXPECT_EQ(hands.words(), "apply network 1; look at instance " + text(stranger));
}

TEST_F(Agents, ReportsWhatIsNoticedAtOnce) {
    control::Duties known = duties(1);
    control::InstanceDuty& duty = known.instances[stranger];
    duty.instance.id = stranger;
    duty.instance.name = "web";
    duty.instance.generation = 1;
    duty.power = model::Power::on;
    agent->set_duties(known);
    control::InstanceSighting seen;
    seen.looked = seen.alive = true;
    seen.generation = 1;
    agent->noticed({stranger, seen});
    ASSERT_EQ(controller.given.size(), 1u);
    EXPECT_EQ(controller.given.front().step.reason, "web: it runs");
}

TEST_F(Agents, ThatEndedHearNothingAndDoNothing) {
    agent->set_duties(duties(1));
    const auto late_end = hands.begun.front().done;
    hands.end_first(applied());
    const auto late_answer = controller.given.front().done;
    controller.given.clear();
    agent.reset();
    late_end(applied());
    late_answer(Error{Error::Code::unavailable, "late"});
    loop.run_for(1min);
    EXPECT_TRUE(hands.begun.empty());
    EXPECT_TRUE(controller.given.empty());
}

}  // namespace vdc::agent
