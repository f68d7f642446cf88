#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/codec.h"

/// Looking at what changed, and at nothing else, must find what a look at everything finds.
namespace vdc::control {

using namespace base;
using model::Noun;
using model::Observe;
using testing::Turns;

namespace {

/// One event, in numbers that rapidcheck can make small.
struct Deed {
    int what = 0;
    int which = 0;
    int how = 0;
};

std::ostream& operator<<(std::ostream& out, const Deed& deed) {
    return out << "{" << deed.what << ", " << deed.which << ", " << deed.how << "}";
}

template <class R>
const R* some(const model::Snapshot& snapshot, int which) {
    const auto& table = snapshot.all<R>();
    if (table.empty()) return nullptr;
    auto each = table.begin();
    for (std::size_t skip = static_cast<std::size_t>(which) % table.size(); skip > 0; --skip)
        ++each;
    return each->second.get();
}

/// People and hosts, doing whatever the deeds say. What the rules refuse does not happen.
class Crowd {
  public:
    explicit Crowd(Turns& turns) : turns_(turns) {}

    void begin();
    void act(const Deed& deed);
    static constexpr int deeds = 34;

  private:
    std::string name(const char* prefix, int which, int among) {
        return prefix + std::to_string(which % among);
    }
    Status want(const Deed& deed);
    Status see(const Deed& deed);
    Status see_instance(const Deed& deed);
    Status see_volume(const Deed& deed);
    Status change_host(const Deed& deed);

    /// What one of its hosts has of it.
    template <class R>
    Status sight(const R& record, int which, typename R::Observed::OnHost seen) {
        const model::Places& places = record.claimed.places;
        if (places.empty()) return {};
        const model::Place& place = places[static_cast<std::size_t>(which) % places.size()];
        seen.host = place.host;
        seen.generation = place.generation;
        return turns_.apply({{model::Sight<R>{record.id, std::move(seen)}, "seen"}});
    }
    template <class R>
    Status observe(typename R::Id id, typename R::Observed observed) {
        return turns_.apply({{Observe<R>{id, std::move(observed)}, "seen"}});
    }

    Turns& turns_;
};

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

constexpr model::Presence presences[] = {model::Presence::unknown, model::Presence::ready,
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
        case 1: turns_.begin_host(host, {{1}, {4096}, {4096 + deed.which % 3 * 4096}}); return {};
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

/// One line for each change of a plan. The sentence why an instance waits is that of the last look
/// at it: a look at everything may word it anew, which changes nothing.
std::vector<std::string> changes_of(const Plan& plan, const model::Snapshot& before) {
    std::vector<std::string> lines;
    for (const model::Step& step : plan.steps) {
        const auto* claim = std::get_if<model::Claim<model::Instance>>(&step.change);
        if (claim != nullptr && !claim->claimed.host) {
            const auto* instance = before.find<model::Instance>(claim->id);
            if (instance != nullptr && !instance->claimed.host) continue;
        }
        lines.push_back(dump(model::change_to_json(step.change)) + " because " + step.reason);
    }
    return lines;
}

rc::Gen<std::vector<Deed>> histories() {
    return rc::gen::container<std::vector<Deed>>(
        rc::gen::build<Deed>(rc::gen::set(&Deed::what, rc::gen::inRange(0, Crowd::deeds)),
                             rc::gen::set(&Deed::which, rc::gen::inRange(0, 60)),
                             rc::gen::set(&Deed::how, rc::gen::inRange(0, 60))));
}

}  // namespace

RC_GTEST_PROP(Reconcile, OfWhatChangedDoesWhatReconcileOfEverythingDoes, ()) {
    const auto history = *rc::gen::scale(1.5, histories());
    Turns turns;
    Crowd crowd(turns);
    crowd.begin();
    for (const Deed& deed : history) {
        turns.pass(3s);  // whoever waits for a quota looks again every 2 s
        crowd.act(deed);
        const auto some = changes_of(turns.after_changes(), turns.snapshot);
        const auto all = changes_of(turns.after_everything(), turns.snapshot);
        RC_LOG() << "at " << deed << ":\n  " << join(some, "\n  ") << "\nbut for everything\n  "
                 << join(all, "\n  ") << "\n";
        RC_ASSERT(some == all);
        turns.follow_up();
        RC_ASSERT(model::check(turns.snapshot).empty());
    }
    turns.pass(3s);
    turns.follow_up();
    const auto left = changes_of(turns.after_everything(), turns.snapshot);
    RC_LOG() << "at the end\n  " << join(left, "\n  ") << "\n";
    RC_ASSERT(left.empty());
}

}  // namespace vdc::control
