#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/addresses.h"
#include "base/units.h"
#include "model/record.h"

/// What several nouns are made of.
namespace vdc::model {

using base::Bytes;
using base::Ipv4;
using base::Ipv4Range;
using base::Mac;
using base::MiB;
using base::Vcpus;

/// Capacity, and what is taken of it.
struct Resources {
    Vcpus vcpus{};
    MiB memory{};
    MiB disk{};

    friend bool operator==(const Resources&, const Resources&) = default;
    Resources& operator+=(const Resources& other) {
        vcpus += other.vcpus;
        memory += other.memory;
        disk += other.disk;
        return *this;
    }
    Resources& operator-=(const Resources& other) {
        vcpus -= other.vcpus;
        memory -= other.memory;
        disk -= other.disk;
        return *this;
    }
    template <class D = Resources>
    static constexpr auto fields() {
        return std::tuple{field("vcpus", &D::vcpus, "virtual processors", {0, 1'000'000}),
                          field("memory", &D::memory, "memory"),
                          field("disk", &D::disk, "disk space")};
    }
};

/// Of something on a host. `unknown` until its agent has looked; `absent` is its word that nothing
/// is there.
enum class Presence { unknown, absent, ready, failed };
constexpr auto words(Presence) {
    return Words<Presence, 4>{{{Presence::unknown, "unknown"},
                               {Presence::absent, "absent"},
                               {Presence::ready, "ready"},
                               {Presence::failed, "failed"}}};
}

/// How it is known that a run is over, or that nothing of a host's epoch runs any more
/// (docs/decisions/0012-leases-and-fencing.md). No guess is among them.
enum class Evidence {
    none,
    end_seen,        ///< its host saw the end
    booted,          ///< the host booted anew: no process outlives that
    lease_elapsed,   ///< the host's guards ended what fences itself; says nothing of the rest
    storage_fenced,  ///< the disks refuse what the old run writes
    power_off,       ///< a power switch confirmed it
    operator_word,   ///< somebody looked, and answers for it
    handed_over,     ///< it stands still, all of it has arrived where it goes on (decision 0019)
};
constexpr auto words(Evidence) {
    return Words<Evidence, 8>{{{Evidence::none, "none"},
                               {Evidence::end_seen, "end_seen"},
                               {Evidence::booted, "booted"},
                               {Evidence::lease_elapsed, "lease_elapsed"},
                               {Evidence::storage_fenced, "storage_fenced"},
                               {Evidence::power_off, "power_off"},
                               {Evidence::operator_word, "operator_word"},
                               {Evidence::handed_over, "handed_over"}}};
}

/// What keeps volumes. It decides where an instance can go when its host is lost.
enum class StorageKind {
    local,          ///< the host's own disks: what lies there is nowhere else
    shared_folder,  ///< a folder that several hosts reach and that takes any writer
    rbd,            ///< Ceph: reached by several hosts, and can refuse a writer
};
constexpr auto words(StorageKind) {
    return Words<StorageKind, 3>{{{StorageKind::local, "local"},
                                  {StorageKind::shared_folder, "shared_folder"},
                                  {StorageKind::rbd, "rbd"}}};
}

/// The pool of volumes whose declaration names none.
inline constexpr std::string_view local_pool = "local";

/// Which wishes to run are obeyed first where not all can be; see InstanceDeclared::priority.
inline constexpr std::int64_t priority_usual = 100;
inline constexpr std::int64_t priority_most = 1000;

/// A host that has, or may have, something of a thing that stands on several: a network, a front,
/// an image. Each time the need begins it gets a higher generation: what was seen of an earlier
/// one says nothing (docs/decisions/0010-places.md). The place goes when the host has said that
/// nothing is there, and nothing is needed there.
struct Place {
    HostId host;
    Generation generation = 0;
    bool needed = false;

    friend bool operator==(const Place&, const Place&) = default;
    template <class D = Place>
    static constexpr auto fields() {
        return std::tuple{
            field("host", &D::host, "that has it"),
            field("generation", &D::generation, "of the need; an older sighting says nothing"),
            field("needed", &D::needed, "whether it shall be there; otherwise it goes")};
    }
};

/// In the order of their hosts, each host once.
using Places = std::vector<Place>;

/// The place on that host, or nullptr.
const Place* place_on(const Places& places, HostId host);

/// Whether it is needed on that host.
bool needed_on(const Places& places, HostId host);

}  // namespace vdc::model
