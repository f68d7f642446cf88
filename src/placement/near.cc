#include "placement/near.h"

#include <algorithm>

namespace vdc::placement {

namespace {

Verdict verdict(const Roster&, const TraitRule&) {
    return {};
}

Verdict verdict(const Roster& roster, const HostsRule& rule) {
    Verdict result{{}, rule.wanted ? 1 : 0};
    for (const model::HostId id : rule.hosts)
        if (const auto slot = roster.find(id)) result.hosts.push_back({*slot, 1 - result.others});
    std::sort(result.hosts.begin(), result.hosts.end(),
              [](const auto& a, const auto& b) { return a.slot < b.slot; });
    const auto same = [](const auto& a, const auto& b) { return a.slot == b.slot; };
    result.hosts.erase(std::unique(result.hosts.begin(), result.hosts.end(), same),
                       result.hosts.end());
    return result;
}

/// A part of the datacenter with members of the group in it; its open hosts.
struct Area {
    std::vector<HostSlot> hosts;
    std::int64_t members = 0;
};

/// The areas with members, and whether all areas have some.
struct Areas {
    std::vector<Area> with_members;
    bool all = false;
};

std::uint32_t value_of(const Roster& roster, HostSlot slot, std::uint32_t domain) {
    const auto& values = roster.host(slot).values;
    return domain < values.size() ? values[domain] : 0;
}

/// Hosts one by one, if they lie in no common area of that domain.
void add_single(const Roster& roster, const GroupCount& group, std::optional<std::uint32_t> domain,
                Areas& areas) {
    for (const auto& [slot, members] : group.on_host)
        if (roster.host(slot).spec.state == HostState::open &&
            (!domain || value_of(roster, slot, *domain) == 0))
            areas.with_members.push_back({{slot}, members});
}

Areas areas_of(const Roster& roster, const GroupCount& group, const std::string& name) {
    Areas areas;
    const auto domain = name.empty() ? std::nullopt : roster.domain(name);
    add_single(roster, group, domain, areas);
    for (const auto& [value, members] : group.in_domain) {
        if (!domain || value.domain != *domain) continue;
        const auto& hosts = roster.sharing(value);
        if (!hosts.empty()) areas.with_members.push_back({{hosts.begin(), hosts.end()}, members});
    }
    std::size_t open = 0;
    for (const Area& area : areas.with_members) open += area.hosts.size();
    areas.all = open == static_cast<std::size_t>(roster.hosts_that_are(HostState::open));
    return areas;
}

std::int64_t broken_there(const GroupRule& rule, std::int64_t members, std::int64_t fewest) {
    switch (rule.wish) {
        case GroupRule::Wish::apart: return std::max<std::int64_t>(0, members - rule.most);
        case GroupRule::Wish::together: return members > 0 ? 0 : 1;
        case GroupRule::Wish::spread:
            return std::max<std::int64_t>(0, members - fewest - rule.most);
    }
    base::broken("a wish that is none");
}

std::int64_t fewest_members(const Areas& areas) {
    if (!areas.all) return 0;
    std::optional<std::int64_t> fewest;
    for (const Area& area : areas.with_members)
        fewest = std::min(fewest.value_or(area.members), area.members);
    return fewest.value_or(0);
}

Verdict verdict(const Roster& roster, const GroupRule& rule) {
    const GroupCount* group = roster.group(rule.group);
    if (group == nullptr) return {};
    const Areas areas = areas_of(roster, *group, rule.domain);
    const std::int64_t fewest = fewest_members(areas);
    Verdict result{{}, broken_there(rule, 0, fewest)};
    for (const Area& area : areas.with_members)
        for (const HostSlot slot : area.hosts)
            result.hosts.push_back({slot, broken_there(rule, area.members, fewest)});
    return result;
}

}  // namespace

Verdict verdict_on(const Roster& roster, const Rule& rule) {
    return std::visit([&](const auto& each) { return verdict(roster, each); }, rule);
}

Near::Near(const Roster& roster, const Request& request, std::int64_t fitting, const Fits& fits) {
    std::int64_t left = fitting;
    for (std::size_t index = 0; index < request.rules.size(); ++index) {
        const Rule& rule = request.rules[index];
        if (std::holds_alternative<TraitRule>(rule)) continue;
        const Verdict verdict = verdict_on(roster, rule);
        if (strength_of(rule) == Strength::soft) {
            soft(index, verdict);
            continue;
        }
        const std::int64_t before = left;
        hard(verdict, left, fits);
        const Asked asked = std::holds_alternative<HostsRule>(rule) ? Asked::hosts : Asked::group;
        if (before > left)
            removed_.push_back({asked, static_cast<std::uint8_t>(index), before - left});
    }
    for (const auto& [slot, note] : notes_)
        if (!note.removed && note.allowed_by == few_rules_ && fits(slot)) special_.push_back(slot);
}

const Near::Note* Near::find(HostSlot slot) const {
    const auto at = notes_.find(slot);
    return at == notes_.end() ? nullptr : &at->second;
}

void Near::hard(const Verdict& verdict, std::int64_t& left, const Fits& fits) {
    const bool only_few = verdict.others > 0;
    if (only_few) left = 0;
    for (const auto& [slot, broken] : verdict.hosts) {
        Note& note = notes_[slot];
        const bool was_left = !note.removed && note.allowed_by == few_rules_ && fits(slot);
        if (broken > 0) {
            note.removed = true;
            if (was_left && !only_few) --left;
        } else if (only_few && was_left) {
            ++note.allowed_by;
            ++left;
        }
    }
    if (!only_few) return;
    ++few_rules_;
    only_special_ = true;
}

void Near::soft(std::size_t index, const Verdict& verdict) {
    plain_ += yielded_by(index, verdict.others);
    for (const auto& [slot, broken] : verdict.hosts) {
        notes_[slot].more += yielded_by(index, broken);
        notes_[slot].less += yielded_by(index, verdict.others);
    }
}

bool Near::is_plain(HostSlot slot) const {
    return !only_special_ && !notes_.contains(slot);
}

Yielded Near::yielded(HostSlot slot) const {
    const Note* note = find(slot);
    return note == nullptr ? plain_ : plain_ - note->less + note->more;
}

}  // namespace vdc::placement
