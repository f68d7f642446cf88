#pragma once

#include <string>

#include "model/snapshot.h"

/// The one word and the one sentence that people see, computed from what is declared, claimed and
/// observed. Nothing decides by them.
namespace vdc::model {

/// `sentence` reads on from the name of the thing: "web-1" + " runs on h1".
struct StatusWord {
    std::string word;
    std::string sentence;
    friend bool operator==(const StatusWord&, const StatusWord&) = default;
};

/// waiting (for a host), preparing (disks and ports), starting (again), running, paused, stopping,
/// stopped, rebooting, failed (ended on its own and stays so by its restart rule), deleting.
StatusWord status_of(const Snapshot& snapshot, const Instance& instance);

/// starting (no replica is ready yet), running (settled), degraded (fewer are ready than wanted),
/// scaling (replicas are made, replaced or deleted), stopped (none is wanted), deleting.
StatusWord status_of(const Snapshot& snapshot, const Application& application);

/// How many of its replicas are ready, as replica_ready() says.
std::int64_t ready_replicas(const Snapshot& snapshot, const Application& application);

/// waiting (for its bytes, or its turn), importing, ready, failed, deleting.
StatusWord status_of(const Snapshot& snapshot, const Image& image);

/// waiting (for a host), preparing, ready, attached, growing, reverting, failed, deleting.
StatusWord status_of(const Snapshot& snapshot, const Volume& volume);

/// preparing, ready, failed, deleting.
StatusWord status_of(const Snapshot& snapshot, const VolumeSnapshot& volume_snapshot);
StatusWord status_of(const Snapshot& snapshot, const Network& network);
StatusWord status_of(const Snapshot& snapshot, const Port& port);

/// waiting (it never registered), up, draining, drained, suspect, fencing, down.
StatusWord status_of(const Snapshot& snapshot, const Host& host);

/// off, advising, acting, held (something stands in the way now), moving (a plan is carried out).
StatusWord status_of(const Snapshot& snapshot, const Balance& balance);

/// running, done, failed, cancelled.
StatusWord status_of(const Snapshot& snapshot, const Operation& operation);

/// What has no life of its own is ready.
StatusWord status_of(const Snapshot& snapshot, const Project& project);
StatusWord status_of(const Snapshot& snapshot, const Flavor& flavor);
StatusWord status_of(const Snapshot& snapshot, const KeyPair& key);

}  // namespace vdc::model
