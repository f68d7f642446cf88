#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/change.h"
#include "model/snapshot.h"

namespace vdc::control {

/// What a new instance shall be. References are checked by model::apply.
struct NewInstance {
    model::InstanceId id;
    model::ProjectId project;
    std::string name;
    const model::Flavor* flavor = nullptr;
    model::ImageId image;
    std::vector<model::NetworkId> networks;  ///< a port in each, in this order
    std::optional<model::Ipv4> address;      ///< wanted in the first network
    std::optional<model::KeyPairId> key;
    std::string user_data;
    model::MiB disk{};                    ///< of the root volume; 0: the flavor's
    std::string pool{model::local_pool};  ///< of the root volume
    model::Power power = model::Power::on;
    model::Restart restart = model::Restart::on_failure;
    model::Duration stop_timeout{30'000'000};
    std::int64_t priority = model::priority_usual;
    std::string survives;
    std::optional<model::ApplicationId> application;
    std::int64_t ordinal = 0;
    std::string template_mark;
};

/// The steps that make it: the instance, its root volume (ends with it), its ports. Their ids
/// follow from the instance's id, so the same request makes the same things.
std::vector<model::Step> make_instance(const NewInstance& wanted, const std::string& reason);

/// Whether an instance of this name with one card could be made as far as names go: its own, its
/// root volume's and its card's. What is being deleted has its name until it is gone.
bool names_are_free(const model::Snapshot& datacenter, model::ProjectId project,
                    const std::string& name);

/// "NAME-SUFFIX", shortened in the middle with a hash where it would pass 63 bytes.
std::string derived_name(const std::string& name, const std::string& suffix);

}  // namespace vdc::control
