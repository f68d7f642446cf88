#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "model/apply.h"

/// A small datacenter with one record of each kind, for tests that say only what matters to them.
namespace vdc::model::testing {

using Code = base::Error::Code;

struct World {
    Snapshot snapshot;
    ProjectId project{{1, 1}};
    ProjectId other_project{{1, 2}};
    HostId host{{2, 1}};
    HostId other_host{{2, 2}};
    KeyPairId key{{4, 1}};
    ImageId image{{5, 1}};
    NetworkId network{{6, 1}};
    InstanceId instance{{7, 1}};
    VolumeId root{{8, 1}};
    VolumeId volume{{8, 2}};
    VolumeSnapshotId kept{{9, 1}};
    PortId port{{10, 1}};
    ApplicationId application{{11, 1}};

    World() {
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

    static NetworkDeclared net(const char* range) {
        NetworkDeclared declared;
        declared.range = base::parse_ipv4_range(range).value();
        return declared;
    }
    InstanceDeclared an_instance() const {
        InstanceDeclared declared;
        declared.flavor = "small";
        declared.image = image;
        declared.key = key;
        return declared;
    }
    VolumeDeclared a_volume(std::optional<InstanceId> in, std::int64_t slot) const {
        VolumeDeclared declared;
        declared.size = {1000};
        declared.image = image;
        declared.instance = in;
        declared.slot = slot;
        return declared;
    }
    ApplicationDeclared an_application() const {
        ApplicationDeclared declared;
        declared.replicas = 2;
        declared.instance.flavor = "small";
        declared.instance.image = image;
        declared.instance.network = network;
        declared.instance.key = key;
        return declared;
    }

    template <class R>
    static Change create(typename R::Id id, ProjectId of, std::string name,
                         typename R::Declared declared) {
        R record;
        record.id = id;
        record.project = of;
        record.name = std::move(name);
        record.declared = std::move(declared);
        return Create<R>{std::make_shared<const R>(std::move(record))};
    }

    /// A record with its declared part changed by `edit`.
    template <class R, class Edit>
    Change declare(typename R::Id id, Edit edit) const {
        typename R::Declared declared = snapshot.get<R>(id).declared;
        edit(declared);
        return Declare<R>{id, std::move(declared)};
    }
    template <class R, class Edit>
    Change claim(typename R::Id id, Edit edit) const {
        typename R::Claimed claimed = snapshot.get<R>(id).claimed;
        edit(claimed);
        return Claim<R>{id, std::move(claimed)};
    }
    template <class R, class Edit>
    Change observe(typename R::Id id, Edit edit) const {
        typename R::Observed observed = snapshot.get<R>(id).observed;
        edit(observed);
        return Observe<R>{id, std::move(observed)};
    }

    /// A claim of the instance on a host, one generation on.
    Change place(HostId on) const {
        return claim<Instance>(instance, [&](InstanceClaimed& claimed) {
            claimed.host = on;
            if (claimed.generation > 0) claimed.evidence = "its host saw its end";
            ++claimed.generation;
            claimed.epoch = 1;
        });
    }
    /// Its host sees the end of the run.
    Change ended() const {
        return observe<Instance>(instance, [&](InstanceObserved& observed) {
            observed.generation = snapshot.get<Instance>(instance).claimed.generation;
            observed.phase = InstancePhase::stopped;
        });
    }
    /// The host's present epoch is fenced.
    Change fenced(HostId which, Evidence evidence) const {
        return claim<Host>(which, [&](HostClaimed& claimed) {
            claimed.health = HostHealth::down;
            claimed.fenced = claimed.epoch;
            claimed.evidence = evidence;
        });
    }

    base::Status apply(const Change& change) { return model::apply(snapshot, change); }

    void must(const Change& change) {
        const base::Status status = apply(change);
        ASSERT_TRUE(status.ok()) << verb_of(change) << " " << word(subject_of(change).noun) << ": "
                                 << text(status.error());
    }

    /// What stands in the way of a change; the snapshot must be as it was.
    base::Error refusal(const Change& change) {
        const Snapshot before = snapshot;
        const base::Status status = apply(change);
        EXPECT_FALSE(status.ok()) << verb_of(change) << " " << word(subject_of(change).noun);
        EXPECT_EQ(hash_of(before), hash_of(snapshot));
        EXPECT_TRUE(same_indices(before, snapshot));
        return status.ok() ? base::Error{Code::failed, "was not refused"} : status.error();
    }
    Code code(const Change& change) { return refusal(change).code; }
};

}  // namespace vdc::model::testing
