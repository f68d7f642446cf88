#pragma once

#include <cstdint>

#include "base/ids.h"

/// The identities of the nouns, and the counters that order what happens to them.
namespace vdc::model {

using ProjectId = base::Id<struct ProjectTag>;
using HostId = base::Id<struct HostTag>;
using FlavorId = base::Id<struct FlavorTag>;
using ImageId = base::Id<struct ImageTag>;
using VolumeId = base::Id<struct VolumeTag>;
using VolumeSnapshotId = base::Id<struct VolumeSnapshotTag>;
using NetworkId = base::Id<struct NetworkTag>;
using PortId = base::Id<struct PortTag>;
using KeyPairId = base::Id<struct KeyPairTag>;
using InstanceId = base::Id<struct InstanceTag>;
using ApplicationId = base::Id<struct ApplicationTag>;
using BalanceId = base::Id<struct BalanceTag>;
using OperationId = base::Id<struct OperationTag>;

/// Counts commits; the first one makes revision 1.
using Revision = std::uint64_t;

/// Grows with every claim of a thing; older orders are refused.
using Generation = std::uint64_t;

/// One registration of a host.
using Epoch = std::uint64_t;

}  // namespace vdc::model
