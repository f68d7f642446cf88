#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/foresight.h"
#include "sim/rerun.h"
#include "sim/world.h"

namespace vdc::sim {

/// What is asked, with every name found in the datacenter that it is asked of.
struct Question {
    struct Flavor {
        std::string name;
        base::Vcpus vcpus{};
        base::MiB memory{};
    };
    struct Resize {
        model::InstanceId instance;
        std::string name;
        Flavor flavor;
    };
    struct Roll {
        model::ApplicationId application;
        std::string name;
        std::string flavor;
    };

    std::set<model::HostId> losses;
    std::set<model::HostId> drains;
    std::set<model::InstanceId> crashes;
    std::optional<model::HostId> like;  ///< when hosts are added
    std::vector<World::Machine> added;
    std::vector<Roll> rolls;
    std::vector<Resize> resizes;
    std::optional<OtherPolicy> policy;

    bool loses() const { return !losses.empty() || !drains.empty() || !crashes.empty(); }
};

/// Errors name the word that means nothing here, or the two that contradict each other.
base::Result<Question> understand(const model::Snapshot& datacenter, const api::WhatIf& what_if);

}  // namespace vdc::sim
