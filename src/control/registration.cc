#include "control/registration.h"

#include "model/runs.h"

namespace vdc::control {

using model::Create;
using model::Host;
using model::HostId;
using model::Link;
using model::Step;

model::HostId host_id(const std::string& datacenter, const std::string& host_name) {
    return {base::make_uuid(base::Hasher{}.add(datacenter).add(host_name).finish())};
}

template <class R>
static Step create(R record, const std::string& reason) {
    return {Create<R>{std::make_shared<const R>(std::move(record))}, reason};
}

/// The claim under which a new epoch begins. A boot ends every run of the epoch before; where
/// nobody else could start them (no lease) they start from the record, as after any stop.
static model::HostClaimed new_epoch(const Host* before, const model::HostObserved& observed,
                                    bool booted) {
    model::HostClaimed claimed = before == nullptr ? model::HostClaimed{} : before->claimed;
    const bool others_may_start = claimed.lease != model::LeaseProfile::none;
    const bool weaker = claimed.fenced < claimed.epoch;  // nothing is known of this epoch yet
    if (before != nullptr && others_may_start && (booted || weaker)) {
        claimed.fenced = claimed.epoch;
        claimed.evidence = booted ? model::Evidence::booted : model::Evidence::lease_elapsed;
        claimed.evidence_detail.clear();
    }
    ++claimed.epoch;
    claimed.health = model::HostHealth::up;
    claimed.silent_since = {};
    claimed.lease = observed.lease;
    return claimed;
}

/// What a restore means for a host that registers: one of which the records know nothing may run
/// what they do not know either.
static model::AfterRestore after_restore(const model::Snapshot& datacenter, const Host* before) {
    using model::AfterRestore;
    if (before != nullptr) {
        if (before->declared.after_restore == AfterRestore::unheard) return AfterRestore::held;
        if (before->declared.after_restore == AfterRestore::late) return AfterRestore::watched;
        return before->declared.after_restore;
    }
    if (is_held(datacenter)) return AfterRestore::held;
    for (const auto& [id, host] : datacenter.all<Host>())
        if (host->declared.after_restore != AfterRestore::none) return AfterRestore::watched;
    return AfterRestore::none;
}

/// What stays on the host belongs to its new epoch: runs that ride through go on, and those that
/// the boot ended may start again there. What the fence proved to be over and is claimed here still
/// stays behind: control moves it. One that was moving keeps its move, which is of the epoch
/// before, so that control ends it, with all that was made for it on the other host; then it starts
/// again.
static void take_over(const model::Snapshot& datacenter, HostId id, const std::string& name,
                      const model::HostClaimed& now, std::vector<Step>& steps) {
    for (const auto* volume :
         datacenter.linked_records<model::Volume>(Link::host_volume, id.value)) {
        model::VolumeClaimed claimed = volume->claimed;
        claimed.epoch = now.epoch;
        claimed.leaving = false;  // whoever still wants it elsewhere asks again
        ++claimed.generation;
        steps.push_back({model::Claim<model::Volume>{volume->id, std::move(claimed)},
                         "volume " + volume->name + " is still on " + name});
    }
    for (const auto* instance :
         datacenter.linked_records<model::Instance>(Link::host_instance, id.value)) {
        const model::RunClass run = model::run_class(datacenter, *instance);
        const bool over = model::proves_end(now.evidence, run) && now.fenced + 1 == now.epoch;
        model::InstanceClaimed claimed = instance->claimed;
        if (over && now.evidence != model::Evidence::booted) continue;
        claimed.epoch = now.epoch;
        const bool begins_anew = over && !claimed.move;
        if (begins_anew) {
            claimed.generation = next_generation(claimed);
            claimed.proof = now.evidence;
            claimed.evidence = model::sentence_of(now.evidence);
            // Of what was begun elsewhere since the backup the boot says nothing.
            if (is_held(datacenter)) claimed.restored = claimed.generation;
        }
        steps.push_back({model::Claim<model::Instance>{instance->id, std::move(claimed)},
                         begins_anew
                             ? instance->name + " starts again on " + name + ", which booted anew"
                             : instance->name + " is still on " + name});
    }
}

/// It begins an epoch; nothing is known to be over.
static std::vector<Step> first_word_after_restore(const model::Snapshot& datacenter,
                                                  const Host& before,
                                                  const model::HostObserved& observed) {
    model::HostClaimed claimed = before.claimed;
    ++claimed.epoch;
    claimed.health = model::HostHealth::up;
    claimed.silent_since = {};
    claimed.evidence_detail.clear();
    claimed.lease = observed.lease;
    model::HostDeclared declared = before.declared;
    declared.after_restore = after_restore(datacenter, &before);
    std::vector<Step> steps = {
        {model::Claim<Host>{before.id, claimed}, "host " + before.name +
                                                     " is heard after the restore and begins "
                                                     "epoch " +
                                                     std::to_string(claimed.epoch)},
        {model::Declare<Host>{before.id, std::move(declared)},
         "host " + before.name + " looks at what runs there"}};
    for (const auto* volume :
         datacenter.linked_records<model::Volume>(Link::host_volume, before.id.value)) {
        model::VolumeClaimed its = volume->claimed;
        its.epoch = claimed.epoch;
        steps.push_back({model::Claim<model::Volume>{volume->id, std::move(its)},
                         "volume " + volume->name + " is of the epoch that begins"});
    }
    for (const auto* instance :
         datacenter.linked_records<model::Instance>(Link::host_instance, before.id.value)) {
        model::InstanceClaimed its = instance->claimed;
        its.epoch = claimed.epoch;
        steps.push_back({model::Claim<model::Instance>{instance->id, std::move(its)},
                         instance->name + " is of the epoch that begins"});
    }
    steps.push_back(
        {model::Observe<Host>{before.id, observed}, "host " + before.name + " says what it is"});
    return steps;
}

std::vector<Step> registration(const model::Snapshot& datacenter, model::HostId id,
                               const std::string& name, const model::HostObserved& observed,
                               model::Epoch fenced_itself) {
    std::vector<Step> steps;
    const Host* before = datacenter.find<Host>(id);
    if (before == nullptr) {
        Host host;
        host.id = id;
        host.name = name;
        host.declared.after_restore = after_restore(datacenter, nullptr);
        steps.push_back(create(std::move(host), "host " + name + " joins"));
    }
    // A boot since the backup proves nothing of what was begun since the boot.
    if (before != nullptr && after_restore(datacenter, before) != before->declared.after_restore)
        return first_word_after_restore(datacenter, *before, observed);
    const bool booted = before == nullptr || before->observed.boot_id != observed.boot_id;
    const bool itself =
        before != nullptr && fenced_itself > 0 && fenced_itself == before->claimed.epoch;
    const bool leases_begin = before != nullptr &&
                              before->claimed.lease == model::LeaseProfile::none &&
                              observed.lease != model::LeaseProfile::none;
    const bool down = before != nullptr && before->claimed.health == model::HostHealth::down;
    if (down && !booted && !itself) return {};
    if (booted || itself || leases_begin) {
        const model::HostClaimed claimed = new_epoch(before, observed, booted);
        steps.push_back({model::Claim<Host>{id, claimed},
                         "host " + name + " begins epoch " + std::to_string(claimed.epoch)});
        if (claimed.fenced > 0) take_over(datacenter, id, name, claimed, steps);
    }
    model::HostObserved said = observed;
    if (before != nullptr) said.found = before->observed.found;  // its agent says that
    if (before == nullptr || before->observed != said)
        steps.push_back({model::Observe<Host>{id, observed}, "host " + name + " says what it is"});
    return steps;
}

static std::optional<HostId> host_of(const model::Snapshot& s, const model::Change& change) {
    const model::Subject subject = subject_of(change);
    if (subject.noun == model::Noun::instance) {
        const auto* instance = s.find<model::Instance>({subject.id});
        return instance != nullptr ? instance->claimed.host : std::nullopt;
    }
    const auto* snapshot = s.find<model::VolumeSnapshot>({subject.id});
    const model::VolumeId id =
        snapshot != nullptr ? snapshot->declared.volume : model::VolumeId{subject.id};
    const auto* volume = s.find<model::Volume>(id);
    return volume != nullptr ? volume->claimed.host : std::nullopt;
}

/// Whether the change is one host's sight of a thing that stands on several: of that host.
template <class C>
static bool is_own_sight(const C& change, HostId host) {
    if constexpr (requires { change.seen.host; }) return change.seen.host == host;
    return false;
}

base::Status may_say(const model::Snapshot& datacenter, HostId host, const model::Change& change) {
    const std::optional<HostId> its = host_of(datacenter, change);
    const bool own = std::visit([&](const auto& each) { return is_own_sight(each, host); }, change);
    if (!its || *its == host || own) return {};
    return base::Error{base::Error::Code::conflict,
                       "it is on another host now: what was seen of it here says nothing"};
}

template <class C, class... Seen>
static constexpr bool is_one_of = (std::is_same_v<C, Seen> || ...);

base::Status may_report(const model::Snapshot& datacenter, HostId host,
                        const model::Change& change) {
    const bool may = std::visit(
        [&]<class C>(const C& each) {
            const bool is_of_one =
                is_one_of<C, model::Observe<model::Instance>, model::Observe<model::Volume>,
                          model::Observe<model::VolumeSnapshot>>;
            return is_of_one ? host_of(datacenter, change) == host : is_own_sight(each, host);
        },
        change);
    if (may) return {};
    return base::Error{base::Error::Code::forbidden,
                       "a host may say what it sees itself of what is claimed on it, and no more"};
}

static Step flavor(const base::Uuid& fresh, const char* name, std::int64_t vcpus,
                   std::int64_t memory, std::int64_t disk) {
    model::Flavor record;
    record.id = {base::derive_uuid(fresh, name, 0)};
    record.name = name;
    record.declared = {{vcpus}, {memory}, {disk}};
    return create(std::move(record), std::string("a new datacenter has flavor ") + name);
}

std::vector<Step> beginnings(const model::Snapshot& datacenter, const base::Uuid& fresh) {
    if (!datacenter.all<model::Project>().empty()) return {};
    model::Project project;
    project.id = {base::derive_uuid(fresh, "project", 0)};
    project.name = "default";
    model::Network network;
    network.id = {base::derive_uuid(fresh, "network", 0)};
    network.project = project.id;
    network.name = "default";
    network.declared.range = base::parse_ipv4_range("10.77.0.0/24").value();
    return {create(project, "a new datacenter has project default"),
            create(network, "a new datacenter has network default"),
            flavor(fresh, "tiny", 1, 128, 256),
            flavor(fresh, "small", 1, 512, 10 * 1024),
            flavor(fresh, "medium", 2, 2048, 20 * 1024),
            flavor(fresh, "large", 4, 8192, 40 * 1024)};
}

}  // namespace vdc::control
