#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "sim/pretend_host.h"

/// What must hold, judged by code of its own. Each returns the first violation, or "".
/// The numbers are those of the design's list of invariants.
namespace vdc::sim {

/// I1: at most one process has a volume open, over all hosts, and goes on: of a move the one end
/// stands still when the other one goes on.
std::string one_writer_per_volume(const std::vector<const PretendHost*>& hosts);

/// I6: what truly runs on a host fits into it, by the host's own rules.
std::string what_runs_fits(const model::Snapshot& datacenter,
                           const std::vector<const PretendHost*>& hosts);

/// I1, when a host is fenced: nothing on it can write what others may open now.
std::string nothing_writes(const PretendHost& fenced);

/// A correct mind never asks for these: see PretendHost::broken_promises.
std::string no_broken_promises(const std::vector<const PretendHost*>& hosts);

/// I2: generations of instances only rise from `before` to `after`.
std::string generations_rise(const model::Snapshot& before, const model::Snapshot& after);

/// I2, at rest: what runs is the generation that is claimed there.
std::string runs_are_current(const model::Snapshot& datacenter,
                             const std::vector<const PretendHost*>& hosts);

/// I7: what is wanted runs, or there is no room for it (a solver of its own agrees).
std::string wanted_runs(const model::Snapshot& datacenter,
                        const std::vector<const PretendHost*>& hosts);

/// I8: nothing is on a host that no record explains.
std::string no_orphans(const model::Snapshot& datacenter,
                       const std::vector<const PretendHost*>& hosts);

/// At rest each volume is there, as large as declared, gone back as often, with its snapshots (I7)
/// and no others (I8).
std::string volumes_are_whole(const model::Snapshot& datacenter,
                              const std::vector<const PretendHost*>& hosts);

/// I7: at rest each application has as many replicas as it wants, or one more while not all run.
std::string applications_are_whole(const model::Snapshot& datacenter);

/// At rest the front of each application that has a replica on a host stands on one host, which has
/// a replica and the network, and finds ready what answers.
std::string fronts_stand(const model::Snapshot& datacenter,
                         const std::vector<const PretendHost*>& hosts);

/// I10: whether a wish, as these duties' snapshot has it, ends what runs of the instance there.
std::string may_end(const model::Snapshot& known, model::HostId host, const PretendHost& on,
                    model::InstanceId instance);

/// When the button of a run was pressed.
struct Pressed {
    base::Instant first;
    base::Instant last;
};

/// I10: a guest that shall stop or reboot is ended over its head only when it was told to, is
/// paused, or had its time since the button was `pressed` first in this run. One that began to hear
/// long ago on a host where all works was `pressed` since. What may not run there gets no time.
std::string had_its_time(const model::Snapshot& known, model::HostId host, const PretendHost& on,
                         model::InstanceId instance, const std::optional<Pressed>& pressed,
                         base::Instant now);

/// At rest each network on a host has the rules of all ports there, and of all others the names and
/// the way to them.
std::string networks_are_whole(const model::Snapshot& datacenter,
                               const std::vector<const PretendHost*>& hosts);

/// I8: at rest no network on a host has a port of a guest that is not there, or the way to one that
/// is not elsewhere.
std::string networks_have_no_more(const model::Snapshot& datacenter,
                                  const std::vector<const PretendHost*>& hosts);

/// Operations are all over.
std::string nothing_pending(const model::Snapshot& datacenter);

/// Operations that ended more than an hour ago are forgotten.
std::string nothing_outdated(const model::Snapshot& datacenter, base::Instant now);

}  // namespace vdc::sim
