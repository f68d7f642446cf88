#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "control/turns_test_util.h"

namespace vdc::control {

using base::Json;
using model::Application;
using model::Instance;
using model::InstancePhase;
using model::Noun;
using testing::Turns;

namespace {

constexpr int host_vcpus = 8;  // with overcommit 1000: as many replicas

/// The application web with two replicas on one host, both ready.
class Roll : public ::testing::Test {
  protected:
    Roll() {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "64MiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
        dc.begin_host("h1", {{host_vcpus}, {8192}, {100'000}});
        must(dc.ask(update, Noun::host, "h1", Json::object({{"cpu_overcommit", 1000}})));
        must(dc.create(
            Noun::application,
            R"({"name": "web", "replicas": 2, "template": {"flavor": "f", "image": "tiny"}})"));
        settle();
    }

    static void must(const base::Status& status) {
        EXPECT_TRUE(status.ok()) << text(status.error());
    }

    const Application& web() { return *dc.named<Application>("web"); }
    std::vector<const Instance*> replicas() {
        return dc.snapshot.linked_records<Instance>(model::Link::application_instance,
                                                    web().id.value);
    }
    std::string names() {
        std::vector<std::string> all;
        for (const Instance* replica : replicas())
            all.push_back(
                replica->name + (replica->deleting ? " ends" : "") +
                (replica->observed.phase == InstancePhase::running ? "" : " is not ready"));
        std::sort(all.begin(), all.end());
        return base::join(all, ", ");
    }
    std::int64_t ready() {
        const auto all = replicas();
        return std::count_if(all.begin(), all.end(), [&](const Instance* replica) {
            return !replica->deleting && replica_ready(web(), *replica);
        });
    }
    void want_template(const char* user_data) {
        must(dc.ask(update, Noun::application, "web",
                    Json::object({{"template", Json::object({{"user_data", user_data}})}})));
        follow_up();
    }
    void want_replicas(int count) {
        must(dc.ask(update, Noun::application, "web", Json::object({{"replicas", count}})));
        follow_up();
    }
    void follow_up() {
        for (std::string& reason : dc.follow_up()) reasons += reason + "\n";
    }
    void see(const Instance& instance, InstancePhase phase) {
        model::InstanceObserved seen = instance.observed;
        seen.generation = instance.claimed.generation;
        seen.phase = phase;
        must(dc.apply({{model::Observe<Instance>{instance.id, seen}, "seen"}}));
        follow_up();
    }
    /// The host does the next thing that it has to do; false when there is nothing.
    bool host_does_one_thing() {
        for (const auto& [id, volume] : dc.snapshot.all<model::Volume>())
            if (volume->deleting && volume->observed.presence != model::Presence::absent) {
                must(dc.apply(
                    {{model::Observe<model::Volume>{id, {model::Presence::absent, {}, {}, 0, {}}},
                      "gone"}}));
                follow_up();
                return true;
            }
        for (const auto& [id, instance] : dc.snapshot.all<Instance>()) {
            if (!instance->claimed.host) continue;
            const InstancePhase wanted =
                instance->deleting ? InstancePhase::absent : InstancePhase::running;
            if (instance->observed.phase == wanted && !instance->deleting) continue;
            see(Instance(*instance), wanted);
            return true;
        }
        return false;
    }
    /// Until nothing is left to do. The fewest that were ready meanwhile.
    std::int64_t settle() {
        follow_up();
        std::int64_t fewest = ready();
        for (int step = 0; step < 200; ++step) {
            if (!host_does_one_thing() && dc.agenda.empty()) {
                dc.pass(std::chrono::seconds(3));
                if (dc.agenda.empty()) return fewest;
                follow_up();
            }
            fewest = std::min(fewest, ready());
        }
        ADD_FAILURE() << "does not come to rest: " << names();
        return fewest;
    }

    Turns dc;
    std::string reasons;
};

}  // namespace

TEST_F(Roll, ANewTemplateReachesAllReplicasAndNeverFewerAreReadyThanWanted) {
    want_template("v2");
    EXPECT_EQ(settle(), 2);
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
    EXPECT_EQ(web().observed.message, "");
}

TEST_F(Roll, OneReplicaComesFirstAndNoneEndsBeforeItIsReady) {
    want_template("v2");
    EXPECT_EQ(names(), "web-1, web-2, web-3 is not ready");
    see(Instance(*dc.named<Instance>("web-3")), InstancePhase::running);
    EXPECT_EQ(names(), "web-1, web-2 ends, web-3");
    EXPECT_NE(
        reasons.find("web has a new template; one comes before an old one ends: make web-3\n"),
        std::string::npos)
        << reasons;
    EXPECT_NE(reasons.find("web has a new template, and what was made by it is ready: end web-2\n"),
              std::string::npos)
        << reasons;
}

TEST_F(Roll, AtMostOneMoreThanWantedIsThere) {
    want_replicas(4);
    settle();
    want_template("v2");
    for (int step = 0; step < 100 && host_does_one_thing(); ++step)
        ASSERT_LE(replicas().size(), 5u) << names();
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
}

TEST_F(Roll, WithoutRoomForOneMoreAnOldOneEndsFirst) {
    must(dc.ask(update, Noun::host, "h1", Json::object({{"cpu_overcommit", 250}})));
    want_template("v2");
    EXPECT_EQ(names(), "web-1, web-2 ends, web-3 is not ready");
    EXPECT_NE(reasons.find("web has a new template, and no room for one more: web-3 waits for it: "
                           "end web-2\n"),
              std::string::npos)
        << reasons;
    EXPECT_EQ(settle(), 1) << "one at a time, never two";
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
}

TEST_F(Roll, WithoutQuotaForOneMoreAnOldOneEndsFirst) {
    must(dc.ask(update, Noun::project, "default", Json::object({{"instances_max", 2}})));
    want_template("v2");
    EXPECT_EQ(names(), "web-1, web-2 ends");
    EXPECT_NE(reasons.find("web has a new template and cannot have one more (the quota of project "
                           "'default' allows 2 instances, this would make 3"),
              std::string::npos)
        << reasons;
    EXPECT_EQ(settle(), 1);
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
}

TEST_F(Roll, ATemplateThatNeverGetsReadyCostsNothingAndTheNextOneReplacesIt) {
    want_template("bad");
    dc.pass(std::chrono::hours(1));
    follow_up();
    EXPECT_EQ(names(), "web-1, web-2, web-3 is not ready");
    want_template("good");
    EXPECT_EQ(names(), "web-1, web-2, web-3 ends is not ready");
    EXPECT_EQ(settle(), 2);
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
}

TEST_F(Roll, GoingBackToTheTemplateBeforeEndsWhatWasMadeMeanwhile) {
    want_template("v2");
    want_template("");
    EXPECT_EQ(names(), "web-1, web-2, web-3 ends is not ready");
    EXPECT_EQ(settle(), 2);
    EXPECT_EQ(names(), "web-1, web-2");
}

TEST_F(Roll, FewerReplicasMayBeWantedInTheMiddle) {
    want_replicas(3);
    settle();
    want_template("v2");
    want_replicas(1);
    EXPECT_EQ(names(), "web-1, web-2 ends, web-3 ends, web-4 is not ready");
    EXPECT_EQ(settle(), 1);
    EXPECT_TRUE(model::settled(dc.snapshot, web())) << names();
}

TEST_F(Roll, OfTooManyTheOneThatDoesNotRunEndsFirst) {
    see(Instance(*dc.named<Instance>("web-1")), InstancePhase::preparing);
    want_replicas(1);
    EXPECT_EQ(names(), "web-1 ends is not ready, web-2");
}

TEST_F(Roll, ANumberIsGivenAgainWhenNothingIsLeftOfItsReplica) {
    must(dc.ask(remove, Noun::instance, "web-1"));
    follow_up();
    EXPECT_EQ(names(), "web-1 ends, web-2") << "it has its place until it is gone";
    settle();
    EXPECT_EQ(names(), "web-2, web-3") << "the volume of web-1 went a moment later than web-1";
    want_replicas(3);
    EXPECT_EQ(names(), "web-1 is not ready, web-2, web-3");
}

TEST_F(Roll, ANameThatSomebodyElseHasIsPassedOver) {
    must(dc.create(Noun::instance, R"({"name": "web-3", "flavor": "f", "image": "tiny"})"));
    want_replicas(3);
    EXPECT_EQ(names(), "web-1, web-2, web-4 is not ready");
}

TEST(Front, WithoutAFreeAddressSaysSoAndGetsTheNextThatIsFree) {
    Turns dc;
    dc.policy.front_range = {{100u << 24 | 96u << 16}, 30};  // two addresses
    const auto must = [](const base::Status& status) {
        ASSERT_TRUE(status.ok()) << text(status.error());
    };
    must(dc.create(Noun::project, R"({"name": "default"})"));
    must(dc.create(Noun::flavor, R"({"name": "f"})"));
    must(dc.create(Noun::image, R"({"name": "tiny"})"));
    must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
    for (const char* name : {"a", "b", "c"})
        must(dc.create(Noun::application, std::string(R"({"replicas": 0, "front": {"port": 80},
                           "template": {"flavor": "f", "image": "tiny"}, "name": ")") +
                                              name + "\"}"));
    dc.follow_up();
    const auto all = [&] {
        std::vector<const Application*> found;
        for (const auto& [id, application] : dc.snapshot.all<Application>())
            found.push_back(application.get());
        return found;
    };
    EXPECT_EQ(text(all()[1]->claimed.address), "100.96.0.2");
    EXPECT_EQ(all()[2]->observed.message, "there is no free front address in 100.96.0.0/30");
    must(dc.ask(remove, Noun::application, all()[0]->name));
    dc.follow_up();
    dc.pass(std::chrono::seconds(3));
    dc.follow_up();
    EXPECT_EQ(text(all()[1]->claimed.address), "100.96.0.1");
    EXPECT_EQ(all()[1]->observed.message, "");
}

}  // namespace vdc::control
