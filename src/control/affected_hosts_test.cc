#include "control/affected_hosts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "control/crowd_test_util.h"
#include "control/duties.h"

namespace vdc::control {

using model::Snapshot;
using testing::Crowd;
using testing::Deed;
using testing::Turns;

namespace {

/// All records that are not the same ones.
std::set<model::Subject> changed(const Snapshot& before, const Snapshot& after) {
    std::set<model::Subject> subjects;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : before.all<R>())
            if (after.find<R>(id) != record.get()) subjects.insert({R::noun, id.value});
        for (const auto& [id, record] : after.all<R>())
            if (before.find<R>(id) != record.get()) subjects.insert({R::noun, id.value});
    });
    return subjects;
}

Affected affected(const Snapshot& before, const Snapshot& after) {
    return affected_hosts(before, after, changed(before, after));
}

}  // namespace

/// Whoever is not told has nothing new, and whoever is has it all when he reads the parts.
RC_GTEST_PROP(AffectedHostsInAnyHistory, AreToldOfAllThatChangedInTheirDuties, ()) {
    const auto history = *rc::gen::scale(1.5, testing::histories());
    Turns turns;
    Crowd crowd(turns);
    crowd.begin();
    for (const Deed& deed : history) {
        const Snapshot before = turns.snapshot;
        turns.pass(std::chrono::seconds(3));
        crowd.act(deed);
        turns.follow_up();
        const Affected told = affected(before, turns.snapshot);
        for (const auto& [id, host] : turns.snapshot.all<model::Host>()) {
            const auto its = told.find(id);
            RC_LOG() << "at " << deed << " " << host->name
                     << (its != told.end() ? " is told\n" : " is not told\n");
            Duties renewed = duties(before, id);
            if (its != told.end()) renew(renewed, turns.snapshot, id, its->second);
            renewed.revision = turns.snapshot.revision;
            RC_ASSERT(renewed == duties(turns.snapshot, id));
        }
    }
}

namespace {

class AffectedHosts : public ::testing::Test {
  protected:
    AffectedHosts() {
        must(dc.create(model::Noun::project, R"({"name": "default"})"));
        must(
            dc.create(model::Noun::flavor, R"({"name": "f", "memory": "64MiB", "disk": "16MiB"})"));
        must(dc.create(model::Noun::image, R"({"name": "tiny"})"));
        for (const char* host : {"h1", "h2", "h3"}) dc.begin_host(host, {{1}, {8192}, {100'000}});
        for (const char* network : {"n1", "n2"})
            must(dc.create(model::Noun::network, std::string(R"({"name": ")") + network +
                                                     R"(", "range": "10.9.0.0/24"})"));
        dc.follow_up();
    }
    static void must(const base::Status& status) {
        EXPECT_TRUE(status.ok()) << text(status.error());
    }
    /// How many hosts have to be told of what happens.
    template <class Happens>
    std::size_t told_of(Happens happens) {
        const Snapshot before = dc.snapshot;
        happens();
        dc.follow_up();
        return affected(before, dc.snapshot).size();
    }
    void create_instance(const std::string& name, const std::string& network) {
        must(dc.create(model::Noun::instance, R"({"flavor": "f", "image": "tiny", "name": ")" +
                                                  name + R"(", "networks": [")" + network +
                                                  R"("]})"));
    }

    Turns dc;
};

}  // namespace

TEST_F(AffectedHosts, AKeyThatNobodyUsesConcernsNoHost) {
    const std::size_t told = told_of([&] {
        must(dc.create(
            model::Noun::key_pair,
            R"({"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"})"));
    });
    EXPECT_EQ(told, 0u);
}

TEST_F(AffectedHosts, AnInstanceConcernsItsHostAndThoseOfItsNetwork) {
    EXPECT_EQ(told_of([&] { create_instance("a", "n1"); }), 1u);
    EXPECT_EQ(told_of([&] { create_instance("b", "n2"); }), 1u);
    EXPECT_EQ(told_of([&] { create_instance("c", "n1"); }), 2u) << "names of one network";
}

TEST_F(AffectedHosts, WhatAHostSeesOfAnInstanceConcernsThatHostAlone) {
    create_instance("a", "n1");
    create_instance("b", "n1");
    dc.follow_up();
    const std::size_t told = told_of([&] {
        const auto* a = dc.named<model::Instance>("a");
        model::InstanceObserved seen = a->observed;
        seen.generation = a->claimed.generation;
        seen.phase = model::InstancePhase::running;
        must(dc.apply({{model::Observe<model::Instance>{a->id, seen}, "seen"}}));
    });
    EXPECT_EQ(told, 1u);
}

}  // namespace vdc::control
