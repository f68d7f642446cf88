#include "control/metadata.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"

namespace vdc::control {

using namespace base;

namespace {

constexpr Ipv4 address{10u << 24 | 9u << 8 | 5u};

InstanceDuty an_instance(std::uint64_t number = 1) {
    InstanceDuty duty;
    duty.instance.id = {{7, number}};
    duty.instance.cards = {{{{10, number}}, {{6, 1}}, 1, Mac{0x025600000001}, 1400}};
    duty.metadata = {"web-1", "p1", "ssh-ed25519 AAAA me", "mine", "#cloud-config\n"};
    return duty;
}

std::string body(const char* path, const InstanceDuty& duty = an_instance()) {
    const auto answer = metadata_answer(duty, address, path);
    return answer ? answer->body : "(nothing)";
}

/// Two networks with the same range, as two projects may have them.
Duties twins() {
    Duties duties;
    for (const std::uint64_t number : {1u, 2u}) {
        NetworkDuty& network = duties.networks[{{6, number}}];
        network.network.number = static_cast<int>(number);
        network.network.ports = {{{{10, number}}, {}, address, "web-1", true}};
        duties.instances[{{7, number}}] = an_instance(number);
    }
    return duties;
}

}  // namespace

TEST(MetadataOwner, IsToldByNetworkAndAddressTogether) {
    const Duties duties = twins();
    ASSERT_NE(instance_at(duties, 1, address), nullptr);
    EXPECT_EQ(instance_at(duties, 1, address)->instance.id.value.low, 1u);
    EXPECT_EQ(instance_at(duties, 2, address)->instance.id.value.low, 2u);
    EXPECT_EQ(instance_at(duties, 3, address), nullptr);
    EXPECT_EQ(instance_at(duties, 1, address + 1), nullptr);
    EXPECT_EQ(instance_at(duties, 0, address), nullptr);
}

TEST(MetadataOwner, IsNobodyWhenThePortsInstanceIsNotHere) {
    Duties duties = twins();
    duties.instances.erase({{7, 1}});
    EXPECT_EQ(instance_at(duties, 1, address), nullptr);
}

TEST(Metadata, InOpenStacksFormTellsNameKeyAndCards) {
    const Json meta = parse_json(body("/openstack/latest/meta_data.json")).value();
    EXPECT_EQ(meta.text_at("uuid"), text(model::InstanceId{{7, 1}}));
    EXPECT_EQ(meta.text_at("hostname"), "web-1");
    EXPECT_EQ(meta.at("public_keys").text_at("mine"), "ssh-ed25519 AAAA me");
    const Json network = parse_json(body("/openstack/2018-08-27/network_data.json")).value();
    EXPECT_EQ(network.at("links").items()[0].text_at("ethernet_mac_address"), "02:56:00:00:00:01");
    EXPECT_EQ(network.at("links").items()[0].at("mtu"), Json(1400));
    EXPECT_EQ(network.at("networks").items()[0].text_at("type"), "ipv4_dhcp");
    EXPECT_EQ(body("/openstack/latest/user_data"), "#cloud-config\n");
    EXPECT_EQ(body("/openstack/latest/vendor_data.json"), "{}");
}

TEST(Metadata, InEc2sFormTellsTheSame) {
    EXPECT_EQ(body("/latest/meta-data/instance-id"), "i-" + text(model::InstanceId{{7, 1}}));
    EXPECT_EQ(body("/2009-04-04/meta-data/local-hostname"), "web-1");
    EXPECT_EQ(body("/latest/meta-data/local-ipv4"), "10.0.9.5");
    EXPECT_EQ(body("/latest/meta-data/public-keys/"), "0=mine");
    EXPECT_EQ(body("/latest/meta-data/public-keys/0/openssh-key"), "ssh-ed25519 AAAA me\n");
    EXPECT_EQ(body("/latest/user-data"), "#cloud-config\n");
}

TEST(Metadata, ListsWhatItAnswersAndAnswersWhatItLists) {
    const auto walk = [](const auto& self, const std::string& folder) -> void {
        std::istringstream lines(body(folder.c_str()));
        for (std::string line; std::getline(lines, line);) {
            if (line.find('=') != std::string::npos) line.resize(line.find('='));
            EXPECT_NE(body((folder + line).c_str()), "(nothing)") << folder << line;
            if (line.ends_with('/')) self(self, folder + line);
        }
    };
    walk(walk, "/latest/");
    walk(walk, "/latest/meta-data/");
    walk(walk, "/openstack/latest/");
    EXPECT_EQ(body("/"), "2009-04-04\nlatest\nopenstack\n");
}

TEST(Metadata, OfAnInstanceWithoutKeyAndUserDataHasNone) {
    InstanceDuty bare = an_instance();
    bare.metadata = {"web-1", "p1", "", "", ""};
    for (const char* path :
         {"/latest/user-data", "/openstack/latest/user_data", "/latest/meta-data/public-keys/",
          "/latest/meta-data/public-keys/0/openssh-key"})
        EXPECT_EQ(body(path, bare), "(nothing)") << path;
    EXPECT_EQ(body("/openstack/latest/meta_data.json", bare).find("key"), std::string::npos);
    EXPECT_EQ(body("/latest/meta-data/", bare).find("key"), std::string::npos);
    EXPECT_EQ(body("/latest/", bare), "meta-data/\n") << "user-data is not there";
    EXPECT_EQ(body("/openstack/latest/", bare).find("user_data"), std::string::npos);
}

TEST(Metadata, HasNothingElse) {
    for (const char* path :
         {"/lates", "/latest/meta-datahostname", "/latest/meta-data/nothing", "/openstack/late",
          "/openstack/latest/../../etc/passwd", "/latest/meta-data/public-keys/1/openssh-key",
          "/openstack/latest/meta_data.json/more", "/etc/passwd"})
        EXPECT_EQ(body(path), "(nothing)") << path;
}

}  // namespace vdc::control
