#include "control/crowd_test_util.h"

#include <gtest/gtest.h>

namespace vdc::control::testing {

using namespace base;
using model::Noun;
using model::Observe;

template <class R>
static const R* some(const model::Snapshot& snapshot, int which) {
    const auto& table = snapshot.all<R>();
    if (table.empty()) return nullptr;
    auto each = table.begin();
    for (std::size_t skip = static_cast<std::size_t>(which) % table.size(); skip > 0; --skip)
        ++each;
    return each->second.get();
}

void Crowd::begin() {
    // Little of everything, so that things run out.
    turns_.policy.front_range = {{100u << 24 | 96u << 16}, 30};
    EXPECT_TRUE(turns_.create(Noun::project, R"({"name": "default", "instances_max": 12})").ok());
    for (const char* flavor : {R"({"name": "f0", "vcpus": 1, "memory": "512MiB", "disk": "1GiB"})",
                               R"({"name": "f1", "vcpus": 2, "memory": "2GiB", "disk": "2GiB"})"})
        EXPECT_TRUE(turns_.create(Noun::flavor, flavor).ok());
    EXPECT_TRUE(turns_.create(Noun::image, R"({"name": "im0"})").ok());
    EXPECT_TRUE(
        turns_.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/29"})").ok());
    turns_.follow_up();
}

static constexpr model::Presence presences[] = {model::Presence::unknown, model::Presence::ready,
                                                model::Presence::failed, model::Presence::absent};

Status Crowd::see_instance(const Deed& deed) {
    const auto* instance = some<model::Instance>(turns_.snapshot, deed.which);
    if (instance == nullptr || !instance->claimed.host) return {};
    static constexpr model::InstancePhase phases[] = {
        model::InstancePhase::preparing, model::InstancePhase::running,
        model::InstancePhase::running,   model::InstancePhase::paused,
        model::InstancePhase::stopped,   model::InstancePhase::absent};
    static constexpr model::RunEnd ends[] = {model::RunEnd::guest_off, model::RunEnd::killed,
                                             model::RunEnd::crashed};
    model::InstanceObserved seen = instance->observed;
    seen.generation = instance->claimed.generation;
    seen.phase = phases[deed.how % 6];
    seen.starts = instance->declared.starts;
    seen.reboots = instance->declared.reboots;
    seen.resets = instance->declared.resets;
    if (seen.phase == model::InstancePhase::stopped) seen.ended = ends[deed.how % 7 % 3];
    return observe<model::Instance>(instance->id, seen);
}

Status Crowd::see_volume(const Deed& deed) {
    const auto* volume = some<model::Volume>(turns_.snapshot, deed.which);
    if (volume == nullptr || !volume->claimed.host) return {};
    model::VolumeObserved seen = volume->observed;
    seen.presence = volume->deleting ? model::Presence::absent : presences[deed.how % 4];
    seen.size = volume->declared.size;
    seen.reverts = volume->declared.reverts;
    seen.attached = deed.how % 3 == 0 ? std::nullopt : volume->declared.instance;
    return observe<model::Volume>(volume->id, seen);
}

Status Crowd::see(const Deed& deed) {
    const model::Snapshot& now = turns_.snapshot;
    if (deed.what % 6 < 2) return see_instance(deed);
    if (deed.what % 6 == 2) return see_volume(deed);
    if (const auto* network = some<model::Network>(now, deed.which); deed.what % 6 == 3)
        return sight(*network, deed.how / 4, {{}, {}, presences[deed.how % 4], {}});
    if (const auto* kept = some<model::VolumeSnapshot>(now, deed.which);
        kept != nullptr && deed.how % 2 == 0)
        return observe<model::VolumeSnapshot>(kept->id, {presences[deed.how / 2 % 4], {}});
    if (const auto* image = some<model::Image>(now, deed.which);
        image != nullptr && deed.how % 3 == 0) {
        static constexpr model::ImagePhase phases[] = {
            model::ImagePhase::importing, model::ImagePhase::ready, model::ImagePhase::failed,
            model::ImagePhase::absent};
        model::ImageSeen seen;
        seen.phase = phases[deed.how / 3 % 4];
        return sight(*image, deed.how / 12, std::move(seen));
    }
    const auto* application = some<model::Application>(now, deed.which);
    if (application == nullptr) return {};
    model::FrontSeen seen;
    seen.presence = presences[deed.how % 4];
    for (const auto* replica : now.linked_records<model::Instance>(
             model::Link::application_instance, application->id.value))
        if (deed.how / 4 % 3 != 0) seen.ready.push_back(replica->id);
    return sight(*application, deed.how / 12, std::move(seen));
}

Status Crowd::change_host(const Deed& deed) {
    const std::string host = name("h", deed.which, 3);
    switch (deed.how % 4) {
        case 0:
        case 1:
            turns_.begin_host(host, {{1}, {4096}, {4096 + deed.which % 3 * 4096}},
                              {static_cast<std::uint32_t>(deed.which % 5 * 0x0a'00'00'01)});
            return {};
        case 2: return turns_.ask(remove, Noun::host, host);
        default:
            return turns_.ask(update, Noun::host, host,
                              Json::object({{"schedulable", deed.how % 8 < 4}}));
    }
}

Status Crowd::want(const Deed& deed) {
    const std::string instance = name("i", deed.which, 5);
    const std::string volume = name("v", deed.which, 4);
    const std::string snapshot = name("s", deed.which, 3);
    const std::string app = name("app", deed.which, 3);
    const std::string flavor = name("f", deed.how, 2);
    const std::string network = deed.how % 3 == 0 ? "n1" : "default";
    const Json made_of = Json::object({{"image", "im0"}, {"flavor", flavor}, {"network", network}});
    const Json front = Json::object({{"port", 80}});
    static constexpr PowerVerb verbs[] = {PowerVerb::start, PowerVerb::stop,  PowerVerb::reboot,
                                          PowerVerb::reset, PowerVerb::pause, PowerVerb::resume};
    switch (deed.what) {
        case 0:
        case 1:
            return turns_.ask(create, Noun::instance,
                              Json::object({{"name", instance},
                                            {"image", "im0"},
                                            {"flavor", flavor},
                                            {"networks", Json::array({network})}}));
        case 2: return turns_.ask(remove, Noun::instance, instance);
        case 3:
        case 4: return turns_.ask(power, instance, verbs[deed.how % 6], Force::soft);
        case 5:
        case 6: {
            Json body =
                Json::object({{"name", app}, {"replicas", deed.how % 4}, {"template", made_of}});
            if (deed.how % 2 == 0) body.set("front", front);
            return turns_.ask(create, Noun::application, body);
        }
        case 7:
            return turns_.ask(update, Noun::application, app,
                              Json::object({{"replicas", deed.how % 4}}));
        case 8:
            return turns_.ask(update, Noun::application, app,
                              Json::object({{"template", made_of}}));
        case 9:
            return turns_.ask(update, Noun::application, app,
                              Json::object({{"front", deed.how % 2 == 0 ? Json{} : front}}));
        case 10: return turns_.ask(remove, Noun::application, app);
        case 11:
            return turns_.ask(create, Noun::volume,
                              Json::object({{"name", volume}, {"size", "3GiB"}}));
        case 12: return turns_.ask(remove, Noun::volume, volume);
        case 13: return turns_.ask(attach, volume, name("i", deed.how, 5));
        case 14: return turns_.ask(detach, volume);
        case 15: return turns_.ask(grow, volume, model::MiB{3072 + deed.how % 3 * 512});
        case 16:
            return turns_.ask(create, Noun::volume_snapshot,
                              Json::object({{"name", snapshot}, {"volume", volume}}));
        case 17: return turns_.ask(remove, Noun::volume_snapshot, snapshot);
        case 18: return turns_.ask(revert, volume, snapshot);
        case 19:
            return turns_.ask(create, Noun::network,
                              Json::object({{"name", "n1"}, {"range", "10.9.1.0/29"}}));
        case 20: return turns_.ask(remove, Noun::network, "n1");
        case 21:
            return turns_.ask(update, Noun::project, "default",
                              Json::object({{"instances_max", deed.how % 12}}));
        case 22: return turns_.ask(create, Noun::image, Json::object({{"name", "im0"}}));
        case 23: return turns_.ask(remove, Noun::image, "im0");
        default: return change_host(deed);
    }
}

void Crowd::act(const Deed& deed) {
    // What the rules refuse is no event.
    (void)(deed.what < 26 ? want(deed) : see(deed));
}

rc::Gen<std::vector<Deed>> histories() {
    return rc::gen::container<std::vector<Deed>>(
        rc::gen::build<Deed>(rc::gen::set(&Deed::what, rc::gen::inRange(0, Crowd::deeds)),
                             rc::gen::set(&Deed::which, rc::gen::inRange(0, 60)),
                             rc::gen::set(&Deed::how, rc::gen::inRange(0, 60))));
}

}  // namespace vdc::control::testing
