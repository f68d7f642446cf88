#include "placement/request.h"

#include <algorithm>

#include "base/text.h"

namespace vdc::placement {

using base::Error;
using base::Status;

Strength strength_of(const Rule& rule) {
    return std::visit([](const auto& each) { return each.strength; }, rule);
}

bool has_room_for_a_rule(const Request& request) {
    return request.rules.size() < rules_max;
}

Request with_rule(Request request, Rule rule) {
    base::check(has_room_for_a_rule(request), "a rule too many");
    request.rules.push_back(std::move(rule));
    return request;
}

namespace {

std::string near(const GroupRule& rule) {
    return rule.domain.empty() ? "on a host" : "by " + rule.domain;
}

std::string words(const TraitRule& rule) {
    return (rule.wanted ? "is " : "is not ") + rule.trait;
}

std::string words(const GroupRule& rule) {
    const std::string most = rule.most > 0 ? ", at most " + std::to_string(rule.most) : "";
    switch (rule.wish) {
        case GroupRule::Wish::apart: return "keeps its group apart " + near(rule) + most;
        case GroupRule::Wish::together: return "keeps its group together " + near(rule);
        case GroupRule::Wish::spread: return "spreads its group " + near(rule) + most;
    }
    base::broken("a wish that is none");
}

std::string words(const HostsRule& rule) {
    return rule.wanted ? "is one of those that hold what it needs" : "is not one to be avoided";
}

Error nonsense(std::string message, std::string hint) {
    return {Error::Code::invalid, std::move(message), std::move(hint)};
}

Status check_needs(const Kinds& kinds, const Needs& needs) {
    TRY(check_amounts("the request", kinds, needs.amounts));
    if (needs.huge_pages < 0 || needs.huge_pages > needs.amounts[Kinds::memory])
        return nonsense("the request asks for " + std::to_string(needs.huge_pages) +
                            " MiB of huge pages in " +
                            std::to_string(needs.amounts[Kinds::memory]) + " MiB of memory",
                        "huge pages are a part of its memory");
    if (needs.cells > cells_max)
        return nonsense("the request is split over " + std::to_string(needs.cells) + " cells",
                        "a host has at most " + std::to_string(cells_max));
    if (needs.accelerators > accelerators_max)
        return nonsense("the request asks for " + std::to_string(needs.accelerators) +
                            " accelerators of one host",
                        "a host has at most " + std::to_string(accelerators_max));
    if (needs.thousandths < 1 || needs.thousandths > whole ||
        (needs.accelerators > 1 && needs.thousandths != whole))
        return nonsense("the request asks for " + std::to_string(needs.thousandths) +
                            " thousandths of each of " + std::to_string(needs.accelerators) +
                            " accelerators",
                        "ask for a part of one, or for whole ones");
    return {};
}

Status check_rule(const Rule& rule) {
    if (const auto* trait = std::get_if<TraitRule>(&rule); trait && trait->trait.empty())
        return nonsense("a rule names no trait of hosts", "name one, for example disk=ssd");
    if (const auto* group = std::get_if<GroupRule>(&rule)) {
        if (group->most < 0 || group->most > amount_max)
            return nonsense("a rule allows " + std::to_string(group->most) + " of a group",
                            "0 is the least");
        if (!group->group) return nonsense("a rule names no group", "name one");
    }
    const auto* hosts = std::get_if<HostsRule>(&rule);
    if (hosts && hosts->wanted && hosts->hosts.empty() && hosts->strength == Strength::hard)
        return nonsense("a rule allows no host at all", "name a host, or leave the rule out");
    return {};
}

bool contradict(const TraitRule& a, const TraitRule& b) {
    return a.trait == b.trait && a.wanted != b.wanted;
}

/// Together with a group from which one has to be apart: where one of it is, none may be.
bool contradict(const GroupRule& a, const GroupRule& b) {
    return a.group == b.group && a.domain == b.domain && a.wish == GroupRule::Wish::together &&
           b.wish == GroupRule::Wish::apart && b.most == 0;
}

/// Every host that will do is one to be avoided, or is none of those of the other rule.
bool contradict(const HostsRule& a, const HostsRule& b) {
    if (!a.wanted) return false;
    return std::none_of(a.hosts.begin(), a.hosts.end(), [&](model::HostId host) {
        const bool named = std::find(b.hosts.begin(), b.hosts.end(), host) != b.hosts.end();
        return named == b.wanted;
    });
}

bool contradict(const auto&, const auto&) {
    return false;
}

/// Both hard, and no host can keep the one and the other; asked of each pair in both orders.
bool contradict_as_hard(const Rule& a, const Rule& b) {
    if (strength_of(a) == Strength::soft || strength_of(b) == Strength::soft) return false;
    return std::visit([](const auto& one, const auto& other) { return contradict(one, other); }, a,
                      b);
}

}  // namespace

std::string words_of(const Rule& rule) {
    return std::visit([](const auto& each) { return words(each); }, rule);
}

Status check_request(const Kinds& kinds, const Request& request) {
    TRY(check_needs(kinds, request.needs));
    if (request.rules.size() > rules_max || request.groups.size() > groups_max)
        return nonsense("the request has " + std::to_string(request.rules.size()) + " rules and " +
                            std::to_string(request.groups.size()) + " groups",
                        "at most " + std::to_string(rules_max) + " and " +
                            std::to_string(groups_max) + " are looked at");
    for (std::size_t index = soft_rules_max; index < request.rules.size(); ++index)
        if (strength_of(request.rules[index]) == Strength::soft)
            return nonsense("the request's rule " + std::to_string(index + 1) + " is soft",
                            "soft rules are among the first " + std::to_string(soft_rules_max));
    for (const SharedNeed& need : request.shared)
        if (need.amount < 0 || need.amount > amount_max)
            return nonsense("the request asks for " + std::to_string(need.amount) + " of " +
                                base::quoted(need.name),
                            "amounts lie between 0 and " + std::to_string(amount_max));
    for (const Rule& rule : request.rules) {
        TRY(check_rule(rule));
        for (const Rule& other : request.rules)
            if (contradict_as_hard(rule, other))
                return nonsense("two hard rules contradict each other: '" + words_of(rule) +
                                    "' and '" + words_of(other) + "'",
                                "make one of them soft, or leave it out");
    }
    return {};
}

}  // namespace vdc::placement
