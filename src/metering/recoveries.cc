#include "metering/recoveries.h"

#include <algorithm>

namespace vdc::metering {

using model::Application;
using model::Host;
using model::HostHealth;
using model::Instance;
using model::Instant;
using Fate = RecoveredRun::Fate;

std::string_view word(Fate fate) {
    switch (fate) {
        case Fate::waits: return "waits";
        case Fate::restarted: return "restarted";
        case Fate::returned: return "returned";
        case Fate::replaced: return "replaced";
        case Fate::unwanted: return "unwanted";
    }
    return "";
}

static bool is_over(const RecoveredRun& run) {
    return run.fate == Fate::unwanted || run.ready || (run.started && run.application.empty());
}

bool is_over(const Recovery& recovery) {
    return std::ranges::all_of(recovery.runs, [](const RecoveredRun& run) { return is_over(run); });
}

static bool is_wanted(const Instance& instance) {
    return !instance.deleting && wanted_power(instance) == model::Power::on;
}

// ---- losses ------------------------------------------------------------------------------------

static RecoveredRun run_of(const model::Snapshot& snapshot, const Instance& instance) {
    RecoveredRun run;
    run.instance = instance.id;
    run.name = instance.name;
    run.generation = instance.claimed.generation;
    if (const auto* project = snapshot.find<model::Project>(instance.project))
        run.project = project->name;
    if (!instance.declared.application) return run;
    if (const auto* its = snapshot.find<Application>(*instance.declared.application))
        run.application = its->name;
    return run;
}

void RecoveryBook::open(const Host& host, const model::Commit& commit, const std::string& reason) {
    Recovery recovery;
    recovery.host = host.id;
    recovery.name = host.name;
    recovery.revision = commit.revision;
    recovery.fenced = commit.at;
    recovery.evidence = reason;
    if (const auto suspicion = suspicions_.find(host.id); suspicion != suspicions_.end()) {
        recovery.suspected = suspicion->second.since;
        recovery.suspicion = suspicion->second.reason;
    }
    for (const Instance* instance :
         snapshot_.linked_records<Instance>(model::Link::host_instance, host.id.value))
        if (is_wanted(*instance)) recovery.runs.push_back(run_of(snapshot_, *instance));
    std::ranges::sort(recovery.runs, {}, &RecoveredRun::name);
    recoveries_.push_back(std::move(recovery));
}

/// Before the commit is applied.
void RecoveryBook::note_health(const model::Claim<Host>& claim, const model::Commit& commit,
                               const std::string& reason) {
    const Host* host = snapshot_.find<Host>(claim.id);
    if (host == nullptr) return;
    const HostHealth was = host->claimed.health;
    const HostHealth is = claim.claimed.health;
    if (is == HostHealth::up) suspicions_.erase(claim.id);
    const bool is_missed = is == HostHealth::suspect || is == HostHealth::fencing;
    if (was == HostHealth::up && is_missed) suspicions_[claim.id] = {commit.at, reason};
    if (was != HostHealth::down && is == HostHealth::down) open(*host, commit, reason);
}

// ---- what becomes of them ----------------------------------------------------------------------

/// A replica that is made after the loss takes the place of the first lost one that has no other.
void RecoveryBook::replace(Recovery& recovery, const model::Create<Instance>& created) const {
    const Instance& replica = *created.record;
    if (!replica.declared.application) return;
    const RecoveredRun made = run_of(snapshot_, replica);
    for (RecoveredRun& run : recovery.runs) {
        const bool is_alike = run.application == made.application && run.project == made.project;
        const Instance* lost = snapshot_.find<Instance>(run.instance);
        const bool waits_for_itself = lost != nullptr && is_wanted(*lost);
        if (run.fate != Fate::waits || !is_alike || waits_for_itself) continue;
        run.fate = Fate::replaced;
        run.by = replica.id;
        run.by_name = replica.name;
        return;
    }
}

static bool runs_as_claimed(const Instance& instance) {
    return instance.observed.phase == model::InstancePhase::running &&
           instance.observed.generation == instance.claimed.generation;
}

void RecoveryBook::choose_fate(RecoveredRun& run, const Recovery& recovery) const {
    if (run.fate != Fate::waits && run.fate != Fate::returned) return;
    const Instance* lost = snapshot_.find<Instance>(run.instance);
    if (lost == nullptr || !is_wanted(*lost)) {
        if (run.application.empty()) run.fate = Fate::unwanted;
        return;
    }
    const Host* host = snapshot_.find<Host>(recovery.host);
    const bool is_anew = lost->claimed.host && lost->claimed.generation > run.generation;
    const bool is_back = lost->claimed.host == recovery.host && host != nullptr &&
                         host->claimed.health == HostHealth::up && runs_as_claimed(*lost);
    if (!is_anew && (!is_back || run.fate == Fate::returned)) return;
    run.fate = is_anew ? Fate::restarted : Fate::returned;
    run.by = lost->id;
    run.by_name = lost->name;
    run.placed = run.started = run.ready = std::nullopt;  // of what seemed to have come back
}

void RecoveryBook::look(RecoveredRun& run, const Recovery& recovery, Instant at) const {
    choose_fate(run, recovery);
    if (run.fate == Fate::waits || run.fate == Fate::unwanted) return;
    const Instance* its = snapshot_.find<Instance>(run.by);
    if (its == nullptr || !its->claimed.host) return;
    if (!run.placed) run.placed = at;
    if (const Host* host = snapshot_.find<Host>(*its->claimed.host)) run.host = host->name;
    if (!runs_as_claimed(*its)) return;
    if (!run.started) run.started = at;
    if (!its->declared.application || run.ready) return;
    const auto* application = snapshot_.find<Application>(*its->declared.application);
    if (application != nullptr && replica_ready(*application, *its)) run.ready = at;
}

base::Status RecoveryBook::add(const model::Commit& commit) {
    for (const model::Step& step : commit.steps)
        if (const auto* claim = std::get_if<model::Claim<Host>>(&step.change))
            note_health(*claim, commit, step.reason);
    TRY(model::replay(snapshot_, commit));
    for (Recovery& recovery : recoveries_) {
        if (is_over(recovery)) continue;
        for (const model::Step& step : commit.steps)
            if (const auto* created = std::get_if<model::Create<Instance>>(&step.change))
                replace(recovery, *created);
        for (RecoveredRun& run : recovery.runs) look(run, recovery, commit.at);
    }
    return {};
}

}  // namespace vdc::metering
