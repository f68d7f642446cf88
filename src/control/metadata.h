#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/duties.h"

/// What the metadata service at 169.254.169.254 answers: OpenStack's form (/openstack/...) and
/// EC2's (/latest/..., /2009-04-04/...), so that unmodified cloud images configure themselves.
/// Pure.
namespace vdc::control {

struct MetadataAnswer {
    std::string content_type;
    std::string body;
};

/// Whom a network's address belongs to: the duty, or nullptr.
const InstanceDuty* instance_at(const Duties& duties, int network_number, Ipv4 address);

/// The answer to a path for this instance, or nothing (404).
std::optional<MetadataAnswer> metadata_answer(const InstanceDuty& instance, Ipv4 address,
                                              std::string_view path);

}  // namespace vdc::control
