#include "placement/near.h"

#include <algorithm>

namespace vdc::placement {

namespace {

std::uint32_t value_of(const Roster& roster, HostSlot slot, std::uint32_t domain) {
    const auto& values = roster.host(slot).values;
    return domain < values.size() ? values[domain] : 0;
}

void keep_each_once(std::vector<HostSlot>& slots) {
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
}

}  // namespace

// ---- one rule ----------------------------------------------------------------------------------

Judge::Judge(const Roster& roster, std::size_t index, const Rule& rule, const Judge* before)
    : roster_(roster),
      index_(index),
      strength_(strength_of(rule)),
      hosts_rule_(std::get_if<HostsRule>(&rule)),
      group_rule_(std::get_if<GroupRule>(&rule)) {
    if (hosts_rule_ != nullptr) {
        for (const model::HostId id : hosts_rule_->hosts)
            if (const auto slot = roster.find(id)) slots_.push_back(*slot);
        keep_each_once(slots_);
    }
    if (group_rule_ == nullptr) return;
    group_ = find_group(before);
    if (!group_rule_->domain.empty()) domain_ = roster.domain(group_rule_->domain);
    if (group_ != nullptr && group_rule_->wish == GroupRule::Wish::spread)
        fewest_ = fewest_members();
}

const GroupCount* Judge::find_group(const Judge* before) const {
    const bool same = before != nullptr && before->group_rule_ != nullptr &&
                      before->group_rule_->group == group_rule_->group;
    return same ? before->group_ : roster_.group(group_rule_->group);
}

/// Of all areas with open hosts: values of the domain, and single hosts that have none. More than
/// 0 only if each has some, and then all are among those that the group counts.
std::int64_t Judge::fewest_members() const {
    const std::int64_t open = roster_.hosts_that_are(HostState::open);
    const Roster::DomainUse use = domain_ ? roster_.use_of(*domain_) : Roster::DomainUse{};
    std::int64_t areas = use.values + open - use.hosts;
    if (group_->all < areas) return 0;
    std::int64_t fewest = amount_max;
    const auto count = [&](std::int64_t members) {
        --areas;
        fewest = std::min(fewest, members);
    };
    if (domain_)
        for (const auto& [value, members] : group_->in_domain)
            if (value.domain == *domain_ && !roster_.sharing(value).empty()) count(members);
    for (const auto& [slot, members] : group_->on_host)
        if (roster_.is_open(slot) && (!domain_ || value_of(roster_, slot, *domain_) == 0))
            count(members);
    return areas == 0 ? fewest : 0;
}

std::int64_t Judge::members_near(HostSlot slot) const {
    const std::uint32_t value = domain_ ? value_of(roster_, slot, *domain_) : 0;
    return value != 0 ? group_->in_domain.of({*domain_, value}) : group_->on_host.of(slot);
}

std::int64_t Judge::broken_on(HostSlot slot) const {
    if (hosts_rule_ != nullptr)
        return std::binary_search(slots_.begin(), slots_.end(), slot) == hosts_rule_->wanted ? 0
                                                                                             : 1;
    return group_ == nullptr ? 0 : broken_by(members_near(slot));
}

/// About a group: where so many of it are near.
std::int64_t Judge::broken_by(std::int64_t members) const {
    switch (group_rule_->wish) {
        case GroupRule::Wish::apart: return std::max<std::int64_t>(0, members - group_rule_->most);
        case GroupRule::Wish::together: return members > 0 ? 0 : 1;
        case GroupRule::Wish::spread:
            return std::max<std::int64_t>(0, members - fewest_ - group_rule_->most);
    }
    base::broken("a wish that is none");
}

bool Judge::wants_few() const {
    if (hosts_rule_ != nullptr) return hosts_rule_->wanted;
    return group_ != nullptr && group_rule_->wish == GroupRule::Wish::together;
}

std::vector<HostSlot> Judge::named() const {
    std::vector<HostSlot> named = slots_;
    if (group_ != nullptr) {
        if (domain_)
            for (const auto& [value, members] : group_->in_domain) {
                if (value.domain != *domain_) continue;
                const std::set<HostSlot>& hosts = roster_.sharing(value);
                named.insert(named.end(), hosts.begin(), hosts.end());
            }
        for (const auto& [slot, members] : group_->on_host)
            if (!domain_ || value_of(roster_, slot, *domain_) == 0) named.push_back(slot);
    }
    std::erase_if(named, [&](HostSlot slot) { return !roster_.is_open(slot); });
    keep_each_once(named);
    return named;
}

// ---- all of them -------------------------------------------------------------------------------

Near::Near(const Roster& roster, const Request& request, std::int64_t fitting, const Fits& fits,
           Explained explained) {
    judges_.reserve(request.rules.size());
    for (std::size_t index = 0; index < request.rules.size(); ++index)
        if (!std::holds_alternative<TraitRule>(request.rules[index]))
            judges_.emplace_back(roster, index, request.rules[index],
                                 judges_.empty() ? nullptr : &judges_.back());
    std::int64_t left = fitting;
    for (const Judge& judge : judges_) {
        if (judge.strength() == Strength::hard && explained == Explained::yes)
            count_removed(judge, left, fits);
        if (judge.strength() == Strength::soft)
            least_ += yielded_by(judge.index(), judge.broken_elsewhere());
        if (!judge.wants_few()) continue;
        only_wanted_ = only_wanted_ || judge.strength() == Strength::hard;
        const std::vector<HostSlot> named = judge.named();
        wanted_.insert(wanted_.end(), named.begin(), named.end());
    }
    keep_each_once(wanted_);
    std::erase_if(wanted_, [&](HostSlot slot) { return removes(slot) || !fits(slot); });
}

/// Whether the hard rules before this one keep the host.
bool Near::kept_before(const Judge& judge, HostSlot slot) const {
    for (const Judge& other : judges_) {
        if (&other == &judge) return true;
        if (other.strength() == Strength::hard && other.broken_on(slot) > 0) return false;
    }
    return true;
}

/// Counts whom the rule removes of those who were left.
void Near::count_removed(const Judge& judge, std::int64_t& left, const Fits& fits) {
    std::int64_t removed = judge.wants_few() ? left : 0;
    judge.each_named([&](HostSlot slot, std::int64_t broken) {
        const bool breaks = broken > 0;
        if (breaks == judge.wants_few() || !kept_before(judge, slot) || !fits(slot)) return;
        removed += breaks ? 1 : -1;
    });
    left -= removed;
    if (removed > 0)
        removed_.push_back({judge.asked(), static_cast<std::uint8_t>(judge.index()), removed});
}

bool Near::is_wanted(HostSlot slot) const {
    return std::binary_search(wanted_.begin(), wanted_.end(), slot);
}

bool Near::removes(HostSlot slot) const {
    return std::any_of(judges_.begin(), judges_.end(), [&](const Judge& judge) {
        return judge.strength() == Strength::hard && judge.broken_on(slot) > 0;
    });
}

Yielded Near::yielded(HostSlot slot) const {
    Yielded sum = 0;
    for (const Judge& judge : judges_)
        if (judge.strength() == Strength::soft)
            sum += yielded_by(judge.index(), judge.broken_on(slot));
    return sum;
}

}  // namespace vdc::placement
