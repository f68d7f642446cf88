#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "model/commit.h"

namespace vdc::sim {

/// Books of its own beside the datacenter's: kept commit by commit, looking only at what changed.
/// Shares no code with the product but the records themselves.
class Ledger {
  public:
    /// Takes the commit over, as the snapshot after it has the things. The first violated
    /// invariant, or "": I2 generations, I5 quotas, I6 capacity, I15 no commit is skipped and each
    /// step has a reason, addresses, MACs and numbers are given once, and no port has an address
    /// that its network needs itself, disks lie where their instance is, nothing is attached to
    /// what is being deleted, no snapshot is deleted to which a volume is going back, sightings of
    /// older places are not believed, a host that is closed or drained gets nothing new, few
    /// instances at a time leave drained hosts, and none is balanced but as declared.
    std::string learn(const model::Commit& commit, const model::Snapshot& after);

    /// Begins anew: the books as the snapshot has the things.
    void begin(const model::Snapshot& snapshot);

  private:
    struct Sizes {
        std::int64_t instances = 0, volumes = 0, vcpus = 0, memory = 0, disk = 0;
    };
    struct InstanceEntry {
        model::ProjectId project;
        Sizes sizes;
        std::optional<model::HostId> host;
        model::Generation generation = 0;
        model::Generation seen = 0;
        bool leaves = false;
        std::optional<model::HostId> comes_to;  ///< while it moves
    };
    struct VolumeEntry {
        model::ProjectId project;
        Sizes sizes;
        std::optional<model::HostId> host;
        std::optional<model::InstanceId> instance;
    };
    struct PortEntry {
        model::NetworkId network;
        model::Ipv4 address;
        base::Mac mac;
    };

    std::string claimed_open(const model::Change& change);
    std::string enter(const model::Subject& subject, const model::Snapshot& after);
    std::string enter_instance(model::InstanceId id, const model::Snapshot& after);
    std::string enter_volume(model::VolumeId id, const model::Snapshot& after);
    std::string enter_network(model::NetworkId id, const model::Snapshot& after);
    std::string enter_port(model::PortId id, const model::Snapshot& after);
    std::string enter_front(model::ApplicationId id, const model::Snapshot& after);
    void add(model::ProjectId project, const Sizes& sizes, int sign);
    void claim(const std::optional<model::HostId>& host, const Sizes& sizes, int sign);
    std::string over_quota(model::ProjectId project, const model::Snapshot& after) const;
    std::string over_capacity(const model::HostId& host, const model::Snapshot& after) const;

    model::Revision revision_ = 0;
    std::map<model::InstanceId, InstanceEntry> instances_;
    int leaving_ = 0;  ///< instances on their way from drained hosts
    std::map<model::VolumeId, VolumeEntry> volumes_;
    std::map<model::PortId, PortEntry> ports_;
    std::map<std::pair<model::NetworkId, model::Ipv4>, model::PortId> addresses_;
    std::map<base::Mac, model::PortId> macs_;
    std::map<model::NetworkId, std::int64_t> numbers_;
    std::map<std::int64_t, model::NetworkId> numbered_;
    std::map<model::ApplicationId, model::Ipv4> fronts_;
    std::map<model::Ipv4, model::ApplicationId> front_addresses_;
    std::map<model::ProjectId, Sizes> usage_;
    std::map<model::HostId, Sizes> claims_;
    std::set<model::HostId> closed_;
};

}  // namespace vdc::sim
