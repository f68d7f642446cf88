#include <gtest/gtest.h>

#include "control/host_mind_test_util.h"

/// A host after a restore of the datacenter's records (rule 9 of host_mind.h).
namespace vdc::control {

using namespace base;
using model::AfterRestore;

namespace {

class MindAfterARestore : public testing::MindTest {
  protected:
    static constexpr model::InstanceId late{{7, 99}};
    static constexpr model::Generation restored = 1000;

    MindAfterARestore() {
        duties.host = {{2, 1}};
        duties.host_name = "h1";
        duties.after_restore = AfterRestore::held;
        duties.instances[web].instance.generation = restored;
        duties.instances[web].adopts = true;
    }
    /// A run of before the restore.
    InstanceSighting earlier() const {
        InstanceSighting seen = alive(web);
        seen.generation = 7;
        return seen;
    }
    InstanceSighting stranger() const {
        InstanceSighting seen = earlier();
        seen.name = "late-1";
        seen.disks.clear();
        return seen;
    }
    void finds(const InstanceSighting& of_web) {
        mind.found({web, late});
        tell();
        EXPECT_EQ(begins(), "look at instance web; look at instance " + text(late));
        done("look at instance web", of_web);
        done("look at instance " + text(late), stranger());
    }
    void becomes(AfterRestore what) {
        duties.after_restore = what;
        tell();
    }
};

}  // namespace

TEST_F(MindAfterARestore, OnlyLooksUntilItIsReleased) {
    finds(down());
    EXPECT_EQ(begins(), "") << "nothing is started, ended or prepared";
    EXPECT_EQ(reports(), "1 instances run on h1 of which the records know nothing");
}

TEST_F(MindAfterARestore, ARunOfAnEarlierGenerationIsTheOneThatIsOrdered) {
    finds(earlier());
    EXPECT_EQ(reports(),
              "web: it runs with tcg; 1 instances run on h1 of which the records know nothing");
    becomes(AfterRestore::watched);
    const std::string next = begins();
    EXPECT_EQ(next.find("kill"), std::string::npos) << next;
    EXPECT_EQ(next.find("launch"), std::string::npos) << next;
}

TEST_F(MindAfterARestore, ItIsTakenOverThoughItWasSeenBeforeTheOrderCame) {
    mind.found({web});
    Duties none;
    none.after_restore = AfterRestore::unheard;
    mind.set_duties(none);
    EXPECT_EQ(begins(), "look at instance web");
    done("look at instance web", earlier());
    becomes(AfterRestore::watched);
    const std::string next = begins();
    EXPECT_EQ(next.find("kill"), std::string::npos) << next;
}

TEST_F(MindAfterARestore, WhatIsMissingStartsOnceReleased) {
    finds(down());
    becomes(AfterRestore::watched);
    EXPECT_EQ(begins(), "prepare volume root; apply network 1");
}

TEST_F(MindAfterARestore, AStrangerIsEndedByNameAlone) {
    finds(earlier());
    becomes(AfterRestore::watched);
    EXPECT_EQ(begins().find("kill"), std::string::npos);
    duties.ends = {late};
    tell();
    EXPECT_EQ(begins(), "kill instance " + text(late));
}

TEST_F(MindAfterARestore, AStrangerCanBeEndedWhileAllElseIsHeld) {
    finds(down());
    duties.ends = {late};
    tell();
    EXPECT_EQ(begins(), "kill instance " + text(late));
}

TEST_F(MindAfterARestore, WhatIsUnderWaySinceBeforeIsWaitedFor) {
    becomes(AfterRestore::none);
    duties.instances[web].instance.generation = 7;
    duties.instances[web].adopts = false;
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    const InstanceSighting run = earlier();
    duties.instances.clear();  // the backup has it elsewhere
    becomes(AfterRestore::held);
    EXPECT_EQ(reports(), "h1 looks at what runs there");
    done("launch web", run);
    EXPECT_EQ(reports(), "1 instances run on h1 of which the records know nothing");
}

TEST_F(MindAfterARestore, WithoutARestoreAStrangerIsEnded) {
    finds(earlier());
    becomes(AfterRestore::settled);
    EXPECT_NE(begins().find("kill instance " + text(late)), std::string::npos);
}

TEST_F(MindAfterARestore, WhatStandsStillInAnUnknownMoveIsLeftSo) {
    InstanceSighting sent = earlier();
    sent.run = RunState::paused;
    sent.move = MoveSighting{.stage = MoveStage::sent, .generation = 8};
    duties.instances[web].moved = 8;
    finds(sent);
    becomes(AfterRestore::watched);
    const std::string next = begins();
    EXPECT_EQ(next.find("instance web"), std::string::npos)
        << next << ": where it goes on is not known";
    shall_be_off();
    EXPECT_NE(begins().find("kill instance web"), std::string::npos) << "by somebody's word";
}

}  // namespace vdc::control
