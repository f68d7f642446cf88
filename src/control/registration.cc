#include "control/registration.h"

namespace vdc::control {

using model::Create;
using model::Host;
using model::Step;

model::HostId host_id(const std::string& datacenter, const std::string& host_name) {
    return {base::make_uuid(base::Hasher{}.add(datacenter).add(host_name).finish())};
}

template <class R>
static Step create(R record, const std::string& reason) {
    return {Create<R>{std::make_shared<const R>(std::move(record))}, reason};
}

std::vector<Step> registration(const model::Snapshot& datacenter, model::HostId id,
                               const std::string& name, const model::HostObserved& observed) {
    std::vector<Step> steps;
    const Host* before = datacenter.find<Host>(id);
    if (before == nullptr) {
        Host host;
        host.id = id;
        host.name = name;
        steps.push_back(create(std::move(host), "host " + name + " joins"));
    }
    const bool booted = before == nullptr || before->observed.boot_id != observed.boot_id;
    if (booted) {
        const model::Epoch epoch = before == nullptr ? 1 : before->claimed.epoch + 1;
        steps.push_back({model::Claim<Host>{id, {epoch, model::HostHealth::up}},
                         "host " + name + " begins epoch " + std::to_string(epoch)});
    }
    if (before == nullptr || before->observed != observed)
        steps.push_back({model::Observe<Host>{id, observed}, "host " + name + " says what it is"});
    return steps;
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
