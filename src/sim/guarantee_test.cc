#include "control/guarantee.h"

#include <gtest/gtest.h>

#include "control/recovery.h"
#include "sim/loss_oracle.h"
#include "sim/world.h"

/// What the standing guarantee promises, in lives of the whole house: datacenters filled at random
/// until admission refuses, and then each host and each rack is lost, each in a life of its own.
namespace vdc::sim {
namespace {

using namespace std::chrono_literals;
using base::Chance;
using base::Json;
using model::HostId;
using model::Instance;
using model::Snapshot;

Json wish(std::initializer_list<std::pair<std::string, Json>> members) {
    Json made = Json::object();
    for (const auto& [name, value] : members) made.set(name, value);
    return made;
}

/// Survives its host, its rack, or nothing.
Json with_survival(Chance& chance, Json wished) {
    switch (chance.below(4)) {
        case 0: wished.set("survives", "rack"); break;
        case 1: wished.set("survives", "nothing"); break;
        default: break;
    }
    return wished;
}

/// Three to six hosts in three racks, and more wishes than fit.
class Life {
  public:
    explicit Life(std::uint64_t seed) : chance_(seed), world_(options(seed)) {
        world_.run_for(5s);
        for (std::size_t site = 0; site < world_.hosts(); ++site)
            ask("update", "host", world_.host(site).name(),
                wish({{"labels", wish({{"rack", "r" + std::to_string(site % 3)}})}}));
        ask("create", "image", "tiny", {});
        ask("upload", "image", "tiny", {});
        for (int number = 0; number < 25; ++number) want("w" + std::to_string(number));
        world_.run_for(60s);
    }

    World& world() { return world_; }
    engine::SnapshotPtr now() const { return world_.snapshot(); }
    int refused() const {
        int count = 0;
        for (const Line& line : world_.story())
            count += line.text.find("could not be covered") != std::string::npos;
        return count;
    }

    /// Power goes for good. Of a host that is known when its lease is over; of a rack its switch
    /// says so, for all of its hosts at once.
    void lose(const placement::Loss& loss, const std::set<HostId>& hosts) {
        for (const HostId id : hosts) world_.lose_host(*world_.place_of(id));
        const auto all_off = [hosts, at = world_.now()](const Snapshot& datacenter) {
            return control::loss_of(datacenter, hosts, model::Evidence::power_off, at);
        };
        if (!loss.label.empty())
            world_.submit("power", "", all_off,
                          [](const base::Error& error) { ADD_FAILURE() << base::text(error); });
        world_.run_for(60s);
    }

  private:
    static World::Options options(std::uint64_t seed) {
        Chance chance(seed + 1'000'000);
        World::Options options;
        options.hosts = static_cast<int>(chance.between(3, 6));
        options.memory = {chance.between(3, 5) * 512};
        options.seed = seed;
        options.lease = model::LeaseProfile::usual;
        return options;
    }
    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const Json& body) {
        world_.ask(verb, noun, name, body);
        world_.run_for(2s);
    }
    void want(const std::string& name) {
        const std::string flavor = chance_.below(3) == 0 ? "small" : "tiny";
        Json body = wish({{"image", "tiny"}, {"flavor", flavor}});
        switch (chance_.below(4)) {
            case 0: return ask("create", "instance", name, body);  // its disk lies on its host
            case 1:
                body.set("pool", "nas");
                return ask("create", "instance", name, with_survival(chance_, body));
            default:
                return ask("create", "app", name,
                           with_survival(chance_, wish({{"replicas", chance_.between(1, 3)},
                                                        {"template", body}})));
        }
    }

    Chance chance_;
    World world_;
};

/// Those who can stand for each other, and where they are.
using Places = std::map<base::Uuid, std::multiset<std::optional<HostId>>>;

base::Uuid kin(const Instance& instance) {
    return instance.declared.application ? instance.declared.application->value : instance.id.value;
}

/// Where the plan says that they will be, with the others of their application.
Places planned(const Snapshot& before, const placement::Loss& loss, const std::set<HostId>& lost) {
    Places places;
    control::Guarantee guarantee(before);
    for (const placement::Move& move : guarantee.plans().plan(loss))
        places[kin(before.get<Instance>(move.instance))].insert(move.to);
    for (const auto& [id, instance] : before.all<Instance>())
        if (places.contains(kin(*instance)) && instance->claimed.host &&
            !lost.contains(*instance->claimed.host))
            places[kin(*instance)].insert(instance->claimed.host);
    return places;
}

/// Where those of them are that run, on their hosts as in the records.
Places running(World& world, const Places& asked) {
    Places places;
    for (const auto& [id, instance] : world.snapshot()->all<Instance>()) {
        if (!asked.contains(kin(*instance)) || !instance->claimed.host) continue;
        const PretendHost& host = world.host(*world.place_of(*instance->claimed.host));
        const auto run = host.running.find(id);
        if (!instance->deleting && run != host.running.end() &&
            instance->observed.phase == model::InstancePhase::running)
            places[kin(*instance)].insert(instance->claimed.host);
    }
    return places;
}

std::set<HostId> lost_with(const Snapshot& datacenter, const placement::Loss& loss) {
    std::set<HostId> lost;
    for (const auto& [id, host] : datacenter.all<model::Host>())
        if (loss.label.empty() ? id == loss.host
                               : host->declared.labels.at(loss.label) == loss.value)
            lost.insert(id);
    return lost;
}

}  // namespace

TEST(TheGuarantee, IsKeptInLivesThatLoseAnyHostOrAnyRack) {
    constexpr std::uint64_t seeds = 5;
    std::size_t restarted = 0;
    int refused = 0;
    int racks = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Life first(seed);
        refused += first.refused();
        const engine::SnapshotPtr before = first.now();
        ASSERT_EQ(plans_hold(*before), "");
        control::Guarantee guarantee(*before);
        ASSERT_TRUE(guarantee.plans().gaps().empty()) << "seed " << seed;
        for (const placement::Loss& loss : guarantee.plans().losses()) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", " + control::text(*before, loss) +
                         " lost");
            Life life(seed);
            ASSERT_EQ(hash_of(*life.now()), hash_of(*before));
            const std::set<HostId> lost = lost_with(*before, loss);
            const Places expected = planned(*before, loss, lost);
            life.lose(loss, lost);
            EXPECT_EQ(running(life.world(), expected), expected);
            EXPECT_EQ(life.world().violation(), "");
            restarted += guarantee.plans().plan(loss).size();
            racks += loss.label.empty() ? 0 : 1;
        }
    }
    EXPECT_GT(restarted, 10 * seeds);
    EXPECT_GT(refused, static_cast<int>(seeds)) << "they were full";
    EXPECT_GT(racks, 0);
}

}  // namespace vdc::sim
