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

    World();

    static NetworkDeclared net(const char* range);
    InstanceDeclared an_instance() const;
    VolumeDeclared a_volume(std::optional<InstanceId> in, std::int64_t slot) const;
    ApplicationDeclared an_application() const;

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
    Change place(HostId on) const;
    /// Its host sees the end of the run.
    Change ended() const;
    /// The host's present epoch is fenced.
    Change fenced(HostId which, Evidence evidence) const;

    base::Status apply(const Change& change);

    void must(const Change& change);

    /// What stands in the way of a change; the snapshot must be as it was.
    base::Error refusal(const Change& change);
    Code code(const Change& change);
};

}  // namespace vdc::model::testing
