#include "sim/speeds.h"

#include <algorithm>

namespace vdc::sim {

using namespace base;
using model::InstancePhase;
using model::Presence;

// ---- what is usual -----------------------------------------------------------------------------

Speeds::Speeds() {
    (*this)[Pace::import_image].takes = 2s;
    (*this)[Pace::fetch_image].takes = 1s;
    (*this)[Pace::prepare_volume].takes = 30ms;
    (*this)[Pace::apply_network].takes = 30ms;
    (*this)[Pace::launch].takes = 300ms;
    (*this)[Pace::boot].takes = 4s;
    (*this)[Pace::stop].takes = 1s;
}

std::optional<Pace> pace_of(const control::Effect& effect) {
    using namespace control;
    if (std::holds_alternative<ImportImage>(effect)) return Pace::import_image;
    if (std::holds_alternative<FetchImage>(effect)) return Pace::fetch_image;
    if (std::holds_alternative<PrepareVolume>(effect)) return Pace::prepare_volume;
    if (std::holds_alternative<ApplyNetwork>(effect)) return Pace::apply_network;
    if (std::holds_alternative<Launch>(effect)) return Pace::launch;
    return {};
}

Duration Speeds::of(const control::Effect& effect) const {
    if (const auto pace = pace_of(effect)) return (*this)[*pace].takes;
    if (std::holds_alternative<control::LookFront>(effect)) return 5ms;
    const bool in_launch = std::holds_alternative<control::CleanInstance>(effect);
    if (in_launch && (*this)[Pace::launch].samples > 0) return 1ms;
    return 30ms;
}

// ---- measuring ---------------------------------------------------------------------------------

void SpeedMeter::add(const model::Commit& commit) {
    for (const model::Step& step : commit.steps)
        std::visit([&](const auto& change) { take(commit.at, change); }, step.change);
}

/// The latest ones; a clock that was set back tells nothing.
void SpeedMeter::sample(Pace pace, Instant from, Instant to) {
    constexpr std::size_t kept = 200;
    if (to < from) return;
    const auto at = static_cast<std::size_t>(pace);
    if (samples_[at].size() < kept)
        samples_[at].push_back(to - from);
    else
        samples_[at][next_[at]++ % kept] = to - from;
}

Speeds SpeedMeter::speeds() const {
    Speeds speeds;
    for (std::size_t at = 0; at < paces; ++at) {
        std::vector<Duration> sorted = samples_[at];
        if (sorted.empty()) continue;
        std::sort(sorted.begin(), sorted.end());
        const std::size_t count = sorted.size();
        speeds[static_cast<Pace>(at)] = {sorted[count / 2], count, std::move(sorted)};
    }
    return speeds;
}

/// Remembers, of the places of a claim, those whose need is new.
static void note_places(const model::Places& places, auto id, Instant at, auto& coming,
                        const auto& there) {
    for (const model::Place& place : places)
        if (place.needed && !there.contains({id, place.host}))
            coming.try_emplace({id, place.host}, at);
}

// ---- images, volumes, networks -----------------------------------------------------------------

void SpeedMeter::take(Instant, const model::Claim<model::Image>& change) {
    if (change.claimed.host) keepers_[change.id] = *change.claimed.host;
}

void SpeedMeter::take(Instant at, const model::Sight<model::Image>& change) {
    const std::pair key{change.id, change.seen.host};
    if (change.seen.phase == model::ImagePhase::importing) images_coming_.try_emplace(key, at);
    if (change.seen.phase != model::ImagePhase::ready) return;
    images_there_.try_emplace(key, at);
    const auto began = images_coming_.extract(key);
    const auto keeper = keepers_.find(change.id);
    if (began.empty() || keeper == keepers_.end()) return;
    const bool imported = keeper->second == change.seen.host;
    sample(imported ? Pace::import_image : Pace::fetch_image, began.mapped(), at);
}

void SpeedMeter::take(Instant, const model::Create<model::Volume>& change) {
    Disk& disk = disks_[change.record->id];
    disk.instance = change.record->declared.instance;
    disk.image = change.record->declared.image;
}

void SpeedMeter::take(Instant at, const model::Claim<model::Volume>& change) {
    Disk& disk = disks_[change.id];
    if (!change.claimed.host || disk.host == change.claimed.host) return;
    disk.host = change.claimed.host;
    disk.claimed = at;
}

void SpeedMeter::take(Instant at, const model::Observe<model::Volume>& change) {
    const auto found = disks_.find(change.id);
    if (found == disks_.end() || change.observed.presence != Presence::ready) return;
    Disk& disk = found->second;
    if (!disk.claimed) return;
    Instant began = *std::exchange(disk.claimed, std::nullopt);
    if (disk.image)
        if (const auto image = images_there_.find({*disk.image, *disk.host});
            image != images_there_.end())
            began = std::max(began, image->second);
    sample(Pace::prepare_volume, began, at);
    if (disk.instance) lives_[*disk.instance].disk_there = at;
}

void SpeedMeter::take(Instant, const model::Forget<model::Volume>& change) {
    disks_.erase(change.id);
}

void SpeedMeter::take(Instant at, const model::Claim<model::Network>& change) {
    note_places(change.claimed.places, change.id, at, networks_coming_, networks_there_);
}

void SpeedMeter::take(Instant at, const model::Sight<model::Network>& change) {
    const std::pair key{change.id, change.seen.host};
    if (change.seen.presence == Presence::absent) networks_there_.erase(key);
    if (change.seen.presence != Presence::ready) return;
    networks_there_.try_emplace(key, at);
    if (const auto began = networks_coming_.extract(key); !began.empty())
        sample(Pace::apply_network, began.mapped(), at);
}

// ---- instances ---------------------------------------------------------------------------------

void SpeedMeter::take(Instant, const model::Create<model::Port>& change) {
    if (change.record->declared.instance)
        lives_[*change.record->declared.instance].networks.push_back(
            change.record->declared.network);
}

void SpeedMeter::take(Instant, const model::Claim<model::Instance>& change) {
    lives_[change.id].host = change.claimed.host;
}

void SpeedMeter::take(Instant at, const model::Declare<model::Instance>& change) {
    Life& life = lives_[change.id];
    const bool off = change.declared.power == model::Power::off && !change.declared.stop_hard;
    life.asked_off.reset();
    if (off && life.phase == InstancePhase::running) life.asked_off = at;
}

/// From the last of what it needed to the run.
void SpeedMeter::runs(Life& life, const model::InstanceObserved& seen) {
    Instant began = std::max(life.since, life.disk_there);
    for (const model::NetworkId network : life.networks)
        if (life.host)
            if (const auto there = networks_there_.find({network, *life.host});
                there != networks_there_.end())
                began = std::max(began, there->second);
    if (life.phase == InstancePhase::preparing) sample(Pace::launch, began, seen.since);
    life.boots = seen.since;
}

void SpeedMeter::take(Instant, const model::Observe<model::Instance>& change) {
    const model::InstanceObserved& seen = change.observed;
    Life& life = lives_[change.id];
    if (seen.phase == InstancePhase::running && life.phase != InstancePhase::running)
        runs(life, seen);
    if (seen.phase == InstancePhase::stopped && seen.ended == model::RunEnd::guest_off)
        if (const auto asked = std::exchange(life.asked_off, std::nullopt))
            sample(Pace::stop, *asked, seen.since);
    if (seen.phase != InstancePhase::running) life.boots.reset();
    life.phase = seen.phase;
    life.since = seen.since;
}

void SpeedMeter::take(Instant, const model::Forget<model::Instance>& change) {
    lives_.erase(change.id);
}

void SpeedMeter::take(Instant at, const model::Sight<model::Application>& change) {
    for (const model::InstanceId id : change.seen.ready) {
        const auto life = lives_.find(id);
        if (life == lives_.end()) continue;
        if (const auto began = std::exchange(life->second.boots, std::nullopt))
            sample(Pace::boot, *began, at);
    }
}

}  // namespace vdc::sim
