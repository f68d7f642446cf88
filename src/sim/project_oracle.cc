#include "sim/project_oracle.h"

#include <algorithm>
#include <optional>

namespace vdc::sim {

using model::Instance;
using model::ProjectId;
using model::Snapshot;

/// Whose the thing is; none: nobody's, or there is no such thing.
template <class R>
static std::optional<ProjectId> owner(const Snapshot& s, typename R::Id id) {
    const R* record = s.find<R>(id);
    if (record == nullptr || !record->project) return {};
    return record->project;
}

static bool apart(const std::optional<ProjectId>& a, const std::optional<ProjectId>& b) {
    return a && b && *a != *b;
}

static bool has_name(const Snapshot& s, const std::optional<ProjectId>& project,
                     const std::string& name) {
    return project && (s.named<Instance>(*project, name) != nullptr ||
                       s.named<model::Application>(*project, name) != nullptr);
}

/// A network may know names that went a moment ago: of no project, then.
static bool is_anothers_name(const Snapshot& s, const std::optional<ProjectId>& project,
                             const std::string& name) {
    if (has_name(s, project, name)) return false;
    return std::any_of(s.all<model::Project>().begin(), s.all<model::Project>().end(),
                       [&](const auto& entry) { return has_name(s, entry.first, name); });
}

static std::string network_apart(const Snapshot& s, const control::NetworkSpec& network) {
    const auto project = owner<model::Network>(s, network.id);
    for (const auto& port : network.ports)
        if (apart(project, owner<model::Port>(s, port.id)))
            return "I14: a network has a port of another project";
    for (const auto& name : network.names)
        if (is_anothers_name(s, project, name.name))
            return "I14: a network knows a name of another project, " + name.name;
    return {};
}

static std::string front_apart(const Snapshot& s, const control::FrontSpec& front) {
    const auto project = owner<model::Application>(s, front.id);
    for (const auto& backend : front.backends)
        if (apart(project, owner<Instance>(s, backend.instance)))
            return "I14: the front of " + front.name + " leads to another project";
    return {};
}

static std::string run_apart(const Snapshot& s, model::InstanceId id,
                             const PretendHost::Instance& run) {
    const auto project = owner<Instance>(s, id);
    for (const auto& disk : run.sighting.disks)
        if (apart(project, owner<model::Volume>(s, disk.volume)))
            return "I14: " + run.spec.name + " has a volume of another project open";
    for (const auto& card : run.spec.cards)
        if (run.sighting.alive && apart(project, owner<model::Network>(s, card.network)))
            return "I14: " + run.spec.name + " has a card in a network of another project";
    return {};
}

std::string projects_apart(const Snapshot& s, const std::vector<const PretendHost*>& hosts) {
    for (const PretendHost* host : hosts) {
        for (const auto& [id, network] : host->networks)
            if (std::string wrong = network_apart(s, network); !wrong.empty()) return wrong;
        for (const auto& [id, front] : host->fronts)
            if (std::string wrong = front_apart(s, front); !wrong.empty()) return wrong;
        for (const auto& [id, run] : host->running)
            if (std::string wrong = run_apart(s, id, run); !wrong.empty()) return wrong;
    }
    return {};
}

static std::optional<ProjectId> owner_of(const Snapshot& s, const model::Subject& subject) {
    std::optional<ProjectId> found;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun == subject.noun) found = owner<R>(s, typename R::Id{subject.id});
    });
    return found;
}

std::string stays_in_project(const model::Commit& commit, ProjectId project, const Snapshot& before,
                             const Snapshot& after) {
    for (const model::Step& step : commit.steps) {
        const model::Subject subject = subject_of(step.change);
        for (const Snapshot* s : {&before, &after})
            if (apart(owner_of(*s, subject), project))
                return "I14: a request of one project changed another's things: " + step.reason;
    }
    return {};
}

}  // namespace vdc::sim
