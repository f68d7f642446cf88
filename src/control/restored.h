#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/change.h"
#include "model/snapshot.h"

/// What becomes of a datacenter whose records were restored from a backup: they are older than the
/// world. Instances run of which they know nothing, others moved or ended since. Pure.
///
///     restored() --> held: hosts register, look, and say what they find --> release() --> as ever
///
/// Rules (docs/decisions/0021-after-a-restore-hosts-speak-first.md has why they suffice):
///  1. every count that a host may have seen (revision, epoch, generation) begins above anything
///     that counting one by one can have reached;
///  2. until release() nothing is begun or ended: control decides nothing, hosts only look;
///  3. what a host finds running is taken for what the records claim there, whatever its
///  generation;
///  4. what is found running elsewhere is claimed there; nothing is started that was found
///     somewhere;
///  5. what runs and is not in the records runs on, is shown, and is ended only by name;
///  6. a volume that was made is never made anew, and no copy of one is removed.
namespace vdc::control {

/// The datacenter of a backup, as it begins anew at `now`. A mistake of ours: a datacenter without
/// a revision.
model::Snapshot restored(model::Snapshot backup, model::Instant now);

/// A thing that was found, or is missed.
struct FoundRun {
    model::HostId host;
    model::Stranger run;
    std::string claimed_on;  ///< of one that the records know: where they have it; empty: nowhere
    bool is_known = false;   ///< the records know the instance
};
struct RestoreView {
    bool restored = false;                   ///< some time, and not all hosts are settled since
    bool held = false;                       ///< nobody has released it
    std::vector<model::HostId> silent;       ///< have not said yet what runs there
    std::vector<model::InstanceId> adopted;  ///< found where the records claim them
    std::vector<FoundRun> strangers;         ///< found where they do not
    std::vector<model::InstanceId> missing;  ///< to run, claimed, and found nowhere yet
};
RestoreView view_restore(const model::Snapshot& datacenter);

/// Lets control and hosts go on. `without` names hosts that have not said what runs there: whoever
/// asks answers for it that nothing does which the records have elsewhere or off. Errors: conflict
/// (nothing is held; hosts that are silent and not named), not_found (no such host).
base::Result<std::vector<model::Step>> release(const model::Snapshot& datacenter,
                                               const std::set<std::string>& without,
                                               const std::string& actor);

/// Ends a stranger, held or not. Errors: not_found.
base::Result<std::vector<model::Step>> end_stranger(const model::Snapshot& datacenter,
                                                    const std::string& host,
                                                    const std::string& instance,
                                                    const std::string& actor);

}  // namespace vdc::control
