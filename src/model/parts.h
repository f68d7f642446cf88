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
enum class Presence { absent, ready, failed };
constexpr auto words(Presence) {
    return Words<Presence, 3>{
        {{Presence::absent, "absent"}, {Presence::ready, "ready"}, {Presence::failed, "failed"}}};
}

}  // namespace vdc::model
