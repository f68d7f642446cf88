#include "model/status.h"

#include <algorithm>

#include "base/text.h"
#include "model/runs.h"

namespace vdc::model {

using base::text;

/// The sentence with the observed message at its end, if there is one.
static std::string with(std::string sentence, const std::string& message) {
    return message.empty() ? sentence : sentence + ": " + message;
}

/// The name of what an id refers to, or the id when it is gone.
template <class R>
static std::string name_of(const Snapshot& snapshot, typename R::Id id) {
    const R* found = snapshot.find<R>(id);
    return found != nullptr ? found->name : text(id);
}

// ---- instance ----------------------------------------------------------------------------------

namespace {

/// What an instance's status is made of, with names in place of ids.
struct InstanceCase {
    explicit InstanceCase(const Instance& of) : instance(of) {}

    const Instance& instance;
    const Host* host = nullptr;
    std::string host_name;
    InstancePhase seen = InstancePhase::absent;  ///< of the present claim, not of an older one
    Power wanted = Power::off;

    const InstanceDeclared& declared() const { return instance.declared; }
    const InstanceObserved& observed() const { return instance.observed; }
};

}  // namespace

static InstanceCase view_of(const Snapshot& snapshot, const Instance& instance) {
    InstanceCase view{instance};
    view.wanted = wanted_power(instance);
    if (!instance.claimed.host) return view;
    view.host = snapshot.find<Host>(*instance.claimed.host);
    view.host_name = name_of<Host>(snapshot, *instance.claimed.host);
    if (instance.observed.generation == instance.claimed.generation)
        view.seen = instance.observed.phase;
    return view;
}

/// ", silent since 2026-11-22T12:56:48Z"; nothing when nobody noted it.
static std::string silence(const Host& host) {
    if (host.claimed.silent_since == Instant{}) return "";
    return ", silent since " + text(host.claimed.silent_since).substr(0, 19) + "Z";
}

static StatusWord unplaced(const InstanceCase& view) {
    const std::string& why = view.instance.claimed.placement.sentence;
    return {"waiting", with("waits for a host", why)};
}

static StatusWord off(const InstanceCase& view) {
    const InstanceObserved& observed = view.observed();
    if (observed.ended == RunEnd::crashed && view.declared().power != Power::off)
        return {"failed", with("ended on its own and is not started again, as its restart rule "
                               "says; start it to run it",
                               observed.ended_detail)};
    if (observed.ended == RunEnd::guest_off && view.declared().power != Power::off)
        return {"stopped", "powered itself off; start it to run it again"};
    return {"stopped", with("is off", observed.message)};
}

static StatusWord going_off(const InstanceCase& view) {
    if (view.declared().stop_hard) return {"stopping", "is being stopped hard"};
    return {"stopping", with("is told to power off, and is stopped hard after " +
                                 text(view.declared().stop_timeout),
                             view.observed().message)};
}

static StatusWord running(const InstanceCase& view) {
    const InstanceObserved& observed = view.observed();
    const std::string where = " on " + view.host_name;
    if (observed.reboots < view.declared().reboots) return {"rebooting", "reboots" + where};
    if (observed.resets < view.declared().resets) return {"rebooting", "is being reset" + where};
    if (view.wanted == Power::paused) return {"running", "runs" + where + " and is being paused"};
    return {"running", with("runs" + where, observed.message)};
}

static StatusWord paused(const InstanceCase& view) {
    if (view.wanted == Power::on)
        return {"paused", "is paused on " + view.host_name + " and about to go on"};
    return {"paused", with("is paused on " + view.host_name, view.observed().message)};
}

/// Wanted, on a host, and its last run is over.
static StatusWord between_runs(const InstanceCase& view) {
    const InstanceObserved& observed = view.observed();
    const std::string again = " and is started again on " + view.host_name;
    if (observed.ended == RunEnd::crashed)
        return {"starting", with("ended on its own" + again, observed.ended_detail)};
    if (observed.reboots < view.declared().reboots)
        return {"rebooting", "reboots on " + view.host_name};
    return {"starting", with("is being started on " + view.host_name, observed.message)};
}

/// A volume of it that lies on the lost host and nowhere else, or nullptr.
static const Volume* stranded(const Snapshot& snapshot, const InstanceCase& view) {
    for (const Volume* volume :
         snapshot.linked_records<Volume>(Link::instance_volume, view.instance.id.value))
        if (volume->claimed.host == view.host->id && volume->claimed.storage == StorageKind::local)
            return volume;
    return nullptr;
}

/// Nothing that was seen on a host says much once the host is held to be lost.
static StatusWord on_lost_host(const Snapshot& snapshot, const InstanceCase& view) {
    const std::string host = view.host_name + ", which is " +
                             std::string(word(view.host->claimed.health)) + silence(*view.host);
    if (const Volume* volume = stranded(snapshot, view))
        return {"waiting", "waits: its disk " + volume->name + " lies on " + host};
    return {"waiting", "waits until it is proven that nothing of it runs on " + host};
}

static StatusWord by_phase(const InstanceCase& view) {
    switch (view.seen) {
        case InstancePhase::absent:
        case InstancePhase::preparing:
            return {"preparing",
                    with("is being prepared on " + view.host_name, view.observed().message)};
        case InstancePhase::running: return running(view);
        case InstancePhase::paused: return paused(view);
        case InstancePhase::stopped: return between_runs(view);
    }
    base::broken("a phase of an instance without a status");
}

static bool alive(InstancePhase phase) {
    return phase == InstancePhase::running || phase == InstancePhase::paused ||
           phase == InstancePhase::preparing;
}

/// "; it moves to h2: 34 of 128 MiB are left to send"
static std::string moving(const Snapshot& snapshot, const Instance& instance) {
    const Move& move = *instance.claimed.move;
    const Host* to = snapshot.find<Host>(move.to);
    std::string words = "; it moves to " + (to != nullptr ? to->name : text(move.to));
    const auto& sending = instance.observed.sending;
    const auto& arrival = instance.observed.arrival;
    if (sending && sending->generation == move.generation) {
        if (sending->stage == MoveStage::sent) return words + ": all is sent, it stands still";
        const auto mib = [](Bytes bytes) { return std::to_string(bytes.count >> 20); };
        return words + ": " + mib(sending->left) + " of " + mib(sending->total) +
               " MiB are left to send";
    }
    return with(words + " while it runs", arrival ? arrival->message : "");
}

StatusWord status_of(const Snapshot& snapshot, const Instance& instance) {
    if (instance.deleting) return {"deleting", with("is being deleted", instance.observed.message)};
    const InstanceCase view = view_of(snapshot, instance);
    const bool lost = view.host != nullptr && (view.host->claimed.health == HostHealth::fencing ||
                                               view.host->claimed.health == HostHealth::down);
    if (view.wanted == Power::off) return alive(view.seen) ? going_off(view) : off(view);
    if (!instance.claimed.host) return unplaced(view);
    if (lost) return on_lost_host(snapshot, view);
    StatusWord status = by_phase(view);
    if (instance.claimed.leaving && alive(view.seen))
        status.sentence += "; it is stopped there to start on another host";
    if (instance.claimed.move) status.sentence += moving(snapshot, instance);
    if (view.host != nullptr && view.host->claimed.health == HostHealth::suspect)
        status.sentence += "; its host has been silent for a while";
    return status;
}

// ---- application -------------------------------------------------------------------------------

/// Whether it has not run so far and nothing stands in its way.
static bool comes_up(const Instance& replica) {
    const InstanceObserved& observed = replica.observed;
    const bool stuck = !replica.claimed.host && !replica.claimed.placement.sentence.empty();
    return !stuck && observed.ended == RunEnd::none && observed.phase != InstancePhase::running;
}

namespace {

struct Replicas {
    std::int64_t ready = 0;
    std::int64_t staying = 0;           ///< not being deleted
    bool changing = false;              ///< some are being made, replaced or deleted
    bool ran = false;                   ///< at least one ended a run, or cannot be placed
    const Instance* missing = nullptr;  ///< the first one that is not ready
};

}  // namespace

static Replicas count(const Snapshot& snapshot, const Application& application) {
    Replicas counted;
    const std::string mark = template_mark(application.declared.instance);
    for (const Instance* replica :
         snapshot.linked_records<Instance>(Link::application_instance, application.id.value)) {
        if (left_behind(snapshot, *replica)) continue;
        counted.changing |= replica->deleting || replica->declared.template_mark != mark;
        if (replica->deleting) continue;
        ++counted.staying;
        if (replica_ready(application, *replica)) {
            ++counted.ready;
            continue;
        }
        counted.changing |= comes_up(*replica);
        counted.ran |= !comes_up(*replica) && replica->observed.phase != InstancePhase::running;
        if (counted.missing == nullptr) counted.missing = replica;
    }
    counted.changing |= counted.staying != application.declared.replicas;
    return counted;
}

std::int64_t ready_replicas(const Snapshot& snapshot, const Application& application) {
    return count(snapshot, application).ready;
}

/// "2 of 3 replicas are ready; web-2 runs on h1".
static std::string tally(const Snapshot& snapshot, const Application& application,
                         const Replicas& counted) {
    const std::int64_t wanted = application.declared.replicas;
    std::string sentence = "has " + std::to_string(counted.ready) + " of " +
                           base::counted(wanted, "replica") + " ready";
    if (counted.missing != nullptr) {
        const StatusWord status = status_of(snapshot, *counted.missing);
        const bool silent = application.declared.front && status.word == "running";
        sentence += "; " + counted.missing->name + " " + status.sentence +
                    (silent ? " and does not answer yet" : "");
    }
    return with(sentence, application.observed.message);
}

static std::string_view word_of(const Snapshot& snapshot, const Application& application,
                                const Replicas& counted) {
    if (settled(snapshot, application)) return "running";
    if (application.observed.front == Presence::failed) return "degraded";
    if (counted.ready == 0) return counted.ran ? "degraded" : "starting";
    return counted.changing ? "scaling" : "degraded";
}

StatusWord status_of(const Snapshot& snapshot, const Application& application) {
    if (application.deleting) return {"deleting", "is being deleted with all its replicas"};
    const Replicas counted = count(snapshot, application);
    if (application.declared.replicas == 0)
        return counted.changing ? StatusWord{"scaling", "is scaled down to no replica"}
                                : StatusWord{"stopped", "wants no replica"};
    return {std::string(word_of(snapshot, application, counted)),
            tally(snapshot, application, counted)};
}

// ---- image -------------------------------------------------------------------------------------

StatusWord status_of(const Snapshot&, const Image& image) {
    const ImageObserved& observed = image.observed;
    if (image.deleting) return {"deleting", "is being deleted"};
    switch (observed.phase) {
        case ImagePhase::waiting:
        case ImagePhase::absent:
            return {"waiting", with(image.declared.uploaded ? "waits for its import"
                                                            : "waits for its bytes to be uploaded",
                                    observed.message)};
        case ImagePhase::importing:
            return {"importing", with("is being checked and imported", observed.message)};
        case ImagePhase::ready:
            return {"ready",
                    "can be used; its disk has " + text(base::mib_holding(observed.virtual_size))};
        case ImagePhase::failed: return {"failed", with("was refused", observed.message)};
    }
    base::broken("a phase of an image without a status");
}

// ---- volumes -----------------------------------------------------------------------------------

/// Of a volume that exists on its host and has nothing to do.
static StatusWord at_rest(const Snapshot& snapshot, const Volume& volume) {
    const auto& wanted = volume.declared.instance;
    const auto& seen = volume.observed.attached;
    if (!wanted && seen)
        return {"attached", "is being detached from " + name_of<Instance>(snapshot, *seen)};
    if (!wanted) return {"ready", "can be attached"};
    const std::string name = name_of<Instance>(snapshot, *wanted);
    if (seen == wanted) return {"attached", "is attached to " + name};
    const Instance* instance = snapshot.find<Instance>(*wanted);
    if (instance != nullptr && alive(instance->observed.phase))
        return {"ready", with("is about to be attached to " + name, volume.observed.message)};
    return {"attached", "belongs to " + name + ", which does not run now"};
}

StatusWord status_of(const Snapshot& snapshot, const Volume& volume) {
    const VolumeObserved& observed = volume.observed;
    if (volume.deleting) return {"deleting", with("is being deleted", observed.message)};
    if (!volume.claimed.host) return {"waiting", with("waits for a host", observed.message)};
    if (observed.presence == Presence::failed)
        return {"failed", with("could not be prepared", observed.message)};
    if (observed.presence == Presence::absent || observed.presence == Presence::unknown)
        return {"preparing",
                with("is being prepared on " + name_of<Host>(snapshot, *volume.claimed.host),
                     observed.message)};
    if (observed.reverts < volume.declared.reverts)
        return {"reverting", with("goes back to a snapshot", observed.message)};
    if (observed.size < volume.declared.size)
        return {"growing",
                with("grows from " + text(observed.size) + " to " + text(volume.declared.size),
                     observed.message)};
    return at_rest(snapshot, volume);
}

StatusWord status_of(const Snapshot& snapshot, const VolumeSnapshot& volume_snapshot) {
    const VolumeSnapshotObserved& observed = volume_snapshot.observed;
    const std::string volume = name_of<Volume>(snapshot, volume_snapshot.declared.volume);
    if (volume_snapshot.deleting) return {"deleting", with("is being deleted", observed.message)};
    switch (observed.presence) {
        case Presence::unknown:
        case Presence::absent:
            return {"preparing", with("is being taken of " + volume, observed.message)};
        case Presence::ready: return {"ready", "keeps a past of " + volume};
        case Presence::failed: return {"failed", with("could not be taken", observed.message)};
    }
    base::broken("a presence without a status");
}

// ---- networks ----------------------------------------------------------------------------------

StatusWord status_of(const Snapshot& snapshot, const Network& network) {
    const NetworkObserved& observed = network.observed;
    if (network.deleting) return {"deleting", with("is being deleted", observed.message)};
    if (observed.presence == Presence::failed)
        return {"failed", with("could not be set up", observed.message)};
    if (observed.presence == Presence::ready) return {"ready", "stands"};
    const bool used = snapshot.has_linked(Link::network_port, network.id.value) ||
                      snapshot.has_linked(Link::network_application, network.id.value);
    if (!used && network.claimed.number != 0)
        return {"ready", "is set up where an instance needs it; none does yet"};
    return {"preparing", with("is being set up", observed.message)};
}

StatusWord status_of(const Snapshot&, const Port& port) {
    if (port.deleting) return {"deleting", "is being deleted"};
    if (!port.claimed.address) return {"preparing", "waits for its address"};
    return {"ready", "has the address " + text(port.claimed.address)};
}

// ---- the rest ----------------------------------------------------------------------------------

static StatusWord drain_status(const Snapshot& snapshot, const Host& host) {
    const std::size_t left = snapshot.linked(Link::host_instance, host.id.value).size();
    if (left == 0) return {"drained", "has no instance left and takes none"};
    return {"draining", "has " + base::counted(left, "instance") + " left and takes none"};
}

/// Instances that cannot start anywhere before the host is back, or is said to be dead.
static std::string what_waits(const Snapshot& snapshot, const Host& host) {
    const std::size_t held = snapshot.linked(Link::host_instance, host.id.value).size();
    return held == 0 ? "" : "; " + base::counted(held, "instance") + " cannot leave it yet";
}

StatusWord status_of(const Snapshot& snapshot, const Host& host) {
    if (host.claimed.epoch == 0) return {"waiting", "has not registered yet"};
    const std::string health(word(host.claimed.health));
    switch (host.claimed.health) {
        case HostHealth::up:
            if (host.declared.drain) return drain_status(snapshot, host);
            return {health, host.declared.schedulable
                                ? "takes instances"
                                : "runs what it has and takes no new instances"};
        case HostHealth::suspect: return {health, "may be lost" + silence(host)};
        case HostHealth::fencing:
            return {health, "is taken for lost" + silence(host) +
                                "; nothing of it starts elsewhere before its end is proven"};
        case HostHealth::down:
            return {health, "is down" + silence(host) + ": " +
                                std::string(sentence_of(host.claimed.evidence)) +
                                what_waits(snapshot, host)};
    }
    base::broken("a health without a status");
}

static std::string goal_text(const Operation& operation) {
    std::string noun(word(operation.declared.noun));
    std::replace(noun.begin(), noun.end(), '_', ' ');
    const std::string_view goal = word(operation.declared.goal);
    return noun + " " + operation.declared.subject_name +
           (operation.declared.goal == Goal::exists ? " " : " is ") + std::string(goal);
}

StatusWord status_of(const Snapshot&, const Operation& operation) {
    const OperationObserved& observed = operation.observed;
    const std::string phase(word(observed.phase));
    switch (observed.phase) {
        case OperationPhase::running:
            return {phase, with("goes on until " + goal_text(operation), observed.message)};
        case OperationPhase::done: return {phase, "is done: " + goal_text(operation)};
        case OperationPhase::failed: return {phase, with("failed", observed.message)};
        case OperationPhase::cancelled:
            return {phase, with("is no longer followed", observed.message)};
    }
    base::broken("a phase of an operation without a status");
}

StatusWord status_of(const Snapshot&, const Balance& balance) {
    const BalanceClaimed& claimed = balance.claimed;
    const auto planned = std::to_string(claimed.plan.size());
    if (claimed.round)
        return {"moving", "has " + std::to_string(claimed.round->under_way.size()) +
                              " moves under way and " + planned + " to begin"};
    if (balance.declared.mode == BalanceMode::off) return {"off", "moves nothing by itself"};
    if (!claimed.waits.empty()) return {"held", "is held back: " + claimed.waits};
    if (balance.declared.mode == BalanceMode::act) return {"acting", "moves what is worth it"};
    return {"advising", "would make " + planned + " moves"};
}

static StatusWord at_hand() {
    return {"ready", "can be used"};
}

StatusWord status_of(const Snapshot&, const Project&) {
    return at_hand();
}
StatusWord status_of(const Snapshot&, const Flavor&) {
    return at_hand();
}
StatusWord status_of(const Snapshot&, const KeyPair&) {
    return at_hand();
}

}  // namespace vdc::model
