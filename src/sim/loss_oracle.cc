#include "sim/loss_oracle.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "control/guarantee.h"

namespace vdc::sim {

using model::Host;
using model::HostId;
using model::Instance;
using model::Snapshot;

namespace {

/// Processors, MiB of memory, MiB of disk, and for volumes in the shared pool more than a host has
/// that does not reach it.
using Size = std::array<std::int64_t, 4>;

bool fits(const Size& small, const Size& large) {
    return small[0] <= large[0] && small[1] <= large[1] &&
           (small[2] == 0 || small[2] <= large[2]) && small[3] <= large[3];
}

void take(Size& from, const Size& size, std::int64_t times) {
    for (std::size_t part = 0; part < from.size(); ++part) from[part] -= times * size[part];
}

Size size_of(const Snapshot& s, const Instance& instance, bool with_disk) {
    Size size{instance.declared.vcpus.count, instance.declared.memory.count, 0, 0};
    for (const auto& [id, volume] : s.all<model::Volume>()) {
        if (!with_disk || volume->declared.instance != instance.id) continue;
        if (volume->declared.pool == "local")
            size[2] += volume->declared.size.count;
        else
            size[3] = 1;
    }
    return size;
}

Size left_on(const Snapshot& s, const Host& host) {
    const auto& has = host.observed.capacity;
    Size left{has.vcpus.count * host.declared.cpu_overcommit / 1000,
              (has.memory.count - host.declared.memory_kept.count) *
                  host.declared.memory_overcommit / 1000,
              has.disk.count, host.observed.pools.empty() ? 0 : 1'000'000};
    for (const auto& [id, instance] : s.all<Instance>())
        if (instance->claimed.host == host.id) take(left, size_of(s, *instance, false), 1);
    for (const auto& [id, volume] : s.all<model::Volume>())
        if (volume->claimed.host == host.id && volume->declared.pool == "local")
            left[2] -= volume->declared.size.count;
    return left;
}

bool takes_instances(const Host& host) {
    return host.declared.schedulable && !host.declared.drain &&
           host.claimed.health == model::HostHealth::up;
}

/// Whether nothing of it lies on its host but what an image makes again, for a replica.
bool can_leave(const Snapshot& s, const Instance& instance) {
    for (const auto& [id, volume] : s.all<model::Volume>()) {
        if (volume->declared.instance != instance.id) continue;
        const bool made_again = instance.declared.application && volume->declared.image &&
                                volume->declared.delete_with_instance;
        if (volume->declared.pool == "local" && !made_again) return false;
    }
    return true;
}

/// As the words of the three records read.
bool shall_survive(const Snapshot& s, const Instance& instance) {
    if (instance.deleting || wanted_power(instance) == model::Power::off) return false;
    if (!can_leave(s, instance)) return false;
    std::string word = instance.declared.survives;
    if (word.empty() && instance.declared.application)
        word = s.get<model::Application>(*instance.declared.application).declared.survives;
    if (word.empty()) word = s.get<model::Project>(instance.project).declared.survives;
    if (word.empty()) word = s.all<Host>().size() < 2 ? "nothing" : "host";
    return word != "nothing";
}

/// Whether all find a place, from `next` on, tried in every way that is not the mirror of another.
bool all_fit(const std::vector<Size>& sizes, std::size_t next, std::vector<Size>& hosts,
             int& patience) {
    if (next == sizes.size()) return true;
    std::vector<Size> tried;
    for (Size& host : hosts) {
        if (!fits(sizes[next], host)) continue;
        if (std::find(tried.begin(), tried.end(), host) != tried.end()) continue;
        tried.push_back(host);
        if (--patience < 0) return false;
        take(host, sizes[next], 1);
        const bool done = all_fit(sizes, next + 1, hosts, patience);
        take(host, sizes[next], -1);
        if (done) return true;
    }
    return false;
}

/// What is on each host that takes instances, and what on each host must survive.
struct Scene {
    std::map<HostId, Size> left;
    std::map<HostId, std::vector<Size>> guests;

    bool survives(HostId lost) const {
        std::vector<Size> hosts;
        for (const auto& [id, size] : left)
            if (id != lost) hosts.push_back(size);
        const auto there = guests.find(lost);
        if (there == guests.end()) return true;
        std::vector<Size> sizes = there->second;
        std::sort(sizes.rbegin(), sizes.rend());
        int patience = 100'000;
        return all_fit(sizes, 0, hosts, patience);
    }
};

Scene scene_of(const Snapshot& s) {
    Scene scene;
    for (const auto& [id, host] : s.all<Host>())
        if (takes_instances(*host)) scene.left[id] = left_on(s, *host);
    for (const auto& [id, instance] : s.all<Instance>())
        if (instance->claimed.host && shall_survive(s, *instance))
            scene.guests[*instance->claimed.host].push_back(size_of(s, *instance, true));
    return scene;
}

}  // namespace

bool leaves_room_for_losses(const Snapshot& s, const Instance& waiting, HostId host) {
    const Scene before = scene_of(s);
    if (!before.left.contains(host)) return false;
    Scene after = before;
    take(after.left.at(host), size_of(s, waiting, shall_survive(s, waiting)), 1);
    if (shall_survive(s, waiting)) after.guests[host].push_back(size_of(s, waiting, true));
    for (const auto& [id, record] : s.all<Host>())
        if (!before.survives(id) || !after.survives(id)) return false;
    return true;
}

std::string plans_hold(const Snapshot& s) {
    control::Guarantee guarantee(s);
    const placement::StandingPlans& plans = guarantee.plans();
    for (const auto& [lost, record] : s.all<Host>()) {
        std::map<HostId, Size> left;
        for (const auto& [id, host] : s.all<Host>()) left[id] = left_on(s, *host);
        std::size_t moved = 0;
        for (const placement::Move& move : plans.plan({{}, {}, lost})) {
            ++moved;
            const Instance& instance = s.get<Instance>(move.instance);
            if (!move.to) continue;
            const Size size = size_of(s, instance, true);
            const bool may = *move.to != lost && takes_instances(s.get<Host>(*move.to)) &&
                             instance.claimed.host == lost && fits(size, left.at(*move.to));
            if (!may) return "the plan for " + record->name + " cannot bring " + instance.name;
            take(left.at(*move.to), size, 1);
        }
        std::size_t expected = 0;
        for (const auto& [id, instance] : s.all<Instance>())
            expected += instance->claimed.host == lost && shall_survive(s, *instance);
        if (moved != expected) return "the plan for " + record->name + " forgets somebody";
    }
    return {};
}

}  // namespace vdc::sim
