#include "placement/gang_puzzle.h"

#include <algorithm>
#include <map>
#include <set>

#include "placement/sizes.h"

namespace vdc::placement {

static bool lies_in(const Circle& inner, const Circle& outer) {
    for (std::size_t site = 0; site < inner.has.size(); ++site)
        if (inner.has[site] && !outer.has[site]) return false;
    return true;
}

Puzzle::Puzzle(const Roster& roster, const std::vector<Equals>& gang) : roster_(roster) {
    for (const Equals& each : gang) enter(each);
    const bool has_cells = std::any_of(
        roster.by_rank().begin(), roster.by_rank().end(),
        [&](HostSlot slot) { return roster.is_open(slot) && !roster.room(slot).cells.empty(); });
    in_sequence = std::any_of(sorts.begin(), sorts.end(), [&](const Sort& sort) {
        return (has_cells && sort.needs.cells == 0) ||
               !std::all_of(sort.rules.begin(), sort.rules.end(), is_apart);
    });
    find_sites(gang);
    for (Scope& scope : scopes) count(scope);
    for (std::size_t sort = 0; sort < sorts.size(); ++sort)
        for (const Group& group : gang[sort].request->groups)
            for (std::size_t scope = 0; scope < scopes.size(); ++scope)
                if (scopes[scope].group == group) sorts[sort].scopes.push_back(scope);
    for (std::size_t sort = 0; sort < sorts.size(); ++sort)
        draw_circle(*gang[sort].request, sorts[sort]);
    for (Circle& circle : circles)
        for (std::size_t sort = 0; sort < sorts.size(); ++sort)
            if (lies_in(circles[sorts[sort].circle], circle)) circle.sorts.push_back(sort);
    liken();
    for (Kind kind = 0; kind < kinds_max; ++kind)
        if (std::any_of(sorts.begin(), sorts.end(),
                        [&](const Sort& sort) { return sort.needs.amounts[kind] > 0; }))
            kinds.push_back(kind);
    greatest = greatest_host(roster);
}

void Puzzle::enter(const Equals& each) {
    Sort sort{each.request->needs, each.members.size()};
    for (const Rule& rule : each.request->rules) {
        const auto* about = std::get_if<GroupRule>(&rule);
        if (about == nullptr || about->strength == Strength::soft) continue;
        sort.rules.push_back({scope_of(*about), about->wish, about->most});
    }
    sorts.push_back(std::move(sort));
}

std::size_t Puzzle::scope_of(const GroupRule& rule) {
    const auto known = std::find_if(scopes.begin(), scopes.end(), [&](const Scope& each) {
        return each.group == rule.group && each.domain == rule.domain;
    });
    if (known != scopes.end()) return static_cast<std::size_t>(known - scopes.begin());
    scopes.push_back({rule.group, rule.domain, {}, {}});
    return scopes.size() - 1;
}

/// Of hosts that nobody can tell apart only as many as there are members: if not all matter.
void Puzzle::find_sites(const std::vector<Equals>& gang) {
    std::size_t members = 0;
    std::set<model::HostId> named;
    for (const Equals& each : gang) {
        members += each.members.size();
        for (const Rule& rule : each.request->rules)
            if (const auto* about = std::get_if<HostsRule>(&rule))
                named.insert(about->hosts.begin(), about->hosts.end());
    }
    std::map<std::vector<std::uint64_t>, std::size_t> equal;
    for (const HostSlot slot : roster_.by_rank()) {
        if (!roster_.is_open(slot)) continue;
        std::vector<std::uint64_t> what{roster_.shelf_of(slot)};
        for (const Scope& scope : scopes) {
            what.push_back(value_of(scope, slot));
            const GroupCount* group = roster_.group(scope.group);
            what.push_back(group ? static_cast<std::uint64_t>(group->on_host.of(slot)) : 0);
        }
        const bool alone = in_sequence || named.contains(roster_.host(slot).id);
        if (alone || ++equal[std::move(what)] <= members)
            sites.push_back({slot, roster_.room(slot)});
    }
}

/// 0: it has none.
std::uint32_t Puzzle::value_of(const Scope& scope, HostSlot slot) const {
    const auto domain = scope.domain.empty() ? std::nullopt : roster_.domain(scope.domain);
    const auto& values = roster_.host(slot).values;
    return domain && *domain < values.size() ? values[*domain] : 0;
}

/// Areas of several hosts come first.
void Puzzle::count(Scope& scope) {
    const GroupCount* group = roster_.group(scope.group);
    std::map<std::uint32_t, std::uint32_t> known;
    for (const Site& site : sites) {
        const std::uint32_t value = value_of(scope, site.slot);
        if (value == 0 || !known.emplace(value, known.size()).second) continue;
        const DomainValue area{*roster_.domain(scope.domain), value};
        scope.there.push_back(group ? group->in_domain.of(area) : 0);
    }
    scope.shared_areas = scope.there.size();
    for (const Site& site : sites) {
        const std::uint32_t value = value_of(scope, site.slot);
        scope.area_of.push_back(value != 0 ? known.at(value)
                                           : static_cast<std::uint32_t>(scope.there.size()));
        if (value == 0) scope.there.push_back(group ? group->on_host.of(site.slot) : 0);
    }
    scope.all = group ? group->all : 0;
}

bool Puzzle::may_go(const Request& request, const Site& site) const {
    if (!fit_of_class(request, roster_.shelves().host_class(roster_.class_of(site.slot))).fits)
        return false;
    const model::HostId id = roster_.host(site.slot).id;
    return std::all_of(request.rules.begin(), request.rules.end(), [&](const Rule& rule) {
        const auto* about = std::get_if<HostsRule>(&rule);
        if (about == nullptr || about->strength == Strength::soft) return true;
        const bool named =
            std::find(about->hosts.begin(), about->hosts.end(), id) != about->hosts.end();
        return named == about->wanted;
    });
}

void Puzzle::draw_circle(const Request& request, Sort& sort) {
    Circle circle;
    for (const Site& site : sites) circle.has.push_back(may_go(request, site));
    const auto known = std::find_if(circles.begin(), circles.end(),
                                    [&](const Circle& other) { return other.has == circle.has; });
    const auto at = static_cast<std::size_t>(known - circles.begin());
    if (known == circles.end()) circles.push_back(std::move(circle));
    sort.circle = at;
}

/// Who is like whom.
void Puzzle::liken() {
    std::map<std::vector<std::uint64_t>, std::uint32_t> known;
    for (std::size_t at = 0; at < sites.size(); ++at) {
        Site& site = sites[at];
        const ClassId of_class = roster_.class_of(site.slot);
        site.models = &roster_.shelves().host_class(of_class).models;
        std::vector<std::uint64_t> what{of_class};
        for (const Circle& circle : circles) what.push_back(circle.has[at] ? 1 : 0);
        for (const Scope& scope : scopes)
            what.push_back(scope.area_of[at] < scope.shared_areas ? 1 + scope.area_of[at] : 0);
        site.like =
            known.emplace(std::move(what), static_cast<std::uint32_t>(known.size())).first->second;
    }
}

}  // namespace vdc::placement
