#include "placement/fleet.h"

#include <algorithm>

#include "placement/near.h"

namespace vdc::placement {

using base::check;

namespace {

bool better_of(const Standing& a, const std::optional<Standing>& b) {
    return !b || better(a, *b);
}

/// The two best of those that it is told.
struct Podium {
    std::optional<Standing> first;
    std::optional<Standing> second;

    void tell(const Standing& standing) {
        if (better_of(standing, first)) {
            second = first;
            first = standing;
        } else if (better_of(standing, second)) {
            second = standing;
        }
    }
};

Ranked ranked(const Roster& roster, const Standing& standing) {
    return {roster.host(roster.by_rank()[standing.rank]).id, rules_in(standing.yielded),
            standing.score};
}

/// Hosts that are asked nothing more, and what is shared.
Decision begun(const Roster& roster, const Request& request) {
    Decision decision;
    decision.candidates = static_cast<std::int64_t>(roster.hosts());
    if (const auto down = roster.hosts_that_are(HostState::down); down > 0)
        decision.removed.push_back({Asked::up, 0, down});
    if (const auto closed = roster.hosts_that_are(HostState::closed); closed > 0)
        decision.removed.push_back({Asked::open, 0, closed});
    for (std::size_t index = 0; index < request.shared.size(); ++index) {
        const SharedNeed& need = request.shared[index];
        if (need.amount > 0 && need.amount > roster.shared_left(need.name) &&
            !decision.short_of_shared)
            decision.short_of_shared = index;
    }
    return decision;
}

bool has_rules_about_single_hosts(const Request& request) {
    return std::any_of(request.rules.begin(), request.rules.end(),
                       [](const Rule& rule) { return !std::holds_alternative<TraitRule>(rule); });
}

/// Hosts from the best on that no rule asks for. Two of those that break as little as any of them
/// can are the best of them: all behind them are worse.
void tell_others(Podium& podium, Ranking::Walk& walk, const Roster& roster, const Near& near) {
    for (int told = 0; told < 2;) {
        auto next = walk.next();
        if (!next) return;
        const HostSlot slot = roster.by_rank()[next->rank];
        if (near.is_wanted(slot) || near.removes(slot)) continue;
        const Yielded yielded = near.yielded(slot);
        if (yielded == near.least()) ++told;
        next->yielded += yielded;
        podium.tell(*next);
    }
}

/// The classes that a request may come to, and what the others and their rooms removed.
struct Classes {
    std::vector<Fit> fits;  ///< by class
    std::int64_t fitting = 0;
    std::array<std::int64_t, Ranking::questions> by_room{};
};

Classes ask_classes(const Roster& roster, const Ranking& ranking, const Request& request,
                    std::vector<Removed>& removed) {
    Classes classes;
    const std::size_t first = removed.size();
    for (ClassId id = 0; id < roster.shelves().classes(); ++id) {
        classes.fits.push_back(fit_of_class(request, roster.shelves().host_class(id)));
        const Fit& fit = classes.fits.back();
        if (fit.fits) {
            classes.fitting += ranking.fitting(id);
            for (std::size_t at = 0; at < Ranking::questions; ++at)
                classes.by_room[at] += ranking.removed(id, at);
        } else if (ranking.hosts(id) > 0) {
            const auto same = [&](const Removed& each) {
                return each.asked == fit.asked && each.index == fit.index;
            };
            const auto at = std::find_if(removed.begin() + static_cast<std::ptrdiff_t>(first),
                                         removed.end(), same);
            if (at == removed.end())
                removed.push_back({fit.asked, fit.index, ranking.hosts(id)});
            else
                at->hosts += ranking.hosts(id);
        }
    }
    for (std::size_t at = 0; at < Ranking::questions; ++at) {
        if (classes.by_room[at] == 0) continue;
        removed.push_back(Ranking::question(at));
        removed.back().hosts = classes.by_room[at];
    }
    return classes;
}

}  // namespace

void Fleet::set_mix(Mix mix) {
    if (mix == worths_.appraiser().mix()) return;
    worths_ = Worths(Appraiser(std::move(mix)));
    rankings_.clear();
}

GuestSlot Fleet::put(model::HostId host, const Request& request, Seat seat) {
    const auto slot = roster_.find(host);
    check(slot.has_value(), "an instance is put on a host that is not there");
    const GuestSlot guest = roster_.put(*slot, request, seat);
    take_turns();
    return guest;
}

void Fleet::take_turns() {
    if (rankings_.empty() || rankings_.size() > turns_max) return;
    turn_ = (turn_ + 1) % rankings_.size();
    roster_.settle();
    rankings_[turn_]->refresh(roster_, worths_);
}

Ranking& Fleet::ranking_of(const Needs& needs) {
    const auto known = std::find_if(rankings_.begin(), rankings_.end(),
                                    [&](const auto& ranking) { return ranking->needs() == needs; });
    if (known == rankings_.begin() && known != rankings_.end()) return **known;
    if (known != rankings_.end()) {
        std::iter_swap(known, std::prev(known));
        return **std::prev(known);
    }
    if (rankings_.size() == rankings_max) rankings_.pop_back();
    rankings_.push_back(std::make_unique<Ranking>(needs));
    return *rankings_.back();
}

Decision Fleet::decide(const Request& request) {
    roster_.settle();
    Ranking& ranking = ranking_of(request.needs);
    ranking.refresh(roster_, worths_);
    Decision decision = begun(roster_, request);
    const Classes classes = ask_classes(roster_, ranking, request, decision.removed);
    Ranking::Walk walk(ranking, roster_);
    for (ClassId id = 0; id < classes.fits.size(); ++id)
        if (classes.fits[id].fits) walk.add(id, classes.fits[id].yielded);
    Podium podium;
    if (!has_rules_about_single_hosts(request)) {
        for (int count = 0; count < 2; ++count)
            if (const auto next = walk.next()) podium.tell(*next);
    } else {
        const auto fits = [&](HostSlot slot) {
            const Roster::Entry& host = roster_.host(slot);
            return host.on_shelf && classes.fits[host.of_class].fits &&
                   ranking.fit(host.shelf).fits;
        };
        const Near near(roster_, request, classes.fitting, fits);
        for (const HostSlot slot : near.wanted()) {
            const Roster::Entry& host = roster_.host(slot);
            podium.tell({classes.fits[host.of_class].yielded + near.yielded(slot),
                         ranking.fit(host.shelf).score, host.rank});
        }
        if (!near.only_wanted()) tell_others(podium, walk, roster_, near);
        decision.removed.insert(decision.removed.end(), near.removed().begin(),
                                near.removed().end());
    }
    std::sort(decision.removed.begin(), decision.removed.end());
    if (decision.short_of_shared || !podium.first) return decision;
    decision.best = ranked(roster_, *podium.first);
    decision.seat = ranking.fit(roster_.host(roster_.by_rank()[podium.first->rank]).shelf).seat;
    if (podium.second) decision.runner_up = ranked(roster_, *podium.second);
    return decision;
}

}  // namespace vdc::placement
