#include "sim/run_oracle.h"

#include <algorithm>

#include "sim/effect_conflict.h"

namespace vdc::sim {

using model::HostId;
using model::Instance;
using model::Snapshot;
using model::Volume;
using model::VolumeSnapshot;

void RunOracle::begin(const Snapshot& snapshot) {
    runs_at_.clear();
    lies_at_.clear();
    taken_of_.clear();
    for (const auto& [id, instance] : snapshot.all<Instance>())
        if (instance->claimed.host) runs_at_[id] = *instance->claimed.host;
    for (const auto& [id, volume] : snapshot.all<Volume>())
        if (volume->claimed.host) lies_at_[id] = *volume->claimed.host;
    for (const auto& [id, kept] : snapshot.all<VolumeSnapshot>())
        taken_of_[id] = kept->declared.volume;
}

void RunOracle::launched(const control::InstanceSpec& instance) {
    launched_.emplace(instance.id, instance.generation);
}

void RunOracle::restored(const Snapshot& snapshot) {
    for (const auto& [id, instance] : snapshot.all<Instance>())
        launched_.emplace(id, instance->claimed.restored);
}

std::string RunOracle::leaves(const Instance& instance, HostId host) const {
    const Site site = look_(host);
    if (site.host == nullptr) return {};
    const auto run = site.host->running.find(instance.id);
    const bool lives = run != site.host->running.end() && run->second.sighting.alive;
    const bool runs = lives && !PretendHost::stands_still(run->second);
    const bool begins = site.hands->any_under_way([&](const control::Effect& effect) {
        const auto* launch = std::get_if<control::Launch>(&effect);
        const auto* cancel = std::get_if<control::CancelSend>(&effect);
        return (launch != nullptr && launch->instance.id == instance.id) ||
               (cancel != nullptr && cancel->instance == instance.id && lives);
    });
    if (!runs && !begins) return {};
    return "I1: " + instance.name + " leaves " + site.host->name() + " while it " +
           (runs ? "runs there" : "is being launched there");
}

/// What is on the host's own disks is there already: then its preparation is a look at it, as an
/// agent that begins takes one while the guest moves.
std::string RunOracle::leaves(const Volume& volume, HostId host) const {
    const Site site = look_(host);
    if (site.host == nullptr) return {};
    const auto& running = site.host->running;
    const bool open = std::any_of(running.begin(), running.end(), [&](const auto& entry) {
        const auto& disks = entry.second.sighting.disks;
        return entry.second.sighting.alive && !PretendHost::stands_still(entry.second) &&
               std::any_of(disks.begin(), disks.end(),
                           [&](const auto& disk) { return disk.volume == volume.id; });
    });
    const bool is_own = site.host->volumes.contains(volume.id);
    const bool used = site.hands->any_under_way([&](const control::Effect& effect) {
        const bool looks = is_own && std::holds_alternative<control::PrepareVolume>(effect);
        return !looks && takes(effect, volume.id);
    });
    if (!open && !used) return {};
    return "I1: volume " + volume.name + " leaves " + site.host->name() + " while it is " +
           (open ? "open there" : "in use there");
}

struct RunOracle::Judge {
    RunOracle& books;
    const Snapshot& after;

    template <class R>
    std::string move(std::map<typename R::Id, HostId>& places, typename R::Id id,
                     const std::optional<HostId>& now, bool is_excused) {
        const auto at = places.find(id);
        const std::optional<HostId> was =
            at != places.end() ? std::optional(at->second) : std::nullopt;
        if (was == now) return {};
        if (now)
            places[id] = *now;
        else
            places.erase(at);
        const R* record = after.find<R>(id);
        return was && record != nullptr && !is_excused ? books.leaves(*record, *was) : "";
    }
    const PretendHost* host_of(model::VolumeId volume) const {
        const auto at = books.lies_at_.find(volume);
        return at != books.lies_at_.end() ? books.look_(at->second).host : nullptr;
    }

    std::string operator()(const model::Claim<Instance>& step) {
        const bool may_be_a_lie = step.claimed.proof == model::Evidence::operator_word;
        if (may_be_a_lie && step.claimed.restored == step.claimed.generation)
            books.launched_.emplace(step.id, step.claimed.restored);  // it was found running there
        return move<Instance>(books.runs_at_, step.id, step.claimed.host, may_be_a_lie);
    }
    std::string operator()(const model::Claim<Volume>& step) {
        return move<Volume>(books.lies_at_, step.id, step.claimed.host, false);
    }
    std::string operator()(const model::Observe<Instance>& step) {
        const auto phase = step.observed.phase;
        const bool runs =
            phase == model::InstancePhase::running || phase == model::InstancePhase::paused;
        const Instance* instance = after.find<Instance>(step.id);
        if (!runs || instance == nullptr) return {};
        if (books.launched_.contains({step.id, step.observed.generation})) return {};
        return "I2: " + instance->name + " is said to run in a generation that nobody launched";
    }
    std::string operator()(const model::Create<VolumeSnapshot>& step) {
        books.taken_of_[step.record->id] = step.record->declared.volume;
        return {};
    }
    std::string operator()(const model::Forget<Volume>& step) {
        const PretendHost* host = host_of(step.id);
        books.lies_at_.erase(step.id);
        const bool there = host != nullptr && host->volume(step.id) != nullptr;
        return there ? "I8: a volume is forgotten while " + host->name() + " has it" : "";
    }
    std::string operator()(const model::Forget<VolumeSnapshot>& step) {
        const auto of = books.taken_of_.extract(step.id);
        const PretendHost* host = of.empty() ? nullptr : host_of(of.mapped());
        const auto* volume = host != nullptr ? host->volume(of.mapped()) : nullptr;
        if (volume == nullptr) return {};
        const auto& has = volume->sighting.snapshots;
        return std::find(has.begin(), has.end(), step.id) == has.end()
                   ? ""
                   : "I8: a snapshot is forgotten while " + host->name() + " has it";
    }
    std::string operator()(const auto&) { return {}; }
};

std::string RunOracle::learn(const model::Commit& commit, const Snapshot& after) {
    for (const model::Step& step : commit.steps)
        if (std::string wrong = std::visit(Judge{*this, after}, step.change); !wrong.empty())
            return wrong;
    return {};
}

}  // namespace vdc::sim
