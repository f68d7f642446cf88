#include "model/world_test_util.h"

namespace vdc::model::testing {

World::World() {
    advance(snapshot, 1, Instant{std::chrono::hours{1}});
    must(create<Project>(project, {}, "blue", {}));
    must(create<Project>(other_project, {}, "red", {}));
    for (const auto& [id, name] : {std::pair{host, "h1"}, std::pair{other_host, "h2"}}) {
        must(create<Host>(id, {}, name, {}));
        must(Claim<Host>{id, {.epoch = 1}});
        HostObserved seen;
        seen.capacity = {{4}, {8192}, {100'000}};
        must(Observe<Host>{id, seen});
    }
    must(create<Flavor>(FlavorId{{3, 1}}, {}, "small", {}));
    must(create<KeyPair>(key, project, "mine", {"ssh-ed25519 AAAA me"}));
    must(create<Image>(image, {}, "tiny", {}));
    must(create<Network>(network, project, "net", net("10.20.0.0/24")));
    must(create<Instance>(instance, project, "web-1", an_instance()));
    must(create<Volume>(root, project, "web-1-root", a_volume(instance, 0)));
    must(create<Volume>(volume, project, "data", a_volume({}, 1)));
    must(create<VolumeSnapshot>(kept, project, "before", {volume, ""}));
    PortDeclared card;
    card.network = network;
    card.instance = instance;
    must(create<Port>(port, project, "web-1-0", card));
    must(create<Application>(application, project, "shop", an_application()));
}

NetworkDeclared World::net(const char* range) {
    NetworkDeclared declared;
    declared.range = base::parse_ipv4_range(range).value();
    return declared;
}

InstanceDeclared World::an_instance() const {
    InstanceDeclared declared;
    declared.flavor = "small";
    declared.image = image;
    declared.key = key;
    return declared;
}

VolumeDeclared World::a_volume(std::optional<InstanceId> in, std::int64_t slot) const {
    VolumeDeclared declared;
    declared.size = {1000};
    declared.image = image;
    declared.instance = in;
    declared.slot = slot;
    return declared;
}

ApplicationDeclared World::an_application() const {
    ApplicationDeclared declared;
    declared.replicas = 2;
    declared.instance.flavor = "small";
    declared.instance.image = image;
    declared.instance.network = network;
    declared.instance.key = key;
    return declared;
}

Change World::place(HostId on) const {
    return claim<Instance>(instance, [&](InstanceClaimed& claimed) {
        claimed.host = on;
        if (claimed.generation > 0) claimed.evidence = "its host saw its end";
        ++claimed.generation;
        claimed.epoch = 1;
    });
}

Change World::ended() const {
    return observe<Instance>(instance, [&](InstanceObserved& observed) {
        observed.generation = snapshot.get<Instance>(instance).claimed.generation;
        observed.phase = InstancePhase::stopped;
    });
}

Change World::fenced(HostId which, Evidence evidence) const {
    return claim<Host>(which, [&](HostClaimed& claimed) {
        claimed.health = HostHealth::down;
        claimed.fenced = claimed.epoch;
        claimed.evidence = evidence;
    });
}

base::Status World::apply(const Change& change) {
    return model::apply(snapshot, change);
}

void World::must(const Change& change) {
    const base::Status status = apply(change);
    ASSERT_TRUE(status.ok()) << verb_of(change) << " " << word(subject_of(change).noun) << ": "
                             << text(status.error());
}

base::Error World::refusal(const Change& change) {
    const Snapshot before = snapshot;
    const base::Status status = apply(change);
    EXPECT_FALSE(status.ok()) << verb_of(change) << " " << word(subject_of(change).noun);
    EXPECT_EQ(hash_of(before), hash_of(snapshot));
    EXPECT_TRUE(same_indices(before, snapshot));
    return status.ok() ? base::Error{Code::failed, "was not refused"} : status.error();
}

Code World::code(const Change& change) {
    return refusal(change).code;
}

}  // namespace vdc::model::testing
