#pragma once

#include <cstdint>
#include <tuple>

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
    static constexpr auto fields() {
        return std::tuple{field("vcpus", &Resources::vcpus, "virtual processors", {0, 1'000'000}),
                          field("memory", &Resources::memory, "memory"),
                          field("disk", &Resources::disk, "disk space")};
    }
};

/// Whether something stands where it is needed.
/// Of something on a host. `unknown` until its agent has looked; `absent` is its word that nothing
/// is there.
enum class Presence { unknown, absent, ready, failed };
constexpr auto words(Presence) {
    return Words<Presence, 4>{{{Presence::unknown, "unknown"},
                               {Presence::absent, "absent"},
                               {Presence::ready, "ready"},
                               {Presence::failed, "failed"}}};
}

}  // namespace vdc::model
