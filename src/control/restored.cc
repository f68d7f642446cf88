#include "control/restored.h"

#include <algorithm>

#include "base/text.h"
#include "model/places.h"
#include "model/runs.h"
#include "model/writer.h"

namespace vdc::control {

using base::Error;
using base::Result;
using model::AfterRestore;
using model::Evidence;
using model::Host;
using model::HostFound;
using model::HostId;
using model::Instance;
using model::Link;
using model::Snapshot;
using model::Step;
using model::Volume;

// ---- as it begins ------------------------------------------------------------------------------

/// Rule 1. What grows by one at a time, and began at 0 after 1970, is below the microseconds since
/// then; so is what began at an earlier restore.
static std::uint64_t count_anew(std::uint64_t before, model::Instant now) {
    constexpr std::uint64_t far = 1'000'000'000;
    const auto since_1970 = std::max<std::int64_t>(0, now.time_since_epoch().count());
    return std::max(before + far, static_cast<std::uint64_t>(since_1970));
}

template <class R>
static std::vector<model::Shared<R>> records(const Snapshot& snapshot) {
    std::vector<model::Shared<R>> all;
    for (const auto& [id, record] : snapshot.all<R>()) all.push_back(record);
    return all;
}

/// No host is given up by its silence before it has spoken: it lives by no lease till then.
static Host begin_anew(Host host, model::Instant now) {
    host.declared.after_restore = AfterRestore::unheard;
    host.declared.ends.clear();
    host.claimed.epoch = count_anew(host.claimed.epoch, now);
    host.claimed.health = model::HostHealth::suspect;
    host.claimed.silent_since = now;
    host.claimed.evidence_detail = "not heard since the restore";
    host.claimed.lease = model::LeaseProfile::none;
    host.observed.found.reset();
    return host;
}

static model::Epoch epoch_of(const Snapshot& snapshot, const std::optional<HostId>& host) {
    const Host* found = host ? snapshot.find<Host>(*host) : nullptr;
    return found != nullptr ? found->claimed.epoch : 0;
}

/// Whether a move that it had ended, and where, is not known any more; neither is whether one that
/// was to leave its host has left.
static Instance begin_anew(const Snapshot& snapshot, Instance instance, model::Instant now) {
    model::InstanceClaimed& claimed = instance.claimed;
    claimed.generation = count_anew(next_generation(claimed), now);
    claimed.restored = claimed.generation;
    claimed.epoch = epoch_of(snapshot, claimed.host);
    claimed.stays += claimed.leaving ? 1 : 0;
    claimed.leaving = false;
    claimed.move.reset();
    claimed.proof = Evidence::none;
    claimed.evidence = "it was restored from a backup";
    instance.observed.arrival.reset();
    instance.observed.sending.reset();
    return instance;
}

/// Rule 6: a copy may be all that there is by now, so nobody is told to remove it.
static Volume begin_anew(const Snapshot& snapshot, Volume volume, model::Instant now) {
    volume.claimed.generation = count_anew(volume.claimed.generation, now);
    volume.claimed.epoch = epoch_of(snapshot, volume.claimed.host);
    volume.claimed.leaving = false;
    volume.claimed.places.clear();
    sum_up(volume);
    return volume;
}

Snapshot restored(Snapshot backup, model::Instant now) {
    base::check(backup.revision > 0, "a backup is of a datacenter that began");
    backup.revision = count_anew(backup.revision, now);
    backup.committed = now;
    model::Writer writer{backup};
    for (const auto& host : records<Host>(backup)) writer.put(begin_anew(Host(*host), now));
    for (const auto& volume : records<Volume>(backup))
        writer.put(begin_anew(backup, Volume(*volume), now));
    for (const auto& instance : records<Instance>(backup))
        writer.put(begin_anew(backup, Instance(*instance), now));
    return backup;
}

// ---- what is found -----------------------------------------------------------------------------

/// Its host has seen it run under the claim that was restored.
static bool is_found_at_home(const Instance& instance) {
    const model::InstancePhase phase = instance.observed.phase;
    const bool runs =
        phase == model::InstancePhase::running || phase == model::InstancePhase::paused;
    return instance.claimed.host && runs &&
           instance.claimed.restored == instance.claimed.generation &&
           instance.observed.generation == instance.claimed.generation;
}

static const std::optional<HostFound>& found_on(const Host& host) {
    return host.observed.found;
}

static bool is_silent(const Host& host) {
    const bool heard = found_on(host) && found_on(host)->looked;
    return host.declared.after_restore == AfterRestore::unheard ||
           (host.declared.after_restore == AfterRestore::held && !heard);
}

static FoundRun found_run(const Snapshot& snapshot, const Host& host, const model::Stranger& run) {
    FoundRun found{host.id, run, {}, false};
    const auto* instance = snapshot.find<Instance>(run.instance);
    found.is_known = instance != nullptr;
    if (instance == nullptr || !instance->claimed.host) return found;
    found.claimed_on = snapshot.get<Host>(*instance->claimed.host).name;
    return found;
}

RestoreView view_restore(const Snapshot& snapshot) {
    RestoreView view;
    view.held = is_held(snapshot);
    std::set<model::InstanceId> elsewhere;
    for (const auto& [id, host] : snapshot.all<Host>()) {
        const AfterRestore after = host->declared.after_restore;
        view.restored |= after != AfterRestore::none && after != AfterRestore::settled;
        if (is_silent(*host) || after == AfterRestore::late) view.silent.push_back(id);
        if (!found_on(*host)) continue;
        for (const model::Stranger& run : found_on(*host)->strangers) {
            view.strangers.push_back(found_run(snapshot, *host, run));
            elsewhere.insert(run.instance);
        }
    }
    if (!view.restored) return view;
    for (const auto& [id, instance] : snapshot.all<Instance>()) {
        if (is_found_at_home(*instance)) {
            view.adopted.push_back(id);
            continue;
        }
        const bool waits = instance->claimed.restored == instance->claimed.generation &&
                           instance->observed.generation < instance->claimed.generation;
        if (waits && !instance->deleting && !elsewhere.contains(id) &&
            wanted_power(*instance) != model::Power::off)
            view.missing.push_back(id);
    }
    return view;
}

// ---- release -----------------------------------------------------------------------------------

static base::Status check_all_have_spoken(const Snapshot& snapshot,
                                          const std::set<std::string>& without) {
    for (const std::string& name : without)
        if (snapshot.named<Host>({}, name) == nullptr)
            return Error{Error::Code::not_found,
                         "there is no host '" + base::quoted(name, 80) + "'",
                         "`vdc host list` shows which there are"};
    std::vector<std::string> silent;
    for (const auto& [id, host] : snapshot.all<Host>())
        if (is_silent(*host) && !without.contains(host->name)) silent.push_back(host->name);
    if (silent.empty()) return {};
    return Error{Error::Code::conflict,
                 "these hosts have not said yet what runs there: " + base::join(silent, ", "),
                 "start them; or name one that is dead with --without: what runs there in spite of "
                 "that would be started a second time"};
}

/// Rule 4: claimed where it runs, with its volumes.
static void claim_where_found(const Snapshot& snapshot, const Instance& instance, const Host& host,
                              std::vector<Step>& steps) {
    model::InstanceClaimed claimed = instance.claimed;
    claimed.host = host.id;
    claimed.epoch = host.claimed.epoch;
    claimed.generation = next_generation(claimed);
    claimed.restored = claimed.generation;
    claimed.proof = Evidence::operator_word;
    claimed.evidence = "after a restore it was found running on " + host.name;
    claimed.placement = {claimed.evidence, {}, {}, {}, {}};
    const std::string where = " was found on " + host.name + " after the restore";
    steps.push_back(
        {model::Claim<Instance>{instance.id, std::move(claimed)}, instance.name + where});
    for (const Volume* volume :
         snapshot.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->claimed.host == host.id) continue;
        model::VolumeClaimed its = volume->claimed;
        its.host = host.id;
        its.epoch = host.claimed.epoch;
        ++its.generation;
        steps.push_back({model::Claim<Volume>{volume->id, std::move(its)},
                         "volume " + volume->name + " is where " + instance.name + where});
    }
}

/// What runs goes on: when it was stopped or started last is not known.
static void keep_running(const Instance& instance, std::vector<Step>& steps) {
    if (instance.deleting || instance.declared.power != model::Power::off) return;
    model::InstanceDeclared declared = instance.declared;
    declared.power = model::Power::on;
    steps.push_back({model::Declare<Instance>{instance.id, std::move(declared)},
                     instance.name + " runs, though the backup has it off: it goes on"});
}

static void claim_strangers(const Snapshot& snapshot, const Host& host,
                            std::set<model::InstanceId>& placed, std::vector<Step>& steps) {
    if (!found_on(host)) return;
    for (const model::Stranger& run : found_on(host)->strangers) {
        const auto* instance = snapshot.find<Instance>(run.instance);
        if (instance == nullptr || instance->deleting || run.moving) continue;
        if (is_found_at_home(*instance) || !placed.insert(instance->id).second) continue;
        claim_where_found(snapshot, *instance, host, steps);
        keep_running(*instance, steps);
    }
}

/// A stranger that stands still in a move may be all that is left of its instance: that is started
/// nowhere before somebody has looked.
static base::Status check_no_move_is_open(const Snapshot& snapshot,
                                          const std::set<model::InstanceId>& placed) {
    for (const auto& [id, host] : snapshot.all<Host>()) {
        if (!found_on(*host)) continue;
        for (const model::Stranger& run : found_on(*host)->strangers) {
            const auto* instance = snapshot.find<Instance>(run.instance);
            const bool is_open = run.moving && instance != nullptr && !instance->deleting &&
                                 !is_found_at_home(*instance) && !placed.contains(run.instance);
            if (is_open)
                return Error{Error::Code::conflict,
                             instance->name + " stands still on " + host->name +
                                 ", in a move that the backup does not know, and runs nowhere else",
                             "`vdc backup end " + host->name + " " + text(run.instance) +
                                 "` ends it there; then it starts from its disk"};
        }
    }
    return {};
}

Result<std::vector<Step>> release(const Snapshot& snapshot, const std::set<std::string>& without,
                                  const std::string& actor) {
    if (!is_held(snapshot)) return Error{Error::Code::conflict, "no restore waits to be released"};
    TRY(check_all_have_spoken(snapshot, without));
    std::vector<Step> steps;
    std::set<model::InstanceId> placed;
    for (const auto& [id, host] : snapshot.all<Host>())
        claim_strangers(snapshot, *host, placed, steps);
    TRY(check_no_move_is_open(snapshot, placed));
    for (const auto& [id, instance] : snapshot.all<Instance>())
        if (is_found_at_home(*instance)) keep_running(*instance, steps);
    for (const auto& [id, host] : snapshot.all<Host>()) {
        const AfterRestore after = host->declared.after_restore;
        if (after != AfterRestore::unheard && after != AfterRestore::held) continue;
        model::HostDeclared declared = host->declared;
        declared.after_restore =
            after == AfterRestore::held ? AfterRestore::watched : AfterRestore::late;
        const std::string how = is_silent(*host) ? " without its word" : "";
        steps.push_back({model::Declare<Host>{id, std::move(declared)},
                         actor + " releases the restore on " + host->name + how});
    }
    return steps;
}

// ---- strangers ---------------------------------------------------------------------------------

Result<std::vector<Step>> end_stranger(const Snapshot& snapshot, const std::string& name,
                                       const std::string& instance, const std::string& actor) {
    const Host* host = snapshot.named<Host>({}, name);
    if (host == nullptr)
        return Error{Error::Code::not_found, "there is no host '" + base::quoted(name, 80) + "'",
                     "`vdc host list` shows which there are"};
    const auto is_it = [&](const model::Stranger& run) { return text(run.instance) == instance; };
    const std::vector<model::Stranger> none;
    const auto& strangers = found_on(*host) ? found_on(*host)->strangers : none;
    const auto run = std::find_if(strangers.begin(), strangers.end(), is_it);
    if (run == strangers.end())
        return Error{Error::Code::not_found,
                     "nothing with the id '" + base::quoted(instance, 80) + "' runs on " + name +
                         " without an order",
                     "`vdc backup status` shows what does"};
    model::HostDeclared declared = host->declared;
    if (std::ranges::find(declared.ends, run->instance) != declared.ends.end())
        return std::vector<Step>{};
    declared.ends.push_back(run->instance);
    return std::vector<Step>{
        {model::Declare<Host>{host->id, std::move(declared)},
         actor + " ends " + run->name + " on " + name + ", of which the records know nothing"}};
}

}  // namespace vdc::control
