#include "model/writer.h"

namespace vdc::model {

using Links = std::vector<std::pair<Link, base::Uuid>>;

template <class R>
static Links links_of_record(const R&) {
    return {};
}
static Links links_of_record(const Host& host) {
    Links links;
    const bool emptied = host.declared.drain || host.claimed.health == HostHealth::down;
    if (emptied) links.emplace_back(Link::emptied_host, base::Uuid{});
    const AfterRestore after = host.declared.after_restore;
    const bool held = after == AfterRestore::unheard || after == AfterRestore::held;
    if (held) links.emplace_back(Link::held_host, base::Uuid{});
    return links;
}
static Links links_of_places(Link link, const Places& places) {
    Links links;
    for (const Place& place : places) links.emplace_back(link, place.host.value);
    return links;
}
static Links links_of_record(const Image& image) {
    Links links = links_of_places(Link::host_image, image.claimed.places);
    const auto& keeper = image.claimed.host;
    if (!keeper) links.emplace_back(Link::homeless_image, base::Uuid{});
    if (keeper && place_on(image.claimed.places, *keeper) == nullptr)
        links.emplace_back(Link::host_image, keeper->value);
    return links;
}
static Links links_of_record(const Network& network) {
    return links_of_places(Link::host_network, network.claimed.places);
}
static Links links_of_record(const Volume& volume) {
    Links links;
    if (volume.claimed.host) links.emplace_back(Link::host_volume, volume.claimed.host->value);
    if (volume.declared.instance)
        links.emplace_back(Link::instance_volume, volume.declared.instance->value);
    if (volume.declared.image) links.emplace_back(Link::image_volume, volume.declared.image->value);
    if (!volume.claimed.host && !volume.declared.instance)
        links.emplace_back(Link::homeless_volume, base::Uuid{});
    for (const Place& place : volume.claimed.places)
        links.emplace_back(Link::host_copy, place.host.value);
    return links;
}
static Links links_of_record(const VolumeSnapshot& snapshot) {
    return {{Link::volume_snapshot, snapshot.declared.volume.value}};
}
static Links links_of_record(const Port& port) {
    Links links{{Link::network_port, port.declared.network.value}};
    if (port.declared.instance)
        links.emplace_back(Link::instance_port, port.declared.instance->value);
    return links;
}
static Links links_of_record(const Instance& instance) {
    Links links{{Link::image_instance, instance.declared.image.value}};
    if (instance.declared.key) links.emplace_back(Link::key_instance, instance.declared.key->value);
    if (instance.declared.application)
        links.emplace_back(Link::application_instance, instance.declared.application->value);
    if (instance.claimed.host)
        links.emplace_back(Link::host_instance, instance.claimed.host->value);
    else if (wanted_power(instance) != Power::off)
        links.emplace_back(Link::unplaced_instance, unplaced_with(instance.declared.priority));
    const auto& move = instance.claimed.move;
    if (move) links.emplace_back(Link::host_arrival, move->to.value);
    if (instance.claimed.leaving || (move && move->cause == MoveCause::drained))
        links.emplace_back(Link::leaving_instance, base::Uuid{});
    return links;
}
static Links links_of_record(const Application& application) {
    const Template& made_of = application.declared.instance;
    Links links = links_of_places(Link::host_application, application.claimed.places);
    links.emplace_back(Link::network_application, made_of.network.value);
    links.emplace_back(Link::image_application, made_of.image.value);
    if (made_of.key) links.emplace_back(Link::key_application, made_of.key->value);
    return links;
}
static Links links_of_record(const Operation& operation) {
    if (operation.observed.phase == OperationPhase::running)
        return {{Link::subject_operation, operation.declared.subject}};
    return {{Link::finished_operation, base::Uuid{}}};
}

template <class R>
Links links_of(const R& record) {
    return links_of_record(record);
}

namespace {

/// What a record takes: of its project's quota, of a host, and as much of one that it comes to.
struct Weight {
    Snapshot::Usage usage;
    std::optional<HostId> host;
    std::optional<HostId> comes_to;
    Resources on_host;
    friend bool operator==(const Weight&, const Weight&) = default;
};

template <class R>
Weight weight_of(const R&) {
    return {};
}
Weight weight_of(const Instance& instance) {
    const Resources size{instance.declared.vcpus, instance.declared.memory, {}};
    Weight weight;
    weight.usage = {1, 0, size};
    if (takes_capacity(instance)) {
        weight.host = instance.claimed.host;
        weight.on_host = size;
    }
    if (instance.claimed.move) weight.comes_to = instance.claimed.move->to;
    return weight;
}
Weight weight_of(const Volume& volume) {
    const Resources size{{}, {}, volume.declared.size};
    Weight weight{{0, 1, size}, {}, copy_comes_to(volume), {}};
    if (volume.claimed.storage == StorageKind::local) {
        weight.host = volume.claimed.host;
        weight.on_host = size;
    }
    return weight;
}

}  // namespace

template <class R>
void Writer::index_name(const R& record, bool present) {
    Snapshot& s = snapshot_;
    const Snapshot::Name name{R::noun, record.project, record.name};
    if (present) {
        s.names_.set(s.edit_, name, record.id.value);
        return;
    }
    const base::Uuid* named = s.names_.find(name);
    if (named != nullptr && *named == record.id.value)  // else another one has taken the name
        s.names_.erase(s.edit_, name);
}

static void index_links(SortedMap<std::tuple<Link, base::Uuid, base::Uuid>, char>& links,
                        Edit& edit, const Links& of_record, const base::Uuid& id, bool present) {
    for (const auto& [link, parent] : of_record) {
        if (present)
            links.set(edit, {link, parent, id}, 1);
        else
            links.erase(edit, {link, parent, id});
    }
}

/// Adds to the sum of a key, or subtracts; a sum of nothing is no entry.
template <class Key, class Sum>
static void add_to(SortedMap<Key, Sum>& sums, Edit& edit, const Key& key, const Sum& sum) {
    if (sum == Sum{})
        sums.erase(edit, key);
    else
        sums.set(edit, key, sum);
}

template <class R>
void Writer::index_weight(const R& record, bool present) {
    Snapshot& s = snapshot_;
    const Weight weight = weight_of(record);
    if (weight.usage != Snapshot::Usage{}) {
        Snapshot::Usage usage = s.usage(record.project);
        const std::int64_t sign = present ? 1 : -1;
        usage.instances += sign * weight.usage.instances;
        usage.volumes += sign * weight.usage.volumes;
        if (present)
            usage.resources += weight.usage.resources;
        else
            usage.resources -= weight.usage.resources;
        add_to(s.usage_, s.edit_, record.project, usage);
    }
    for (const std::optional<HostId>& host : {weight.host, weight.comes_to}) {
        if (!host) continue;
        Resources claimed = s.claimed(*host);
        if (present)
            claimed += weight.on_host;
        else
            claimed -= weight.on_host;
        add_to(s.claimed_, s.edit_, *host, claimed);
    }
}

template <class R>
void Writer::index(const R& record, bool present) {
    index_name(record, present);
    index_links(snapshot_.links_, snapshot_.edit_, links_of(record), record.id.value, present);
    index_weight(record, present);
}

/// Touches only the indices in which the two differ: most changes leave all of them as they are.
template <class R>
void Writer::reindex(const R& before, const R& after) {
    if (before.project != after.project || before.name != after.name) {
        index_name(before, /*present=*/false);
        index_name(after, /*present=*/true);
    }
    const Links old_links = links_of(before);
    const Links new_links = links_of(after);
    if (old_links != new_links) {
        auto& links = snapshot_.links_;
        index_links(links, snapshot_.edit_, old_links, before.id.value, /*present=*/false);
        index_links(links, snapshot_.edit_, new_links, after.id.value, /*present=*/true);
    }
    if (before.project == after.project && weight_of(before) == weight_of(after)) return;
    index_weight(before, /*present=*/false);
    index_weight(after, /*present=*/true);
}

template <class R>
void Writer::put(Shared<R> record) {
    if (const R* before = snapshot_.find<R>(record->id))
        reindex(*before, *record);
    else
        index(*record, /*present=*/true);
    const typename R::Id id = record->id;
    std::get<Snapshot::Table<R>>(snapshot_.tables_).set(snapshot_.edit_, id, std::move(record));
}

template <class R>
void Writer::take(typename R::Id id) {
    const R* before = snapshot_.find<R>(id);
    if (before == nullptr) return;
    index(*before, /*present=*/false);
    std::get<Snapshot::Table<R>>(snapshot_.tables_).erase(snapshot_.edit_, id);
}

#define VDC_INSTANTIATE(R)                   \
    template void Writer::put<R>(Shared<R>); \
    template void Writer::take<R>(R::Id);    \
    template Links links_of<R>(const R&);
VDC_INSTANTIATE(Project)
VDC_INSTANTIATE(Host)
VDC_INSTANTIATE(Flavor)
VDC_INSTANTIATE(KeyPair)
VDC_INSTANTIATE(Image)
VDC_INSTANTIATE(Network)
VDC_INSTANTIATE(Volume)
VDC_INSTANTIATE(VolumeSnapshot)
VDC_INSTANTIATE(Port)
VDC_INSTANTIATE(Instance)
VDC_INSTANTIATE(Application)
VDC_INSTANTIATE(Balance)
VDC_INSTANTIATE(Operation)

}  // namespace vdc::model
