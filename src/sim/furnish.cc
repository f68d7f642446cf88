#include "sim/furnish.h"

#include <algorithm>

namespace vdc::sim {

using namespace control;
using model::InstancePhase;
using model::Presence;

static void add_images(PretendHost& host, const Duties& duties) {
    for (const auto& [id, duty] : duties.images) {
        const model::ImageSeen& seen = duty.reported;
        if (seen.phase == model::ImagePhase::ready)
            host.images[id] = {true, seen.format, seen.sha256, seen.virtual_size, seen.stored_size};
    }
}

static void add_volumes(PretendHost& host, const Duties& duties) {
    for (const auto& [id, duty] : duties.volumes) {
        if (duty.is_copy) continue;  // what is not needed is gone by now, what comes is made anew
        const model::VolumeObserved& seen = duty.reported;
        if (seen.presence != Presence::ready) continue;
        const bool shared = duty.volume.pool != model::local_pool && host.shared != nullptr;
        PretendHost::Volume& volume = (shared ? *host.shared : host.volumes)[id];
        volume.image = duty.volume.image;
        volume.sighting = {true, seen.size, {}, seen.reverts, {}};
        for (const model::VolumeSnapshotId snapshot : duty.volume.snapshots)
            if (duty.snapshots_reported.at(snapshot).presence == Presence::ready)
                volume.sighting.snapshots.push_back(snapshot);
    }
}

static void add_run(PretendHost& host, const Duties& duties, const InstanceDuty& duty) {
    const model::InstanceObserved& seen = duty.reported;
    PretendHost::Instance& instance = host.running[duty.instance.id];
    instance.spec = duty.instance;
    instance.launches = 1;
    instance.boots_for = host.median(Pace::boot);
    InstanceSighting& sighting = instance.sighting;
    sighting.looked = sighting.alive = true;
    sighting.generation = seen.generation;
    sighting.run = seen.phase == InstancePhase::paused ? RunState::paused : RunState::running;
    sighting.pid = static_cast<std::int64_t>(host.running.size());
    sighting.started = seen.since;
    sighting.wishes = {seen.starts, seen.reboots, seen.resets};
    sighting.accelerator = seen.accelerator;
    for (const DiskSpec& disk : duty.instance.disks) {
        const auto volume = duties.volumes.find(disk.volume);
        if (volume != duties.volumes.end() && volume->second.reported.attached == duty.instance.id)
            sighting.disks.push_back(disk);
    }
}

void furnish(PretendHost& host, const Duties& duties) {
    add_images(host, duties);
    add_volumes(host, duties);
    for (const auto& [id, duty] : duties.networks)
        if (duty.reported.presence == Presence::ready) host.networks[id] = duty.network;
    for (const auto& [id, duty] : duties.fronts)
        if (duty.reported.presence == Presence::ready) host.fronts[id] = duty.front;
    for (const auto& [id, duty] : duties.instances)
        if (duty.reported.phase == InstancePhase::running ||
            duty.reported.phase == InstancePhase::paused)
            add_run(host, duties, duty);
}

}  // namespace vdc::sim
