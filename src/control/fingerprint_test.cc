#include <gtest/gtest.h>

#include <functional>

#include "base/chance.h"
#include "control/host_mind.h"

namespace vdc::control {
namespace {

NetworkSpec a_network() {
    return {.id = {{1, 2}},
            .number = 7,
            .range = {{0x0a140000}, 24},
            .gateway = {0x0a140001},
            .domain = "net.internal",
            .ports = {{.id = {{3, 4}},
                       .mac = {0x525400123456},
                       .address = {0x0a140005},
                       .hostname = "web-1"}},
            .names = {{"web", {0x64600001}}},
            .vni = 0x20007,
            .underlay = {0xc0a80001},
            .peers = {{{0x525400123457}, {0x0a140006}, {0xc0a80002}, true}},
            .far_fronts = {{{0x64600002}, {0xc0a80002}}}};
}

FrontSpec a_front() {
    return {.id = {{1, 2}},
            .network = {{3, 4}},
            .network_number = 7,
            .name = "web",
            .address = {0x64600001},
            .port = 80,
            .target_port = 8080,
            .check_path = "/",
            .backends = {{.instance = {{5, 6}}, .name = "web-1", .address = {0x0a140005}}}};
}

TEST(Fingerprint, OfEqualSpecsIsEqual) {
    EXPECT_EQ(fingerprint(a_network()), fingerprint(a_network()));
    EXPECT_EQ(fingerprint(a_front()), fingerprint(a_front()));
}

TEST(Fingerprint, OfANetworkChangesWithEveryField) {
    const std::vector<std::function<void(NetworkSpec&)>> changes = {
        [](NetworkSpec& n) { n.id.value.low++; },
        [](NetworkSpec& n) { n.number++; },
        [](NetworkSpec& n) { n.range.first.bits++; },
        [](NetworkSpec& n) { n.range.prefix++; },
        [](NetworkSpec& n) { n.gateway.bits++; },
        [](NetworkSpec& n) { n.domain += "x"; },
        [](NetworkSpec& n) { n.nat = !n.nat; },
        [](NetworkSpec& n) { n.mtu++; },
        [](NetworkSpec& n) { n.ports.clear(); },
        [](NetworkSpec& n) { n.ports[0].id.value.high++; },
        [](NetworkSpec& n) { n.ports[0].mac.bits++; },
        [](NetworkSpec& n) { n.ports[0].address.bits++; },
        [](NetworkSpec& n) { n.ports[0].hostname += "x"; },
        [](NetworkSpec& n) { n.ports[0].anti_spoof = false; },
        [](NetworkSpec& n) { n.ports.push_back(n.ports[0]); },
        [](NetworkSpec& n) { n.names[0].name += "x"; },
        [](NetworkSpec& n) { n.names[0].address.bits++; },
        [](NetworkSpec& n) { n.vni++; },
        [](NetworkSpec& n) { n.underlay.bits++; },
        [](NetworkSpec& n) { n.peers.clear(); },
        [](NetworkSpec& n) { n.peers[0].mac.bits++; },
        [](NetworkSpec& n) { n.peers[0].address.bits++; },
        [](NetworkSpec& n) { n.peers[0].underlay.bits++; },
        [](NetworkSpec& n) { n.peers[0].anti_spoof = false; },
        [](NetworkSpec& n) { n.far_fronts.clear(); },
        [](NetworkSpec& n) { n.far_fronts[0].address.bits++; },
        [](NetworkSpec& n) { n.far_fronts[0].underlay.bits++; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        NetworkSpec changed = a_network();
        changes[i](changed);
        EXPECT_NE(fingerprint(changed), fingerprint(a_network())) << "change " << i;
    }
}

TEST(Fingerprint, OfAFrontChangesWithEveryField) {
    const std::vector<std::function<void(FrontSpec&)>> changes = {
        [](FrontSpec& f) { f.id.value.low++; },
        [](FrontSpec& f) { f.network.value.low++; },
        [](FrontSpec& f) { f.network_number++; },
        [](FrontSpec& f) { f.name += "x"; },
        [](FrontSpec& f) { f.address.bits++; },
        [](FrontSpec& f) { f.port++; },
        [](FrontSpec& f) { f.target_port++; },
        [](FrontSpec& f) { f.protocol = FrontProtocol::tcp; },
        [](FrontSpec& f) { f.check_path += "x"; },
        [](FrontSpec& f) { f.backends.clear(); },
        [](FrontSpec& f) { f.backends[0].instance.value.low++; },
        [](FrontSpec& f) { f.backends[0].name += "x"; },
        [](FrontSpec& f) { f.backends[0].address.bits++; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        FrontSpec changed = a_front();
        changes[i](changed);
        EXPECT_NE(fingerprint(changed), fingerprint(a_front())) << "change " << i;
    }
}

// ---- kept by a host's mind ---------------------------------------------------------------------

/// A mind whose duties change at random, and a host that does what it begins, sooner or later. No
/// time passes: whatever is begun is begun because another spec is wanted than what is applied.
class ChangingDuties {
  public:
    explicit ChangingDuties(std::uint64_t seed) : chance_(seed) {
        NetworkSpec steady = a_network();  // the front's
        steady.id = a_front().network;
        wanted_.networks[steady.id] = {steady, /*needed=*/true, {}};
        mind_.set_duties(wanted_);
        for (const Effect& effect : mind_.next(now_))
            mind_.done(effect, Sighting(NetworkSighting{true, fingerprint(steady)}), now_);
    }

    /// Of an epoch that is over the mind is told nothing: it keeps what it had.
    void turn() {
        change();
        Duties told = wanted_;
        told.epoch_over = chance_.once_in(1, 5);
        if (chance_.once_in(1, 5)) told.networks.erase(a_network().id);
        if (chance_.once_in(1, 5)) told.fronts.erase(a_front().id);
        mind_.set_duties(told);
        if (!told.epoch_over) judge(told);
        end_some();
    }

  private:
    struct Thing {
        bool busy = false;
        std::optional<base::Hash128> applied;  ///< as the mind was told
    };

    /// To one of a few specs, so that some come back that were there before.
    void change() {
        NetworkSpec network = a_network();
        network.names[0].address.bits += static_cast<std::uint32_t>(chance_.below(2));
        network.ports.resize(chance_.below(3), network.ports[0]);
        FrontSpec front = a_front();
        front.backends[0].address.bits += static_cast<std::uint32_t>(chance_.below(2));
        front.backends.resize(chance_.below(3), front.backends[0]);
        if (chance_.once_in(1, 2)) wanted_.networks[network.id] = {network, /*needed=*/true, {}};
        if (chance_.once_in(1, 2)) wanted_.fronts[front.id] = {front, /*gone=*/false, {}};
    }

    /// By a fingerprint made anew. What is no duty any more and not busy is forgotten.
    template <class Duties, class Id, class SpecOf>
    static bool must_begin(Thing& thing, const Duties& duties, Id id, SpecOf spec_of) {
        const auto duty = duties.find(id);
        if (duty == duties.end()) {
            if (!thing.busy) thing.applied.reset();
            return false;
        }
        return !thing.busy && thing.applied != fingerprint(spec_of(duty->second));
    }

    void judge(const Duties& told) {
        const bool network_must = must_begin(network_, told.networks, a_network().id,
                                             [](const NetworkDuty& duty) { return duty.network; });
        const bool front_must = must_begin(front_, told.fronts, a_front().id,
                                           [](const FrontDuty& duty) { return duty.front; });
        bool network_begins = false;
        bool front_begins = false;
        for (const Effect& effect : mind_.next(now_)) {
            network_begins |= std::holds_alternative<ApplyNetwork>(effect);
            front_begins |= std::holds_alternative<ApplyFront>(effect);
            (std::holds_alternative<ApplyNetwork>(effect) ? network_ : front_).busy = true;
            under_way_.push_back(effect);
        }
        EXPECT_EQ(network_begins, network_must);
        EXPECT_EQ(front_begins, front_must);
    }

    void end_some() {
        std::erase_if(under_way_, [&](const Effect& effect) {
            if (chance_.once_in(1, 3)) return false;
            if (const auto* apply = std::get_if<ApplyNetwork>(&effect)) {
                network_ = {false, fingerprint(apply->network)};
                mind_.done(effect, Sighting(NetworkSighting{true, *network_.applied}), now_);
                return true;
            }
            const auto* apply = std::get_if<ApplyFront>(&effect);
            front_ = {false, apply != nullptr ? fingerprint(apply->front) : front_.applied};
            mind_.done(effect, Sighting(FrontSighting{true, *front_.applied, {}}), now_);
            return true;
        });
    }

    base::Chance chance_;
    const Instant now_{std::chrono::hours(1)};
    HostMind mind_;
    Duties wanted_;
    Thing network_;
    Thing front_;
    std::vector<Effect> under_way_;
};

TEST(Fingerprint, KeptByAMindIsThatOfItsDuties) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        ChangingDuties changing(seed);
        for (int turn = 0; turn < 100; ++turn) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", turn " + std::to_string(turn));
            changing.turn();
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace vdc::control
