#include "model/writer.h"

namespace vdc::model {

using Links = std::vector<std::pair<Link, base::Uuid>>;

template <class R>
static Links links_of_record(const R&) {
    return {};
}
static Links links_of_record(const Image& image) {
    if (image.claimed.host) return {{Link::host_image, image.claimed.host->value}};
    return {};
}
static Links links_of_record(const Volume& volume) {
    Links links;
    if (volume.claimed.host) links.emplace_back(Link::host_volume, volume.claimed.host->value);
    if (volume.declared.instance)
        links.emplace_back(Link::instance_volume, volume.declared.instance->value);
    if (volume.declared.image) links.emplace_back(Link::image_volume, volume.declared.image->value);
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
        links.emplace_back(Link::unplaced_instance, base::Uuid{});
    return links;
}
static Links links_of_record(const Application& application) {
    const Template& made_of = application.declared.instance;
    Links links{{Link::network_application, made_of.network.value},
                {Link::image_application, made_of.image.value}};
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

/// What a record takes: of its project's quota, and of a host.
struct Weight {
    Snapshot::Usage usage;
    std::optional<HostId> host;
    Resources on_host;
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
    return weight;
}
Weight weight_of(const Volume& volume) {
    const Resources size{{}, {}, volume.declared.size};
    return {{0, 1, size}, volume.claimed.host, size};
}

}  // namespace

template <class R>
void Writer::index(const R& record, bool present) {
    Snapshot& s = snapshot_;
    const Snapshot::Name name{R::noun, record.project, record.name};
    const base::Uuid* named = s.names_.find(name);
    if (present)
        s.names_.set(s.edit_, name, record.id.value);
    else if (named != nullptr && *named == record.id.value)  // else another one has taken the name
        s.names_.erase(s.edit_, name);
    for (const auto& [link, parent] : links_of(record)) {
        const Snapshot::LinkKey key{link, parent, record.id.value};
        if (present)
            s.links_.set(s.edit_, key, 1);
        else
            s.links_.erase(s.edit_, key);
    }
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
        if (usage == Snapshot::Usage{})
            s.usage_.erase(s.edit_, record.project);
        else
            s.usage_.set(s.edit_, record.project, usage);
    }
    if (weight.host) {
        Resources claimed = s.claimed(*weight.host);
        if (present)
            claimed += weight.on_host;
        else
            claimed -= weight.on_host;
        if (claimed == Resources{})
            s.claimed_.erase(s.edit_, *weight.host);
        else
            s.claimed_.set(s.edit_, *weight.host, claimed);
    }
}

template <class R>
void Writer::put(Shared<R> record) {
    if (const R* before = snapshot_.find<R>(record->id)) index(*before, /*present=*/false);
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
VDC_INSTANTIATE(Operation)

}  // namespace vdc::model
