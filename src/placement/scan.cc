#include <algorithm>

#include "placement/fleet.h"

// The oracle: it counts groups by asking every instance and rules by asking every host, and shares
// with the quick way only what one host's fit is (fit.h) and the order of hosts (better).
namespace vdc::placement {

namespace {

bool is_open(const Roster& roster, HostSlot slot) {
    return roster.host(slot).spec->state == HostState::open;
}

std::int64_t members_on(const Roster& roster, HostSlot slot, const Group& group) {
    std::int64_t members = 0;
    for (GuestSlot at = roster.host(slot).first; at != Roster::nobody; at = roster.guest(at).next) {
        const auto& groups = roster.groups(roster.guest(at));
        members += std::count(groups.begin(), groups.end(), group);
    }
    return members;
}

/// Whether both lie in the same area of that domain.
bool are_near(const Roster& roster, HostSlot a, HostSlot b, const std::string& domain) {
    if (a == b) return true;
    const auto& of_a = roster.host(a).spec->domains;
    const auto& of_b = roster.host(b).spec->domains;
    const auto in_a = of_a.find(domain);
    const auto in_b = of_b.find(domain);
    return in_a != of_a.end() && in_b != of_b.end() && in_a->second == in_b->second;
}

class Scan {
  public:
    Scan(const Roster& roster, const Appraiser& appraiser, const Request& request,
         const Inquiry& inquiry)
        : roster_(roster), appraiser_(appraiser), request_(request), inquiry_(inquiry) {
        for (HostSlot slot : roster.by_rank()) slots_.push_back(slot);
    }

    Decision decide() {
        Decision decision;
        decision.candidates = static_cast<std::int64_t>(slots_.size());
        std::vector<std::pair<Position, Seat>> left;
        for (const HostSlot slot : slots_)
            if (const auto fit = ask(slot))
                left.push_back({{fit->yielded, fit->score, roster_.host(slot).rank}, fit->seat});
        std::sort(left.begin(), left.end(),
                  [](const auto& a, const auto& b) { return better(a.first, b.first); });
        if (inquiry_.rather)
            std::stable_partition(left.begin(), left.end(), [&](const auto& each) {
                return inquiry_.rather(id_of(each.first));
            });
        decision.removed = removed_;
        for (std::size_t index = 0; index < request_.shared.size(); ++index)
            if (const SharedNeed& need = request_.shared[index];
                need.amount > 0 && need.amount > roster_.shared_left(need.name) &&
                !decision.short_of_shared)
                decision.short_of_shared = index;
        if (decision.short_of_shared) return decision;
        drop_refused(left, decision);
        if (left.empty()) return decision;
        decision.best = ranked(left[0].first);
        decision.seat = left[0].second;
        if (left.size() > 1) decision.runner_up = ranked(left[1].first);
        return decision;
    }

  private:
    model::HostId id_of(const Position& position) const {
        return roster_.host(roster_.by_rank()[position.rank]).id;
    }

    Ranked ranked(const Position& position) const {
        return {id_of(position), rules_in(position.yielded), position.score};
    }

    void drop_refused(std::vector<std::pair<Position, Seat>>& left, Decision& decision) const {
        if (!inquiry_.allowed) return;
        std::ptrdiff_t refused = 0;
        const auto count = static_cast<std::ptrdiff_t>(left.size());
        while (refused < count &&
               !inquiry_.allowed(id_of(left[static_cast<std::size_t>(refused)].first)))
            if (++refused == Inquiry::refusals_max) refused = count;
        if (refused > 0) decision.removed.push_back({Asked::allowed, 0, refused});
        left.erase(left.begin(), left.begin() + refused);
    }

    std::int64_t members_near(HostSlot slot, const GroupRule& rule) const {
        std::int64_t members = 0;
        for (const HostSlot other : slots_)
            if (are_near(roster_, slot, other, rule.domain))
                members += members_on(roster_, other, rule.group);
        return members;
    }

    std::int64_t broken(const TraitRule&, HostSlot) const { return 0; }

    std::int64_t broken(const HostsRule& rule, HostSlot slot) const {
        const bool named = std::find(rule.hosts.begin(), rule.hosts.end(), roster_.host(slot).id) !=
                           rule.hosts.end();
        return named == rule.wanted ? 0 : 1;
    }

    std::int64_t broken(const GroupRule& rule, HostSlot slot) const {
        const std::int64_t members = members_near(slot, rule);
        if (rule.wish == GroupRule::Wish::apart)
            return std::max<std::int64_t>(0, members - rule.most);
        if (rule.wish == GroupRule::Wish::together) {
            const bool any = std::any_of(slots_.begin(), slots_.end(), [&](HostSlot other) {
                return members_on(roster_, other, rule.group) > 0;
            });
            return any && members == 0 ? 1 : 0;
        }
        std::optional<std::int64_t> fewest;
        for (const HostSlot other : slots_)
            if (is_open(roster_, other))
                fewest = std::min(fewest.value_or(amount_max), members_near(other, rule));
        return std::max<std::int64_t>(0, members - fewest.value_or(0) - rule.most);
    }

    void remove(Asked asked, std::uint8_t index) {
        const auto at = std::find_if(removed_.begin(), removed_.end(), [&](const Removed& each) {
            return std::pair{each.asked, each.index} >= std::pair{asked, index};
        });
        if (at != removed_.end() && at->asked == asked && at->index == index)
            ++at->hosts;
        else
            removed_.insert(at, {asked, index, 1});
    }

    /// Its fit with all that soft rules say of it, unless a hard one removes it.
    std::optional<Fit> ask(HostSlot slot) {
        const Roster::Entry& host = roster_.host(slot);
        if (host.spec->state == HostState::down) return remove(Asked::up, 0), std::nullopt;
        if (host.spec->state == HostState::closed) return remove(Asked::open, 0), std::nullopt;
        const HostClass& what = roster_.shelves().host_class(roster_.class_of(slot));
        Fit fit = fit_of_class(request_, what);
        if (!fit.fits) return remove(fit.asked, fit.index), std::nullopt;
        const Yielded of_class = fit.yielded;
        fit = fit_of_room(appraiser_, request_.needs, what, roster_.room(slot),
                          appraiser_.worth(what, roster_.room(slot)));
        if (!fit.fits) return remove(fit.asked, fit.index), std::nullopt;
        fit.yielded = of_class;
        for (std::size_t index = 0; index < request_.rules.size(); ++index) {
            const Rule& rule = request_.rules[index];
            const std::int64_t times =
                std::visit([&](const auto& each) { return broken(each, slot); }, rule);
            if (std::holds_alternative<TraitRule>(rule)) continue;
            if (strength_of(rule) == Strength::soft)
                fit.yielded += yielded_by(index, times);
            else if (times > 0)
                return remove(std::holds_alternative<HostsRule>(rule) ? Asked::hosts : Asked::group,
                              static_cast<std::uint8_t>(index)),
                       std::nullopt;
        }
        return fit;
    }

    const Roster& roster_;
    const Appraiser& appraiser_;
    const Request& request_;
    const Inquiry& inquiry_;
    std::vector<HostSlot> slots_;
    std::vector<Removed> removed_;
};

}  // namespace

Decision decide_by_scan(const Roster& roster, const Appraiser& appraiser, const Request& request,
                        const Inquiry& inquiry) {
    return Scan(roster, appraiser, request, inquiry).decide();
}

}  // namespace vdc::placement
