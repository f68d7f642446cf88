#include "model/snapshot.h"

#include "model/codec.h"
#include "model/runs.h"
#include "model/write_json.h"

namespace vdc::model {

std::vector<std::string> Snapshot::names(Noun noun, ProjectId project) const {
    constexpr std::size_t most = 1000;
    std::vector<std::string> found;
    for (auto each = names_.lower_bound({noun, project, ""}); each != names_.end(); ++each) {
        const auto& [its_noun, its_project, name] = each->first;
        if (its_noun != noun || its_project != project || found.size() == most) break;
        found.push_back(name);
    }
    return found;
}

std::vector<base::Uuid> Snapshot::linked(Link link, base::Uuid parent) const {
    std::vector<base::Uuid> found;
    for (auto each = links_.lower_bound({link, parent, {}}); each != links_.end(); ++each) {
        const auto& [its_link, its_parent, child] = each->first;
        if (its_link != link || its_parent != parent) break;
        found.push_back(child);
    }
    return found;
}

bool Snapshot::has_linked(Link link, base::Uuid parent) const {
    const auto each = links_.lower_bound({link, parent, {}});
    return each != links_.end() && std::get<0>(each->first) == link &&
           std::get<1>(each->first) == parent;
}

base::Uuid unplaced_with(std::int64_t priority) {
    return {0, static_cast<std::uint64_t>(priority_most - priority)};
}

std::vector<InstanceId> Snapshot::unplaced(std::size_t most) const {
    std::vector<InstanceId> found;
    for (auto each = links_.lower_bound({Link::unplaced_instance, {}, {}});
         each != links_.end() && found.size() < most; ++each) {
        const auto& [its_link, priority, child] = each->first;
        if (its_link != Link::unplaced_instance) break;
        found.push_back({child});
    }
    return found;
}

Snapshot::Usage Snapshot::usage(ProjectId project) const {
    const Usage* found = usage_.find(project);
    return found != nullptr ? *found : Usage{};
}

Resources Snapshot::claimed(HostId host) const {
    const Resources* found = claimed_.find(host);
    return found != nullptr ? *found : Resources{};
}

template <class Map>
static bool equal_maps(const Map& a, const Map& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

bool same_indices(const Snapshot& a, const Snapshot& b) {
    return equal_maps(a.names_, b.names_) && equal_maps(a.links_, b.links_) &&
           equal_maps(a.usage_, b.usage_) && equal_maps(a.claimed_, b.claimed_);
}

base::Hash128 hash_of(const Snapshot& snapshot) {
    base::Hasher hasher;
    std::string json;
    for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : snapshot.all<R>()) {
            json.clear();
            write_record(json, *record);
            hasher.add(json);
        }
    });
    return hasher.finish();
}

std::optional<HostId> copy_comes_to(const Volume& volume) {
    for (const Place& place : volume.claimed.places)
        if (place.needed) return place.host;
    return {};
}

std::uint64_t starts_wanted(const Instance& instance) {
    return instance.declared.starts + instance.claimed.stays;
}

Power wanted_power(const Instance& instance) {
    if (instance.deleting) return Power::off;
    const InstanceDeclared& declared = instance.declared;
    const InstanceObserved& observed = instance.observed;
    if (declared.power == Power::off) return Power::off;
    // The end of an earlier claim, told late, says nothing of the present one.
    const bool ended_since_last_start = observed.phase == InstancePhase::stopped &&
                                        observed.generation == instance.claimed.generation &&
                                        observed.starts >= starts_wanted(instance) &&
                                        observed.reboots >= declared.reboots;
    if (!ended_since_last_start || declared.restart == Restart::always) return declared.power;
    if (observed.ended == RunEnd::guest_off) return Power::off;
    if (observed.ended == RunEnd::crashed && declared.restart == Restart::never) return Power::off;
    return declared.power;
}

bool is_held(const Snapshot& snapshot) {
    return snapshot.has_linked(Link::held_host, {});
}

bool takes_capacity(const Instance& instance) {
    return instance.claimed.host.has_value();
}

std::string template_mark(const Template& made_of) {
    return text(base::Hasher{}.add(base::dump(part_to_json(made_of))).finish()).substr(0, 16);
}

bool replica_ready(const Application& application, const Instance& replica) {
    if (replica.observed.phase != InstancePhase::running) return false;
    if (!application.declared.front) return true;
    const auto& ready = application.observed.ready;
    return std::find(ready.begin(), ready.end(), replica.id) != ready.end();
}

bool settled(const Snapshot& snapshot, const Application& application) {
    const bool answers = application.declared.front && application.declared.replicas > 0;
    if (answers && application.observed.front != Presence::ready) return false;
    const std::string mark = template_mark(application.declared.instance);
    auto replicas =
        snapshot.linked_records<Instance>(Link::application_instance, application.id.value);
    std::erase_if(replicas,
                  [&](const Instance* replica) { return left_behind(snapshot, *replica); });
    if (static_cast<std::int64_t>(replicas.size()) != application.declared.replicas) return false;
    return std::all_of(replicas.begin(), replicas.end(), [&](const Instance* replica) {
        return !replica->deleting && replica->declared.template_mark == mark &&
               replica_ready(application, *replica);
    });
}

}  // namespace vdc::model
