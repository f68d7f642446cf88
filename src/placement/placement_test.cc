#include "placement/placement_test_util.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/chance.h"
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

static Answer place(const Snapshot& datacenter, const Question& question) {
    return Placer(datacenter).place(question);
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
    EXPECT_EQ(asked, Inquiry::refusals_max);
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

// ---- the oracle --------------------------------------------------------------------------------

namespace {

/// A small datacenter that lives, and a placer that is shown every change.
class RandomDatacenter {
  public:
    explicit RandomDatacenter(std::uint64_t seed) : chance_(seed) {
        for (std::uint64_t number = 1; number <= hosts; ++number) change_host(number);
    }

    const Snapshot& snapshot() const { return snapshot_; }
    Placer& placer() { return placer_; }
    const StandingPlans& plans() {
        plans_.refresh();
        return plans_;
    }

    void step() {
        switch (chance_.below(8)) {
            case 0: return change_host(chance_.below(hosts) + 1);
            case 1:
            case 2: return change_volume();
            default: return change_instance();
        }
    }

    Question question() {
        Question question = wanting(chance_.between(0, 6), chance_.between(0, 6) * 1000);
        if (chance_.once_in(1, 3)) question.needs.disk = {chance_.between(0, 3) * 20'000};
        if (chance_.once_in(1, 2)) question.apart_from = application();
        if (chance_.once_in(1, 5)) question.only = id_of(chance_.below(hosts + 1) + 1);
        if (chance_.once_in(1, 4)) question.pools = {"fast", std::string(local_pool)};
        if (chance_.once_in(1, 2)) question.plans = &plans();
        if (chance_.once_in(1, 3)) {
            const std::uint64_t salt = chance_.next();
            question.allowed = [salt](HostId id) { return (id.value.low * salt >> 7) % 3 == 0; };
        }
        return question;
    }

  private:
    static constexpr std::uint64_t hosts = 12;

    ApplicationId application() { return {base::Uuid{3, chance_.below(3) + 1}}; }
    HostId some_host() { return id_of(chance_.below(hosts) + 1); }

    template <class R>
    void put(R record) {
        Writer{snapshot_}.put(record);
        placer_.look(snapshot_, record.subject());
    }

    void change_host(std::uint64_t number) {
        Host record = host(number, chance_.between(1, 4) * 8, chance_.between(1, 4) * 8192);
        record.declared.cpu_overcommit = chance_.between(1, 3) * 500;
        record.declared.drain = chance_.once_in(1, 9);
        record.declared.schedulable = !chance_.once_in(1, 9);
        if (chance_.once_in(1, 9)) record.claimed.health = HostHealth::down;
        if (chance_.once_in(1, 2)) record.observed.pools = {{"fast", StorageKind::shared_folder}};
        put(record);
        plans_.set_host(record.id, {{{chance_.between(0, 9)}, {chance_.between(0, 9000)}, {}}});
    }

    void change_instance() {
        Instance record;
        record.id = {base::Uuid{2, chance_.below(40) + 1}};
        record.name = "i" + std::to_string(record.id.value.low);
        record.declared.vcpus = {chance_.between(0, 4)};
        record.declared.memory = {chance_.between(0, 4) * 1000};
        if (chance_.once_in(2, 3)) record.declared.application = application();
        if (chance_.once_in(3, 4)) record.claimed.host = some_host();
        put(record);
        if (record.claimed.host)
            plans_.set_guest(record.id, {*record.claimed.host,
                                         {record.declared.vcpus, record.declared.memory, {}}});
        else
            plans_.remove_guest(record.id);
    }

    void change_volume() {
        Volume record;
        record.id = {base::Uuid{2, chance_.below(20) + 1}};
        record.name = "v" + std::to_string(record.id.value.low);
        record.declared.size = {chance_.between(1, 4) * 10'000};
        if (chance_.once_in(3, 4)) record.claimed.host = some_host();
        if (chance_.once_in(1, 4)) record.claimed.storage = StorageKind::shared_folder;
        put(record);
    }

    base::Chance chance_;
    Snapshot snapshot_;
    Placer placer_;
    StandingPlans plans_;
};

}  // namespace

RC_GTEST_PROP(Placement, AnswersAsIfItAskedEveryHostAndEveryReplica, (std::uint64_t seed)) {
    RandomDatacenter datacenter(seed);
    for (int count = 0; count < 60; ++count) {
        datacenter.step();
        const Question question = datacenter.question();
        const Answer answer = datacenter.placer().place(question);
        const Answer oracle = testing::place_by_scan(datacenter.snapshot(), question);
        RC_LOG() << answer.explanation.sentence << "\nbut the scan\n"
                 << oracle.explanation.sentence << "\n";
        RC_ASSERT(answer.host == oracle.host);
        RC_ASSERT(answer.explanation == oracle.explanation);
        RC_ASSERT(Placer(datacenter.snapshot()).place(question).explanation == answer.explanation);
    }
}

}  // namespace vdc::placement
