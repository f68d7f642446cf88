#include "control/metadata.h"

#include "base/json.h"
#include "base/text.h"

namespace vdc::control {

using base::Json;

const InstanceDuty* instance_at(const Duties& duties, int network_number, Ipv4 address) {
    for (const auto& [id, network] : duties.networks) {
        if (network.network.number != network_number) continue;
        for (const PortSpec& port : network.network.ports) {
            if (port.address != address) continue;
            for (const auto& [instance_id, duty] : duties.instances)
                for (const CardSpec& card : duty.instance.cards)
                    if (card.port == port.id) return &duty;
        }
    }
    return nullptr;
}

static MetadataAnswer plain(std::string body) {
    return {"text/plain; charset=utf-8", std::move(body)};
}

// ---- OpenStack ---------------------------------------------------------------------------------

static Json openstack_meta_data(const InstanceDuty& instance) {
    const Metadata& metadata = instance.metadata;
    Json json = Json::object({{"uuid", text(instance.instance.id)},
                              {"name", metadata.hostname},
                              {"hostname", metadata.hostname},
                              {"project_id", metadata.project},
                              {"launch_index", 0},
                              {"availability_zone", "vdc"},
                              {"meta", Json::object()}});
    if (!metadata.public_key.empty()) {
        json.set("public_keys", Json::object({{metadata.key_name, metadata.public_key}}));
        json.set(
            "keys",
            Json::array({Json::object(
                {{"name", metadata.key_name}, {"type", "ssh"}, {"data", metadata.public_key}})}));
    }
    return json;
}

static Json openstack_network_data(const InstanceDuty& instance) {
    Json links = Json::array();
    Json networks = Json::array();
    int index = 0;
    for (const CardSpec& card : instance.instance.cards) {
        const std::string link = "card" + std::to_string(index);
        links.push(Json::object({{"id", link},
                                 {"type", "phy"},
                                 {"ethernet_mac_address", text(card.mac)},
                                 {"mtu", card.mtu}}));
        networks.push(Json::object(
            {{"id", "network" + std::to_string(index)}, {"type", "ipv4_dhcp"}, {"link", link}}));
        ++index;
    }
    return Json::object({{"links", std::move(links)},
                         {"networks", std::move(networks)},
                         {"services", Json::array()}});
}

static std::optional<MetadataAnswer> openstack(const InstanceDuty& instance,
                                               std::string_view path) {
    if (path.empty()) return plain("2012-08-10\n2015-10-15\n2018-08-27\nlatest\n");
    const std::size_t slash = path.find('/');
    const std::string_view version = path.substr(0, slash);
    if (version != "latest" && (version.size() != 10 || version[4] != '-')) return {};
    const std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    const bool has_user_data = !instance.metadata.user_data.empty();
    if (rest.empty())
        return plain(std::string("meta_data.json\nnetwork_data.json\n") +
                     (has_user_data ? "user_data\n" : "") + "vendor_data.json\n");
    if (rest == "meta_data.json")
        return MetadataAnswer{"application/json", dump(openstack_meta_data(instance))};
    if (rest == "network_data.json")
        return MetadataAnswer{"application/json", dump(openstack_network_data(instance))};
    if (rest == "vendor_data.json" || rest == "vendor_data2.json")
        return MetadataAnswer{"application/json", "{}"};
    if (rest == "user_data" && has_user_data)
        return MetadataAnswer{"application/octet-stream", instance.metadata.user_data};
    return {};
}

// ---- EC2 ---------------------------------------------------------------------------------------

static std::optional<MetadataAnswer> ec2_meta_data(const InstanceDuty& instance, Ipv4 address,
                                                   std::string_view name) {
    const Metadata& metadata = instance.metadata;
    const bool keyed = !metadata.public_key.empty();
    if (name.empty())
        return plain(std::string("ami-id\nhostname\ninstance-id\ninstance-type\nlocal-"
                                 "hostname\nlocal-ipv4\nplacement/\n") +
                     (keyed ? "public-keys/\n" : ""));
    if (name == "instance-id") return plain("i-" + text(instance.instance.id));
    if (name == "hostname" || name == "local-hostname" || name == "public-hostname")
        return plain(metadata.hostname);
    if (name == "local-ipv4") return plain(text(address));
    if (name == "mac" && !instance.instance.cards.empty())
        return plain(text(instance.instance.cards[0].mac));
    if (name == "ami-id") return plain("ami-vdc");
    if (name == "instance-type") return plain("vdc");
    if (name == "placement") return plain("availability-zone");
    if (name == "placement/availability-zone") return plain("vdc");
    if (keyed && name == "public-keys") return plain("0=" + metadata.key_name);
    if (keyed && name == "public-keys/0") return plain("openssh-key");
    if (keyed && name == "public-keys/0/openssh-key") return plain(metadata.public_key + "\n");
    return {};
}

static std::optional<MetadataAnswer> ec2(const InstanceDuty& instance, Ipv4 address,
                                         std::string_view path) {
    const bool has_user_data = !instance.metadata.user_data.empty();
    if (path.empty())
        return plain(std::string("meta-data/\n") + (has_user_data ? "user-data\n" : ""));
    if (path == "user-data" && has_user_data)
        return MetadataAnswer{"application/octet-stream", instance.metadata.user_data};
    if (path == "meta-data") return ec2_meta_data(instance, address, "");
    constexpr std::string_view folder = "meta-data/";
    if (!path.starts_with(folder)) return {};
    return ec2_meta_data(instance, address, path.substr(folder.size()));
}

std::optional<MetadataAnswer> metadata_answer(const InstanceDuty& instance, Ipv4 address,
                                              std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.empty()) return plain("2009-04-04\nlatest\nopenstack\n");
    const std::size_t slash = path.find('/');
    const std::string_view first = path.substr(0, slash);
    const std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    if (first == "openstack") return openstack(instance, rest);
    if (first == "latest" || first == "2009-04-04" || first == "2008-02-01")
        return ec2(instance, address, rest);
    return {};
}

}  // namespace vdc::control
