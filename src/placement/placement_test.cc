#include "placement/placement.h"

#include <gtest/gtest.h>

#include "model/writer.h"

namespace vdc::placement {

using namespace model;

static HostId id_of(std::uint64_t number) {
    return {base::Uuid{1, number}};
}

/// A host that is up, with so many processors and so much memory beside what it keeps for itself.
static Host host(std::uint64_t number, std::int64_t vcpus, std::int64_t memory) {
    Host record;
    record.id = id_of(number);
    record.name = "h" + std::to_string(number);
    record.declared.cpu_overcommit = 1000;
    record.declared.memory_kept = {0};
    record.observed.capacity = {{vcpus}, {memory}, {100'000}};
    return record;
}

static Snapshot with(const std::vector<Host>& hosts) {
    Snapshot datacenter;
    for (const Host& each : hosts) Writer{datacenter}.put(each);
    return datacenter;
}

static Question wanting(std::int64_t vcpus, std::int64_t memory) {
    return {{{vcpus}, {memory}, {}}, {}, {}};
}

TEST(Placement, TakesTheHostWithTheMostRoom) {
    const Answer answer = place(with({host(1, 4, 4096), host(2, 8, 8192)}), wanting(1, 1024));
    EXPECT_EQ(answer.host, id_of(2));
    EXPECT_EQ(answer.explanation.runner_up, id_of(1));
    EXPECT_EQ(answer.explanation.candidates, 2);
}

TEST(Placement, GivesTiesToTheLowestName) {
    EXPECT_EQ(place(with({host(2, 4, 4096), host(1, 4, 4096)}), wanting(1, 64)).host, id_of(1));
}

TEST(Placement, GoesNowhereWithoutHostsAndSaysSo) {
    const Answer answer = place(Snapshot{}, wanting(1, 64));
    EXPECT_FALSE(answer.host);
    EXPECT_EQ(answer.explanation.sentence, "no host has joined this datacenter");
}

TEST(Placement, SaysHowManyHostsEachRuleRemoved) {
    Host away = host(3, 8, 8192);
    away.claimed.health = HostHealth::down;
    Host closed = host(4, 8, 8192);
    closed.declared.schedulable = false;
    const Answer answer =
        place(with({host(1, 1, 64), host(2, 1, 64), away, closed}), wanting(1, 1024));
    EXPECT_FALSE(answer.host);
    const std::vector<RuleCount> removed{
        {"is up", 1}, {"takes new instances", 1}, {"has enough memory", 2}};
    EXPECT_EQ(answer.explanation.removed, removed);
}

TEST(Placement, StaysWhereTheDisksLie) {
    Question question = wanting(1, 64);
    question.only = id_of(1);
    EXPECT_EQ(place(with({host(1, 2, 1024), host(2, 64, 65536)}), question).host, id_of(1));
}

TEST(Placement, CountsWhatIsClaimed) {
    Snapshot datacenter = with({host(1, 4, 1024)});
    Instance instance;
    instance.id = {base::Uuid{2, 1}};
    instance.name = "there";
    instance.declared.memory = {1000};
    instance.claimed.host = id_of(1);
    Writer{datacenter}.put(instance);
    EXPECT_FALSE(place(datacenter, wanting(1, 25)).host);
    EXPECT_TRUE(place(datacenter, wanting(1, 24)).host);
}

TEST(Placement, RatherKeepsReplicasApart) {
    Snapshot datacenter = with({host(1, 64, 65536), host(2, 4, 4096)});
    const ApplicationId application{base::Uuid{3, 1}};
    Instance replica;
    replica.id = {base::Uuid{2, 1}};
    replica.name = "web-1";
    replica.declared.application = application;
    replica.claimed.host = id_of(1);
    Writer{datacenter}.put(replica);
    Question question = wanting(1, 64);
    EXPECT_EQ(place(datacenter, question).host, id_of(1));
    question.apart_from = application;
    EXPECT_EQ(place(datacenter, question).host, id_of(2));
}

TEST(Placement, TakesTheBestThatIsAllowedAndCountsTheOthers) {
    Question question = wanting(1, 64);
    question.allowed = [](HostId id) { return id == id_of(1); };
    const Answer answer =
        place(with({host(1, 2, 1024), host(2, 4, 4096), host(3, 8, 8192)}), question);
    EXPECT_EQ(answer.host, id_of(1));
    const std::vector<RuleCount> removed{{allowed_rule, 2}};
    EXPECT_EQ(answer.explanation.removed, removed);
}

TEST(Placement, AsksFewInVain) {
    Snapshot datacenter;
    for (std::uint64_t number = 1; number <= 20; ++number)
        Writer{datacenter}.put(host(number, 4, 4096));
    Question question = wanting(1, 64);
    int asked = 0;
    question.allowed = [&](HostId) { return ++asked == 0; };
    const Answer answer = place(datacenter, question);
    EXPECT_FALSE(answer.host);
    EXPECT_EQ(asked, asked_max);
    const std::vector<RuleCount> removed{{allowed_rule, 20}};
    EXPECT_EQ(answer.explanation.removed, removed);
}

TEST(Placement, RatherTakesWhatNoPlanReserves) {
    StandingPlans plans;
    plans.set_host(id_of(1), {{{4}, {2048}, {}}});
    plans.set_host(id_of(2), {{{8}, {8192}, {}}});
    plans.set_guest({base::Uuid{2, 1}}, {id_of(1), {{1}, {8000}, {}}});
    plans.refresh();
    Question question = wanting(1, 1024);
    const Snapshot datacenter = with({host(1, 4, 2048), host(2, 8, 8192)});
    EXPECT_EQ(place(datacenter, question).host, id_of(2));
    question.plans = &plans;
    EXPECT_EQ(place(datacenter, question).host, id_of(1));
}

}  // namespace vdc::placement
