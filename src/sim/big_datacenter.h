#pragma once

#include "engine/engine.h"

namespace vdc::sim {

/// A datacenter at rest, made without living it: instances are replicas of applications of ten,
/// each behind a front, a hundred instances in each network, spread evenly over hosts of 32 vcpus
/// and 64 GiB in racks of 40 (label `rack`). One image, on all hosts. All runs, all is ready. Of
/// the applications some are more important than others.
engine::SnapshotPtr big_datacenter(std::size_t hosts, std::size_t instances);

/// When its last commit was.
base::Instant big_datacenter_time();

}  // namespace vdc::sim
