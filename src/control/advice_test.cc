#include "control/advice.h"

#include <gtest/gtest.h>

#include "base/chance.h"
#include "control/turns_test_util.h"

namespace vdc::control {

using model::Noun;
using testing::Turns;

namespace {

class Site {
  public:
    Site() {
        must(dc_.create(Noun::project, R"({"name": "default"})"));
        must(dc_.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "16MiB"})"));
        must(dc_.create(Noun::image, R"({"name": "tiny"})"));
        must(dc_.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/20"})"));
    }
    void begin_host(std::int64_t memory) {
        dc_.begin_host("h" + std::to_string(++hosts_), {{32}, {512 + memory}, {100'000}});
        dc_.follow_up();
    }
    void run_app(const std::string& name, int replicas) { must(ask_for_app(name, replicas)); }
    base::Status ask_for_app(const std::string& name, int replicas) {
        const base::Status asked =
            dc_.create(Noun::application, R"({"name": ")" + name + R"(", "replicas": )" +
                                              std::to_string(replicas) +
                                              R"(, "template": {"flavor": "f", "image": "tiny"}})");
        dc_.follow_up();
        return asked;
    }
    const model::Snapshot& snapshot() const { return dc_.snapshot; }

  private:
    static void must(const base::Status& status) {
        ASSERT_TRUE(status.ok()) << text(status.error());
    }
    Turns dc_;
    int hosts_ = 0;
};

std::map<model::HostId, std::int64_t> memory_by_host(const model::Snapshot& snapshot,
                                                     const std::vector<AdvisedMove>& moves) {
    std::map<model::HostId, std::int64_t> left;
    for (const auto& [id, host] : snapshot.all<model::Host>())
        left[id] = model::claimable(*host).memory.count - snapshot.claimed(id).memory.count;
    for (const AdvisedMove& move : moves) {
        left[move.from] += move.memory.count;
        left[move.to] -= move.memory.count;
        EXPECT_GE(left[move.to], 0) << "a beginning of the advice does not fit";
    }
    return left;
}

}  // namespace

TEST(Advice, ANewHostTakesItsShare) {
    Site site;
    site.begin_host(16 * 1024);
    for (int number = 0; number < 8; ++number) site.run_app("a" + std::to_string(number), 1);
    EXPECT_TRUE(advise_balance(site.snapshot()).moves.empty()) << "there is nowhere to go";
    site.begin_host(16 * 1024);
    const Advice advice = advise_balance(site.snapshot());
    EXPECT_EQ(advice.movable, 8);
    EXPECT_EQ(advice.moves.size(), 4U);
    EXPECT_GT(advice.gain, 900);
    const auto left = memory_by_host(site.snapshot(), advice.moves);
    EXPECT_EQ(left.begin()->second, left.rbegin()->second);
    EXPECT_TRUE(advice.moves[0].made_anew) << "its disk lies on its host";
}

TEST(Advice, IsNoneWhereItGainsLittle) {
    Site site;
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    for (int number = 0; number < 8; ++number) site.run_app("a" + std::to_string(number), 1);
    const Advice advice = advise_balance(site.snapshot());
    EXPECT_TRUE(advice.moves.empty());
    EXPECT_EQ(advice.gain, 0);
}

TEST(Advice, KeepsReplicasApart) {
    Site site;
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    site.run_app("web", 2);
    for (int number = 0; number < 6; ++number) site.run_app("a" + std::to_string(number), 1);
    site.begin_host(16 * 1024);
    for (const AdvisedMove& move : advise_balance(site.snapshot()).moves)
        for (const auto& [id, other] : site.snapshot().all<model::Instance>()) {
            if (other->claimed.host != move.to || id == move.instance) continue;
            EXPECT_NE(other->declared.application,
                      site.snapshot().get<model::Instance>(move.instance).declared.application);
        }
}

TEST(Advice, LeavesNoLossUncoveredInAnyDatacenter) {
    base::Chance chance(7);
    for (int number = 0; number < 40; ++number) {
        Site site;
        site.begin_host(chance.between(4, 16) * 1024);
        site.begin_host(chance.between(4, 16) * 1024);
        for (int count = 0; count < 6; ++count)
            if (!site.ask_for_app("a" + std::to_string(count), static_cast<int>(1 + count % 2))
                     .ok())
                break;  // it is full
        site.begin_host(chance.between(1, 8) * 1024);
        const Advice advice = advise_balance(site.snapshot());
        memory_by_host(site.snapshot(), advice.moves);
        Guarantee guarantee(site.snapshot());
        const auto gaps = guarantee.plans().gaps();
        for (const AdvisedMove& move : advice.moves) {
            EXPECT_TRUE(guarantee.take_move(
                site.snapshot(), site.snapshot().get<model::Instance>(move.instance), move.to));
            EXPECT_TRUE(std::includes(gaps.begin(), gaps.end(), guarantee.plans().gaps().begin(),
                                      guarantee.plans().gaps().end()));
        }
    }
}

}  // namespace vdc::control
