#pragma once

#include <string>

#include "model/snapshot.h"

/// What is known of the end of runs, and of who may write a disk. The rules of ownership
/// (docs/decisions/0012-leases-and-fencing.md) in one place: apply() holds claims against them,
/// control decides by them, status words tell them.
namespace vdc::model {

/// What becomes of a run whose host cannot renew its lease. It follows from where its disks lie.
enum class RunClass {
    rides_through,  ///< R: it goes on; only a fence or an operator's word proves its end
    fences_itself,  ///< S: its host ends it when the lease does, so elapsed time proves its end
};
RunClass run_class(const Snapshot& snapshot, const Instance& instance);

/// Whether a volume of that pool would make the claimed run of the instance, which rides through,
/// one that fences itself. Nobody could tell from outside which of the two its host has by now, so
/// no fence would prove its end: it is stopped first.
bool changes_class(const Snapshot& snapshot, const Instance& instance, const std::string& pool);

/// Whether that evidence about a host's epoch proves the end of a run of that class.
bool proves_end(Evidence evidence, RunClass of);

/// How it is known that the instance's present claim has no run, and never will have one again:
/// its host saw the end and has heard of every start and restart rule, or the epoch of the claim
/// was fenced with evidence that proves it. `none`: it is not known, and then nothing may take the
/// instance from its host.
Evidence end_of_run(const Snapshot& snapshot, const Instance& instance);

/// Whether the instance can be handed over to the host that it moves to, in one commit: that host
/// says that it has arrived, its own that it was sent, both of this very move, under the epochs in
/// which it was ordered. What was sent goes on at its host only when the claim has no such move any
/// more, so it stands still there for ever once the claim is another host's.
bool can_be_handed_over(const Snapshot& snapshot, const Instance& instance);

/// The next generation of the instance that nothing had yet: no claim, and no move.
Generation next_generation(const InstanceClaimed& claimed);

/// How it is known that the volume's host does nothing with it any more, so that another may:
/// it let go, it never had it or has it no more, or its epoch was fenced. `none`: it is not known.
/// What lies on a host's own disks is let go of only when it is gone there.
Evidence end_of_keeping(const Snapshot& snapshot, const Volume& volume);

/// Whether the thing was claimed under an epoch of its host that was fenced since: the host starts
/// nothing of it from memory, and another one may have it by now. What lies on a host's own disks
/// stays its own.
bool claimed_before_fence(const Snapshot& snapshot, const InstanceClaimed& claimed);
bool claimed_before_fence(const Snapshot& snapshot, const VolumeClaimed& claimed);

/// Whether the volume can be reached from that host: its pool is the host's own, or one that the
/// host says it reaches.
bool reaches(const Host& host, const std::string& pool);

/// What keeps a pool, as the host says; local for one that it does not name.
StorageKind kind_of_pool(const Host& host, const std::string& pool);

/// Whether new instances may come to the host.
bool takes_instances(const Host& host);

/// A replica that was given up with its host and cannot be removed before the host is back. It
/// counts for nothing.
bool left_behind(const Snapshot& snapshot, const Instance& instance);

/// "its lease elapsed": the words of evidence in sentences.
std::string_view sentence_of(Evidence evidence);

}  // namespace vdc::model
