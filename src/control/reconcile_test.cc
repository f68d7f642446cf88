#include "control/reconcile.h"

#include <gtest/gtest.h>

#include "control/turns_test_util.h"
#include "model/status.h"

namespace vdc::control {

using namespace base;
using model::Noun;
using testing::Turns;

namespace {

/// What waits, and gets its turn when something that had it goes.
class Waits : public ::testing::Test {
  protected:
    Waits() {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "64MiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/29"})"));
        dc.begin_host("h1", {{4}, {8192}, {1000}});
        dc.follow_up();
    }
    static void must(const Status& status) { ASSERT_TRUE(status.ok()) << text(status.error()); }

    void create_instance(const std::string& name) {
        must(dc.create(Noun::instance,
                       R"({"flavor": "f", "image": "tiny", "name": ")" + name + "\"}"));
        dc.follow_up();
    }
    /// It goes, and its host sees so.
    void end_instance(const std::string& name) {
        must(dc.ask(remove, Noun::instance, name));
        dc.follow_up();
        const auto& instance = *dc.named<model::Instance>(name);
        model::InstanceObserved seen;
        seen.generation = instance.claimed.generation;
        must(dc.apply({{model::Observe<model::Instance>{instance.id, seen}, "gone"}}));
        dc.follow_up();
    }
    void end_volume(const std::string& name) {
        must(dc.ask(remove, Noun::volume, name));
        dc.follow_up();
        model::VolumeObserved seen;
        seen.presence = model::Presence::absent;
        must(dc.apply(
            {{model::Observe<model::Volume>{dc.named<model::Volume>(name)->id, seen}, "gone"}}));
        dc.follow_up();
    }
    void a_moment_later() {
        dc.pass(3s);
        dc.follow_up();
    }

    Turns dc;
};

}  // namespace

TEST_F(Waits, AnInstanceWithoutAnAddressSaysSoAndGetsTheNextThatIsFree) {
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) create_instance(name);  // 5 in a /29
    const auto& last = *dc.named<model::Instance>("f");
    EXPECT_FALSE(last.claimed.host);
    EXPECT_EQ(status_of(dc.snapshot, last).sentence,
              "waits for a host: network default has no free address in 10.9.0.0/29");
    end_instance("c");
    a_moment_later();
    EXPECT_TRUE(dc.named<model::Instance>("f")->claimed.host);
}

TEST_F(Waits, AVolumeWithoutRoomGetsTheRoomOfOneThatGoes) {
    must(dc.create(Noun::volume, R"({"name": "a", "size": "700MiB"})"));
    must(dc.create(Noun::volume, R"({"name": "b", "size": "700MiB"})"));
    dc.follow_up();
    const bool a_first = dc.named<model::Volume>("a")->claimed.host.has_value();
    const std::string first = a_first ? "a" : "b";
    const std::string second = a_first ? "b" : "a";
    EXPECT_FALSE(dc.named<model::Volume>(second)->claimed.host);
    end_volume(first);
    a_moment_later();
    EXPECT_TRUE(dc.named<model::Volume>(second)->claimed.host);
}

TEST_F(Waits, AnInstanceWithoutDiskGetsTheRoomOfAVolumeThatGoesAtOnce) {
    must(dc.create(Noun::volume, R"({"name": "a", "size": "990MiB"})"));
    dc.follow_up();
    create_instance("web");
    EXPECT_FALSE(dc.named<model::Instance>("web")->claimed.host);
    end_volume("a");
    EXPECT_TRUE(dc.named<model::Instance>("web")->claimed.host);
}

}  // namespace vdc::control
