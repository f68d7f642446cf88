#include "control/make_instance.h"

#include "base/hash.h"

namespace vdc::control {

using model::Create;
using model::Instance;
using model::Port;
using model::Step;
using model::Volume;

std::string derived_name(const std::string& name, const std::string& suffix) {
    constexpr std::size_t name_max = 63;
    const std::string whole = name + "-" + suffix;
    if (whole.size() <= name_max) return whole;
    const std::string mark = text(base::Hasher{}.add(name).finish()).substr(0, 8);
    return name.substr(0, name_max - mark.size() - suffix.size() - 2) + "-" + mark + "-" + suffix;
}

static std::string root_name(const std::string& instance) {
    return derived_name(instance, "root");
}

static std::string card_name(const std::string& instance, std::size_t index) {
    return derived_name(instance, "port" + std::to_string(index));
}

bool names_are_free(const model::Snapshot& datacenter, model::ProjectId project,
                    const std::string& name) {
    return datacenter.named<Instance>(project, name) == nullptr &&
           datacenter.named<Volume>(project, root_name(name)) == nullptr &&
           datacenter.named<Port>(project, card_name(name, 0)) == nullptr;
}

template <class R>
static Step create(R record, const std::string& reason) {
    return {Create<R>{std::make_shared<const R>(std::move(record))}, reason};
}

static Instance instance_of(const NewInstance& wanted) {
    Instance instance;
    instance.id = wanted.id;
    instance.project = wanted.project;
    instance.name = wanted.name;
    model::InstanceDeclared& declared = instance.declared;
    declared.flavor = wanted.flavor->name;
    declared.vcpus = wanted.flavor->declared.vcpus;
    declared.memory = wanted.flavor->declared.memory;
    declared.image = wanted.image;
    declared.key = wanted.key;
    declared.user_data = wanted.user_data;
    declared.power = wanted.power;
    declared.restart = wanted.restart;
    declared.priority = wanted.priority;
    declared.survives = wanted.survives;
    declared.stop_timeout = wanted.stop_timeout;
    declared.starts = wanted.power == model::Power::off ? 0 : 1;
    declared.application = wanted.application;
    declared.ordinal = wanted.ordinal;
    declared.template_mark = wanted.template_mark;
    return instance;
}

static Volume root_volume(const NewInstance& wanted) {
    Volume volume;
    volume.id = {base::derive_uuid(wanted.id.value, "root", 0)};
    volume.project = wanted.project;
    volume.name = root_name(wanted.name);
    volume.declared.size = wanted.disk.count > 0 ? wanted.disk : wanted.flavor->declared.disk;
    volume.declared.image = wanted.image;
    volume.declared.instance = wanted.id;
    volume.declared.delete_with_instance = true;
    volume.declared.pool = wanted.pool;
    return volume;
}

static Port port_in(const NewInstance& wanted, std::size_t index) {
    Port port;
    port.id = {base::derive_uuid(wanted.id.value, "port", index)};
    port.project = wanted.project;
    port.name = card_name(wanted.name, index);
    port.declared.network = wanted.networks[index];
    port.declared.instance = wanted.id;
    if (index == 0) port.declared.address = wanted.address;
    return port;
}

std::vector<Step> make_instance(const NewInstance& wanted, const std::string& reason) {
    base::check(wanted.flavor != nullptr, "an instance is made of a flavor");
    std::vector<Step> steps;
    steps.push_back(create(instance_of(wanted), reason));
    steps.push_back(create(root_volume(wanted), "root volume of " + wanted.name));
    for (std::size_t index = 0; index < wanted.networks.size(); ++index)
        steps.push_back(create(port_in(wanted, index), "network card of " + wanted.name));
    return steps;
}

}  // namespace vdc::control
