#include "model/apply.h"

#include "base/text.h"
#include "model/places.h"
#include "model/rules.h"
#include "model/runs.h"
#include "model/writer.h"

namespace vdc::model {

using base::Error;
using base::Status;
using Code = Error::Code;

namespace {

template <class R>
Status must_be_unused(const Snapshot& snapshot, const R& record, Link link, const char* users) {
    if (!snapshot.has_linked(link, record.id.value)) return {};
    return Error{Code::conflict, quoted_name(record) + " is in use by " + users,
                 "delete those first"};
}

// ---- create ------------------------------------------------------------------------------------

template <class R>
constexpr bool belongs_to_project =
    !(std::is_same_v<R, Project> || std::is_same_v<R, Host> || std::is_same_v<R, Flavor> ||
      std::is_same_v<R, Image> || std::is_same_v<R, Balance> || std::is_same_v<R, Operation>);

/// The datacenter has one way to balance itself.
Status check_alone(const Snapshot& snapshot, const Balance&) {
    if (snapshot.all<Balance>().empty()) return {};
    const std::string name = snapshot.all<Balance>().begin()->second->name;
    return Error{Code::exists, "the datacenter has a balance already: '" + name + "'",
                 "change that one: `vdc balance edit " + name + "`"};
}
Status check_alone(const Snapshot&, const auto&) {
    return {};
}

template <class R>
Status check_new(const Snapshot& snapshot, const R& record) {
    if (!record.id) return Error{Code::invalid, "a new " + noun_text(R::noun) + " needs an id"};
    if (snapshot.find<R>(record.id) != nullptr)
        return Error{Code::exists, "the id " + text(record.id) + " is taken"};
    if constexpr (!std::is_same_v<R, Operation>)
        TRY(base::check_name("a " + noun_text(R::noun), record.name));
    if (snapshot.named<R>(record.project, record.name) != nullptr)
        return Error{Code::exists, quoted_name(record) + " exists already",
                     "take another name, or delete that one first"};
    if (record.project && snapshot.find<Project>(record.project) == nullptr)
        return missing<Project>(record.project);
    if (belongs_to_project<R> && !record.project)
        return Error{Code::invalid,
                     "a " + noun_text(R::noun) + " belongs to a project; none was given"};
    TRY(check_alone(snapshot, record));
    TRY(check_values(record));
    TRY(check_references(snapshot, record));
    TRY(check_priority(snapshot, record));
    TRY(check_run_class(snapshot, record));
    return check_quota(snapshot, record.project, needs(record));
}

template <class R>
Status apply_one(Snapshot& snapshot, const Create<R>& change) {
    TRY(check_new(snapshot, *change.record));
    R record = *change.record;
    record.revision = record.declared_revision = snapshot.revision;
    record.created = snapshot.committed;
    Writer{snapshot}.put(std::move(record));
    return {};
}

// ---- declare -----------------------------------------------------------------------------------

Status check_declare(const Snapshot&, const auto&, const auto&) {
    return {};
}

/// The host to which the instance's disks bind it, if there is one: those in shared pools go where
/// it goes.
std::optional<HostId> bound_to(const Snapshot& snapshot, const Instance& instance) {
    if (instance.claimed.host) return instance.claimed.host;
    for (const Volume* volume :
         snapshot.linked_records<Volume>(Link::instance_volume, instance.id.value))
        if (volume->claimed.host && volume->claimed.storage == StorageKind::local)
            return volume->claimed.host;
    return {};
}

/// A local volume can be attached only where it lies. One of a shared pool too, as long as the
/// instance is claimed: its host is another than the one that has the volume in hand.
Status check_attachable(const Snapshot& snapshot, const Volume& volume, InstanceId to) {
    const Instance* instance = snapshot.find<Instance>(to);
    if (instance == nullptr || !volume.claimed.host) return {};
    const bool shared = volume.claimed.storage != StorageKind::local;
    if (shared && !instance->claimed.host) return {};
    const std::optional<HostId> host = bound_to(snapshot, *instance);
    if (!host || host == volume.claimed.host) return {};
    return Error{Error::Code::conflict,
                 quoted_name(volume) + " lies on another host than " + quoted_name(*instance),
                 "make the volume with 'instance' given: then it lies where the instance is"};
}

Status check_declare(const Snapshot& snapshot, const Volume& before, const Volume& after) {
    const std::string subject = quoted_name(before);
    const bool joins =
        after.declared.instance && before.declared.instance != after.declared.instance;
    if (joins) TRY(check_attachable(snapshot, before, *after.declared.instance));
    if (joins) TRY(check_run_class(snapshot, after));
    if (after.declared.size < before.declared.size)
        return Error{Code::invalid,
                     subject + " cannot shrink from " + text(before.declared.size) + " to " +
                         text(after.declared.size),
                     "volumes only grow"};
    if (after.declared.reverts < before.declared.reverts)
        return Error{Code::conflict, "the count of reverts of " + subject + " cannot fall"};
    const bool moves = before.declared.instance && after.declared.instance &&
                       before.declared.instance != after.declared.instance;
    if (moves)
        return Error{Code::conflict, subject + " is attached to another instance",
                     "detach it first"};
    const bool leaves = before.declared.instance && !after.declared.instance;
    if (leaves && before.declared.slot == 0 &&
        !snapshot.get<Instance>(*before.declared.instance).deleting)
        return Error{Code::conflict, subject + " is the root volume of its instance",
                     "delete the instance instead"};
    if (after.declared.revert_to) {
        const auto* wanted = snapshot.find<VolumeSnapshot>(*after.declared.revert_to);
        const bool anew = after.declared.reverts != before.declared.reverts;
        if (anew && (wanted == nullptr || wanted->declared.volume != after.id))
            return Error{Code::not_found, "there is no such snapshot of " + subject};
        if (anew && wanted->deleting)
            return Error{Code::conflict, quoted_name(*wanted) + " is being deleted",
                         "name another one"};
    }
    return check_quota(snapshot, after.project,
                       {0, 0, {{}, {}, after.declared.size - before.declared.size}});
}
Status check_declare(const Snapshot& snapshot, const Application& before,
                     const Application& after) {
    if (after.declared.priority <= before.declared.priority) return {};
    return check_priority(snapshot, after);
}
Status check_declare(const Snapshot& snapshot, const Instance& before, const Instance& after) {
    const InstanceDeclared& a = before.declared;
    const InstanceDeclared& b = after.declared;
    if (b.priority > a.priority) TRY(check_priority(snapshot, after));
    if (b.starts < a.starts || b.reboots < a.reboots || b.resets < a.resets || b.rules < a.rules)
        return Error{Code::conflict, "the counters of " + quoted_name(before) + " cannot fall"};
    if (b.vcpus <= a.vcpus && b.memory <= a.memory) return {};
    return check_quota(snapshot, after.project,
                       {0, 0, {b.vcpus - a.vcpus, b.memory - a.memory, {}}});
}
Status check_declare(const Snapshot&, const Balance& before, const Balance& after) {
    if (after.declared.runs >= before.declared.runs) return {};
    return Error{Code::conflict, "the runs of " + quoted_name(before) + " cannot fall"};
}
Status check_declare(const Snapshot& snapshot, const Project&, const Project& after) {
    return check_usage(after, snapshot.usage(after.id));
}

template <class R>
base::Result<const R*> to_change(const Snapshot& snapshot, typename R::Id id) {
    const R* before = snapshot.find<R>(id);
    if (before == nullptr) return missing<R>(id);
    return before;
}

template <class R>
Status apply_one(Snapshot& snapshot, const Declare<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    if (before->deleting)
        return Error{Code::conflict, quoted_name(*before) + " is being deleted",
                     "wait for its end"};
    if (before->declared == change.declared) return {};
    R after = *before;
    after.declared = change.declared;
    after.revision = after.declared_revision = snapshot.revision;
    TRY(check_values(after));
    TRY(check_references(snapshot, after));
    TRY(check_declare(snapshot, *before, after));
    Writer{snapshot}.put(std::move(after));
    return {};
}

// ---- claim, observe ----------------------------------------------------------------------------

Status check_host(const Snapshot& snapshot, const std::optional<HostId>& host) {
    if (!host || snapshot.find<Host>(*host) != nullptr) return {};
    return missing<Host>(*host);
}

/// Whether `after` can follow `before`: each host once, in order, and no generation falls.
template <class R>
Status check_places(const Snapshot& s, const R& before, const typename R::Claimed& after) {
    if (after.generation < before.claimed.generation)
        return Error{Code::conflict, "the generation of " + quoted_name(before) + " cannot fall"};
    const Place* previous = nullptr;
    for (const Place& place : after.places) {
        TRY(check_host(s, place.host));
        if (previous != nullptr && !(previous->host < place.host))
            return Error{Code::invalid, "the places of " + quoted_name(before) + " are unordered"};
        previous = &place;
        const Place* was = place_on(before.claimed.places, place.host);
        const bool anew = was == nullptr || place.generation != was->generation;
        if (place.generation > after.generation ||
            (anew && place.generation <= before.claimed.generation))
            return Error{Code::conflict,
                         "a new place of " + quoted_name(before) + " needs a new generation"};
    }
    return {};
}
Status check_claim(const Snapshot&, const auto&, const auto&) {
    return {};
}
Status check_claim(const Snapshot& s, const Image& before, const ImageClaimed& claimed) {
    TRY(check_host(s, claimed.host));
    return check_places(s, before, claimed);
}
Status check_claim(const Snapshot& s, const Network& before, const NetworkClaimed& claimed) {
    return check_places(s, before, claimed);
}
Status check_claim(const Snapshot& s, const Application& before,
                   const ApplicationClaimed& claimed) {
    return check_places(s, before, claimed);
}
/// A move is ordered in a generation that nothing had, and stays as it is but for what it asks of
/// the guest.
Status check_move(const Snapshot& s, const Instance& before, const InstanceClaimed& claimed) {
    const auto& was = before.claimed.move;
    if (claimed.moved < before.claimed.moved)
        return Error{Code::conflict, "the moves of " + quoted_name(before) + " cannot be undone"};
    if (!claimed.move) return {};
    const Move& move = *claimed.move;
    TRY(check_host(s, move.to));
    const bool same = was && was->generation == move.generation;
    const bool goes_on = same && was->to == move.to && was->epoch == move.epoch &&
                         was->from_epoch == move.from_epoch;
    const bool anew = !same && move.generation >= next_generation(before.claimed);
    const bool fits = claimed.host && claimed.host != move.to && !claimed.leaving &&
                      claimed.host == before.claimed.host &&
                      claimed.generation == before.claimed.generation &&
                      claimed.moved == move.generation;
    if (fits && (goes_on || anew)) return {};
    return Error{Code::conflict, "a move of " + quoted_name(before) +
                                     " needs a host to leave, another to go to, and a generation "
                                     "of its own"};
}
/// The claim follows the guest that was sent: to where it arrived, and as it was ordered.
Status check_hand_over(const Snapshot& s, const Instance& before, const InstanceClaimed& claimed) {
    const auto& move = before.claimed.move;
    if (can_be_handed_over(s, before) && !claimed.move && claimed.host == move->to &&
        claimed.epoch == move->epoch && claimed.generation == move->generation)
        return {};
    return Error{Code::conflict, quoted_name(before) +
                                     " cannot be handed over: it is not known that all of it "
                                     "has arrived, and that it stands still"};
}
/// The claim that a backup had, under which its host has seen nothing, gives way to what another
/// host found: one run was active when the records were lost, and none was begun since.
bool found_elsewhere(const Instance& before, const InstanceClaimed& claimed) {
    const InstanceClaimed& was = before.claimed;
    return was.restored > 0 && was.restored == was.generation &&
           before.observed.generation < was.generation && claimed.host &&
           claimed.restored == claimed.generation && claimed.proof == Evidence::operator_word;
}
Status check_claim(const Snapshot& s, const Instance& before, const InstanceClaimed& claimed) {
    const bool falls = claimed.generation < before.claimed.generation;
    const bool moved = claimed.host && claimed.host != before.claimed.host;
    if (falls || (moved && claimed.generation == before.claimed.generation))
        return Error{Code::conflict,
                     "a claim of " + quoted_name(before) + " needs a higher generation"};
    const bool follows_another =
        before.claimed.generation > 0 && claimed.generation > before.claimed.generation;
    if (follows_another && claimed.evidence.empty())
        return Error{Code::conflict, "a new generation of " + quoted_name(before) +
                                         " needs evidence that the run before is over"};
    TRY(check_host(s, claimed.host));
    TRY(check_move(s, before, claimed));
    const bool leaves = before.claimed.host && (claimed.host != before.claimed.host ||
                                                claimed.generation != before.claimed.generation);
    if (leaves && claimed.proof == Evidence::handed_over)
        return check_hand_over(s, before, claimed);
    if (claimed.generation > before.claimed.generation && claimed.generation <= claimed.moved)
        return Error{Code::conflict, "that generation of " + quoted_name(before) +
                                         " was for a move that came to nothing"};
    if (!leaves || found_elsewhere(before, claimed)) return {};
    const Evidence known = end_of_run(s, before);
    if (known == Evidence::none || (claimed.proof != Evidence::none && claimed.proof != known))
        return Error{Code::conflict,
                     "it is not known that the run of " + quoted_name(before) + " is over",
                     "its host has to say so, or has to be fenced"};
    return {};
}
/// Its instance was handed over to that host, which has received the volume with it.
bool goes_with_its_instance(const Snapshot& s, const Volume& before, const VolumeClaimed& claimed) {
    const Instance* instance =
        before.declared.instance ? s.find<Instance>(*before.declared.instance) : nullptr;
    return instance != nullptr && claimed.host && before.claimed.storage == StorageKind::local &&
           needed_on(before.claimed.places, *claimed.host) &&
           instance->claimed.host == claimed.host &&
           instance->claimed.proof == Evidence::handed_over;
}
/// Its instance was found running on that host after a restore.
bool found_with_its_instance(const Snapshot& s, const Volume& before,
                             const VolumeClaimed& claimed) {
    const Instance* instance =
        before.declared.instance ? s.find<Instance>(*before.declared.instance) : nullptr;
    return instance != nullptr && claimed.host && instance->claimed.host == claimed.host &&
           instance->claimed.restored > 0 &&
           instance->claimed.restored == instance->claimed.generation &&
           instance->claimed.proof == Evidence::operator_word;
}
Status check_claim(const Snapshot& s, const Volume& before, const VolumeClaimed& claimed) {
    if (claimed.generation < before.claimed.generation)
        return Error{Code::conflict,
                     "a claim of " + quoted_name(before) + " needs a higher generation"};
    const bool leaves = before.claimed.host && claimed.host != before.claimed.host;
    if (leaves && !goes_with_its_instance(s, before, claimed) &&
        !found_with_its_instance(s, before, claimed) && end_of_keeping(s, before) == Evidence::none)
        return Error{Code::conflict, "it is not known that the host of " + quoted_name(before) +
                                         " has let go of it"};
    TRY(check_host(s, claimed.host));
    return check_places(s, before, claimed);
}
Status check_claim(const Snapshot&, const Host& before, const HostClaimed& claimed) {
    if (claimed.epoch < before.claimed.epoch)
        return Error{Code::conflict, "the epoch of " + quoted_name(before) + " cannot fall"};
    if (claimed.fenced < before.claimed.fenced || claimed.fenced > claimed.epoch)
        return Error{Code::conflict,
                     "what was fenced of " + quoted_name(before) + " stays fenced, and no more"};
    const bool fenced = claimed.fenced > 0 && claimed.fenced == claimed.epoch;
    const bool down = claimed.health == HostHealth::down;
    if (fenced != down || (down && claimed.evidence == Evidence::none))
        return Error{Code::conflict,
                     "the claim that " + quoted_name(before) + " is " +
                         std::string(word(claimed.health)) +
                         " does not go with what is fenced of it",
                     "a host is down with evidence, and up again in a new epoch"};
    return {};
}

Status check_observe(const auto&, const auto&) {
    return {};
}
Status check_observe(const Instance& before, const InstanceObserved& observed) {
    if (observed.generation < before.observed.generation ||
        observed.generation > before.claimed.generation)
        return Error{Code::conflict, "what was seen of " + quoted_name(before) +
                                         " is of generation " +
                                         std::to_string(observed.generation) + ", it is at " +
                                         std::to_string(before.claimed.generation)};
    return {};
}

/// What one host says of a thing leaves standing what others say of it.
void keep_of_others(const auto&, auto&) {}
void keep_of_others(const Instance& before, Instance& after) {
    after.observed.arrival = before.observed.arrival;
}
void keep_of_others(const Host& before, Host& after) {
    after.observed.found = before.observed.found;
}
void keep_of_others(const Volume& before, Volume& after) {
    after.observed.hosts = before.observed.hosts;
}

/// Where nothing moves, nothing arrives.
void drop_arrival(auto&) {}
void drop_arrival(Instance& instance) {
    const auto& move = instance.claimed.move;
    const auto& arrival = instance.observed.arrival;
    if (arrival && (!move || move->generation != arrival->generation))
        instance.observed.arrival.reset();
}

template <class R>
Status apply_one(Snapshot& snapshot, const Claim<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    if (before->claimed == change.claimed) return {};
    TRY(check_claim(snapshot, *before, change.claimed));
    R after = *before;
    after.claimed = change.claimed;
    if constexpr (OnHosts<R>) sum_up(after);
    drop_arrival(after);
    after.revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

template <class R>
Status apply_one(Snapshot& snapshot, const Observe<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    if (before->observed == change.observed) return {};
    TRY(check_observe(*before, change.observed));
    R after = *before;
    after.observed = change.observed;
    keep_of_others(*before, after);
    if (before->observed == after.observed) return {};
    after.revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

/// Sightings of an older place, and of hosts that have none, come too late to say anything.
template <class R>
Status apply_one(Snapshot& snapshot, const Sight<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    const Place* place = place_on(before->claimed.places, change.seen.host);
    if (place == nullptr || place->generation != change.seen.generation)
        return Error{Code::conflict, "what was seen of " + quoted_name(*before) +
                                         " is of a place that it has no more"};
    R after = *before;
    enter_sighting(after, change.seen);
    sum_up(after);
    if (before->observed == after.observed) return {};
    after.revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

/// Of what comes from another host, only that host says how it arrives.
Status apply_one(Snapshot& snapshot, const Sight<Instance>& change) {
    const Instance* before = TRY(to_change<Instance>(snapshot, change.id));
    const auto& move = before->claimed.move;
    if (!move || move->to != change.seen.host || move->generation != change.seen.generation)
        return Error{Code::conflict,
                     "what was seen of " + quoted_name(*before) + " is of a move that is over"};
    if (before->observed.arrival == change.seen) return {};
    Instance after = *before;
    after.observed.arrival = change.seen;
    after.revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

/// After a restore only the host itself says what runs there.
Status apply_one(Snapshot& snapshot, const Sight<Host>& change) {
    const Host* before = TRY(to_change<Host>(snapshot, change.id));
    if (change.seen.host != change.id)
        return Error{Code::invalid, "a host says what it found on itself, and on no other"};
    if (before->observed.found == change.seen) return {};
    Host after = *before;
    after.observed.found = change.seen;
    after.revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

// ---- delete, forget ----------------------------------------------------------------------------

Status check_unused(const Snapshot&, const auto&) {
    return {};
}
Status check_unused(const Snapshot& s, const KeyPair& key) {
    TRY(must_be_unused(s, key, Link::key_instance, "instances"));
    return must_be_unused(s, key, Link::key_application, "applications");
}
Status check_unused(const Snapshot& s, const Image& image) {
    TRY(must_be_unused(s, image, Link::image_volume, "volumes that began with it"));
    TRY(must_be_unused(s, image, Link::image_instance, "instances"));
    return must_be_unused(s, image, Link::image_application, "applications");
}
Status check_unused(const Snapshot& s, const Network& network) {
    TRY(must_be_unused(s, network, Link::network_port, "ports of instances"));
    return must_be_unused(s, network, Link::network_application, "applications");
}
Status check_unused(const Snapshot&, const Volume& volume) {
    if (!volume.declared.instance) return {};
    return Error{Code::conflict, quoted_name(volume) + " is attached to an instance",
                 "detach it first"};
}
Status check_unused(const Snapshot& s, const VolumeSnapshot& kept) {
    const Volume* volume = s.find<Volume>(kept.declared.volume);
    const bool needed = volume != nullptr && !volume->deleting &&
                        volume->declared.revert_to == kept.id &&
                        volume->declared.reverts > volume->observed.reverts;
    if (!needed) return {};
    return Error{Code::conflict, quoted_name(*volume) + " is going back to " + quoted_name(kept),
                 "wait until it is there"};
}
Status check_unused(const Snapshot& s, const Flavor& flavor) {
    for (const auto& [id, application] : s.all<Application>())
        if (application->declared.instance.flavor == flavor.name)
            return Error{Code::conflict,
                         quoted_name(flavor) + " is in use by " + quoted_name(*application),
                         "let its template name another one first"};
    return {};
}
Status check_unused(const Snapshot& s, const Host& host) {
    TRY(must_be_unused(s, host, Link::host_instance, "instances"));
    TRY(must_be_unused(s, host, Link::host_arrival, "instances that move there"));
    TRY(must_be_unused(s, host, Link::host_copy, "copies of volumes"));
    TRY(must_be_unused(s, host, Link::host_image, "images"));
    TRY(must_be_unused(s, host, Link::host_network, "networks"));
    TRY(must_be_unused(s, host, Link::host_application, "fronts of applications"));
    return must_be_unused(s, host, Link::host_volume, "volumes");
}
Status check_unused(const Snapshot& s, const Project& project) {
    if (s.usage(project.id) == Snapshot::Usage{} && s.names(Noun::network, project.id).empty() &&
        s.names(Noun::application, project.id).empty() &&
        s.names(Noun::key_pair, project.id).empty() && s.names(Noun::image, project.id).empty())
        return {};
    return Error{Code::conflict, quoted_name(project) + " is not empty",
                 "delete what is in it first"};
}

template <class R>
Status apply_one(Snapshot& snapshot, const Delete<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    if (before->deleting) return {};
    TRY(check_unused(snapshot, *before));
    R after = *before;
    after.deleting = true;
    after.revision = after.declared_revision = snapshot.revision;
    Writer{snapshot}.put(std::move(after));
    return {};
}

/// What still hangs on a record and must be gone before it.
Status check_gone(const Snapshot& s, const auto& record) {
    return check_unused(s, record);
}
Status check_gone(const Snapshot& s, const Instance& instance) {
    TRY(must_be_unused(s, instance, Link::instance_volume, "volumes"));
    return must_be_unused(s, instance, Link::instance_port, "ports");
}
Status check_gone(const Snapshot& s, const Volume& volume) {
    TRY(check_unused(s, volume));
    if (!volume.claimed.places.empty())
        return Error{Code::conflict, quoted_name(volume) + " has copies on other hosts"};
    return must_be_unused(s, volume, Link::volume_snapshot, "its snapshots");
}
Status check_gone(const Snapshot& s, const Application& application) {
    return must_be_unused(s, application, Link::application_instance, "its replicas");
}

template <class R>
Status apply_one(Snapshot& snapshot, const Forget<R>& change) {
    const R* before = TRY(to_change<R>(snapshot, change.id));
    TRY(check_gone(snapshot, *before));
    Writer{snapshot}.template take<R>(change.id);
    return {};
}

}  // namespace

Status apply(Snapshot& snapshot, const Change& change) {
    return std::visit([&](const auto& each) { return apply_one(snapshot, each); }, change);
}

void advance(Snapshot& snapshot, Revision revision, Instant now) {
    base::check(revision == snapshot.revision + 1, "revisions follow one another");
    snapshot.revision = revision;
    snapshot.committed = now;
}

}  // namespace vdc::model
