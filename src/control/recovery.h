#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/plan.h"

/// What a lost host means: who is restarted elsewhere, who has to wait and why, and what moves when
/// a host is drained. Pure; `vdc whatif`, `vdc guarantee` and `vdc host drain --plan` ask here, and
/// the answers come from the reconcilers that would act.
namespace vdc::control {

/// Why the loss of its host would leave the instance waiting for that host, given room elsewhere;
/// empty: it would be restarted. It would, when all its disks lie in shared pools, or when it is a
/// replica whose disk is made of an image again.
std::string unprotected_because(const model::Snapshot& datacenter, const model::Instance& instance);
bool is_protected(const model::Snapshot& datacenter, const model::Instance& instance);

/// Whether the host's instances shall be elsewhere: it is down, or drained.
bool is_left(const model::Host& host);

/// Whether the instance ran before, or may stand for a replica that did, and a host is lost or
/// drained: that is the loss that room was kept for. It starts wherever it fits. (Of a replica that
/// was made anew nothing tells whom it stands for, once the lost one is known to be over. That no
/// request profits by this is held by Admission.)
bool recovers(const model::Snapshot& datacenter, const model::Instance& instance);

/// A replica that has nothing but what its template makes: another one is as good.
bool can_be_made_anew(const model::Snapshot& datacenter, const model::Instance& instance);

/// The most important first, then in the order in which they came.
std::vector<const model::Instance*> by_importance(std::vector<const model::Instance*> instances);

/// The volume of the instance that lies on a host's own disks and nowhere else; nullptr: none.
const model::Volume* bound_volume(const model::Snapshot& datacenter,
                                  const model::Instance& instance);

/// Why an instance starts on that host: the words of a place that was planned.
std::string planned_refuge(const model::Host& host);

/// The steps by which these hosts are lost now, with that evidence. Those that are down already are
/// left out. Commit them (with a reconcile of what they touch) and control recovers.
std::vector<model::Step> loss_of(const model::Snapshot& datacenter,
                                 const std::set<model::HostId>& hosts, model::Evidence evidence,
                                 Instant now);

/// What becomes of one instance of a host that is lost or drained.
struct Refuge {
    model::InstanceId instance;
    std::string name;
    std::string from;                   ///< name of its host
    std::optional<model::HostId> host;  ///< where it would run; none: it waits or stays
    std::string to;                     ///< name of that host
    bool made_anew = false;             ///< by another replica of the same application
    std::string why;                    ///< why there, or why nowhere
};

/// What control would do if these hosts were lost now, in the order in which it would place the
/// instances: the most important first. They do not take the same room twice. Nothing changes.
std::vector<Refuge> refuges(const model::Snapshot& datacenter, const std::set<model::HostId>& lost,
                            model::Evidence evidence, Instant now);

/// What a drain of the host would do with each of its instances, in the order in which they would
/// leave. Those without a host stay, and `why` says why.
std::vector<Refuge> drain_plan(const model::Snapshot& datacenter, model::HostId host);

/// Where the instance could go from its drained host now: stopped there, started elsewhere. None,
/// with the reason, when it has to stay. `placer` has seen the datacenter.
struct Way {
    std::optional<model::HostId> host;
    std::string why;
};
Way way_out(placement::Placer& placer, const model::Snapshot& datacenter,
            const model::Instance& instance);

}  // namespace vdc::control
