#include "control/host_mind_test_util.h"

#include "base/text.h"

namespace vdc::control::testing {

MindTest::MindTest() {
    duties.host_name = "h1";
    NetworkDuty& net = duties.networks[network];
    net.network.id = network;
    net.network.number = 1;
    net.network.range = parse_ipv4_range("10.9.0.0/24").value();
    net.needed = true;
    add_instance(web, "web", root);
}

VolumeDuty& MindTest::add_volume(model::VolumeId id, std::optional<model::InstanceId> in,
                                 int slot) {
    VolumeDuty& duty = duties.volumes[id];
    duty.volume.id = id;
    duty.volume.size = {1024};
    duty.instance = in;
    duty.slot = slot;
    if (in) duties.instances[*in].instance.disks.push_back({id, slot});
    return duty;
}

InstanceDuty& MindTest::add_instance(model::InstanceId id, const std::string& name,
                                     model::VolumeId disk) {
    add_volume(disk, id, 0);
    InstanceDuty& duty = duties.instances[id];
    duty.instance.id = id;
    duty.instance.name = name;
    duty.instance.generation = 1;
    duty.instance.wishes.starts = 1;
    duty.power = model::Power::on;
    duty.stop_timeout = 30s;
    const model::PortId port{{10, id.value.low}};
    duty.instance.cards.push_back({port, network, 1, {}, 1500});
    duties.networks[network].network.ports.push_back({port, {}, {}, name, true});
    return duty;
}

std::string MindTest::named(std::string words) const {
    const std::pair<std::string, const char*> names[] = {
        {text(web), "web"},     {text(db), "db"},           {text(root), "root"},
        {text(root2), "root2"}, {text(data), "data"},       {text(image), "tiny"},
        {text(app), "shop"},    {text(network), "network"}, {text(kept), "kept"}};
    for (const auto& [id, name] : names)
        for (std::size_t at = words.find(id); at != std::string::npos; at = words.find(id))
            words.replace(at, id.size(), name);
    return words;
}

std::string MindTest::begins() {
    std::vector<std::string> all;
    for (const Effect& effect : mind.next(now)) {
        all.push_back(named(text(effect)));
        EXPECT_FALSE(begun_.contains(all.back())) << "begun twice: " << all.back();
        begun_.emplace(all.back(), effect);
    }
    return join(all, "; ");
}

void MindTest::done(const std::string& words, Result<Sighting> result) {
    const auto effect = begun_.extract(words);
    ASSERT_TRUE(effect) << "was not begun: " << words;
    mind.done(effect.mapped(), result, now);
}

void MindTest::network_stays() {
    const std::string begun = begins();
    if (begun.find("apply network 1") != std::string::npos) done("apply network 1", applied());
}

void MindTest::launch_again() {
    network_stays();
    if (!begun_.contains("launch web")) (void)begins();
    done("launch web", alive(web));
}

void MindTest::shall_be_off() {
    duties.instances[web].power = model::Power::off;
    tell();
}

void MindTest::button_is_pressed() {
    EXPECT_NE(begins().find("power down instance web"), std::string::npos);
    done("power down instance web", alive(web));
    network_stays();
}

VolumeSighting MindTest::present(model::VolumeId id) const {
    const VolumeSpec& wanted = duties.volumes.at(id).volume;
    return {true, wanted.size, wanted.snapshots, wanted.reverts, {}};
}

NetworkSighting MindTest::applied() const {
    return {true, fingerprint(duties.networks.at(network).network)};
}

InstanceSighting MindTest::alive(model::InstanceId id) const {
    const InstanceSpec& wanted = duties.instances.at(id).instance;
    InstanceSighting seen;
    seen.looked = seen.alive = true;
    seen.generation = wanted.generation;
    seen.wishes = wanted.wishes;
    seen.disks = wanted.disks;
    seen.accelerator = "tcg";
    return seen;
}

InstanceSighting MindTest::down() {
    InstanceSighting seen;
    seen.looked = true;
    return seen;
}

InstanceSighting MindTest::ended(Ending how, const std::string& detail) {
    InstanceSighting seen = down();
    seen.generation = 1;
    seen.ended = how;
    seen.ended_detail = detail;
    return seen;
}

void MindTest::make_ready() {
    tell();
    EXPECT_EQ(begins(), "apply network 1; look at instance web");
    done("look at instance web", down());
    EXPECT_EQ(begins(), "prepare volume root");
    done("prepare volume root", present(root));
    done("apply network 1", applied());
}

void MindTest::make_running() {
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    done("launch web", alive(web));
    EXPECT_EQ(begins(), "");
}

std::string MindTest::reports() {
    std::vector<std::string> all;
    for (const model::Step& step : mind.reports(now)) {
        all.push_back(step.reason);
        if (const auto* seen = std::get_if<model::Observe<model::Instance>>(&step.change);
            seen != nullptr && seen->id == web)
            reported_ = seen->observed;
    }
    return join(all, "; ");
}

void MindTest::store_reports() {
    for (const model::Step& step : mind.reports(now)) {
        if (const auto* seen = std::get_if<model::Observe<model::Instance>>(&step.change))
            duties.instances[seen->id].reported = seen->observed;
        if (const auto* seen = std::get_if<model::Observe<model::Volume>>(&step.change))
            duties.volumes[seen->id].reported = seen->observed;
    }
    tell();
}

}  // namespace vdc::control::testing
