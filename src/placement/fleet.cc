#include "placement/fleet.h"

#include <algorithm>

#include "placement/candidates.h"

namespace vdc::placement {

using base::check;

namespace {

Ranked ranked(const Roster& roster, const Position& position) {
    return {roster.host(roster.by_rank()[position.rank]).id, rules_in(position.yielded),
            position.score};
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

std::size_t Fleet::rankings_kept() const {
    const std::size_t shelves = std::max<std::size_t>(1, roster_.shelves().count());
    return std::clamp<std::size_t>(ranked_shelves_max / shelves, 4, rankings_max);
}

Ranking& Fleet::ranking_of(const Needs& needs) {
    const auto known = std::find_if(rankings_.begin(), rankings_.end(),
                                    [&](const auto& ranking) { return ranking->needs() == needs; });
    if (known == rankings_.begin() && known != rankings_.end()) return **known;
    if (known != rankings_.end()) {
        std::iter_swap(known, std::prev(known));
        return **std::prev(known);
    }
    while (rankings_.size() >= rankings_kept()) rankings_.pop_back();
    rankings_.push_back(std::make_unique<Ranking>(needs));
    return *rankings_.back();
}

/// Takes the best that is allowed, and the next one behind it. `left`: how many hosts there are.
static std::optional<Position> choose(Favourites& hosts, const Roster& roster,
                                      const Inquiry& inquiry, std::int64_t left,
                                      Decision& decision) {
    const auto refuses = [&](const Position& position) {
        return inquiry.allowed && !inquiry.allowed(roster.host(roster.by_rank()[position.rank]).id);
    };
    std::int64_t refused = 0;
    std::optional<Position> best = hosts.next();
    while (best && refuses(*best))
        best = ++refused < Inquiry::refusals_max ? hosts.next() : std::nullopt;
    if (refused > 0) decision.removed.push_back({Asked::allowed, 0, best ? refused : left});
    if (!best) return {};
    decision.best = ranked(roster, *best);
    if (const auto second = hosts.next()) decision.runner_up = ranked(roster, *second);
    return best;
}

Decision Fleet::decide(const Request& request, const Inquiry& inquiry) {
    roster_.settle();
    Ranking& ranking = ranking_of(request.needs);
    ranking.refresh(roster_, worths_);
    Decision decision = begun(roster_, request);
    const Classes classes = ask_classes(roster_, ranking, request, decision.removed);
    Ranking::Walk walk(ranking, roster_);
    for (ClassId id = 0; id < classes.fits.size(); ++id)
        if (classes.fits[id].fits) walk.add(id, classes.fits[id].yielded);
    Candidates candidates(roster_, std::move(walk));
    std::optional<Near> near;
    std::int64_t left = classes.fitting;
    if (has_rules_about_single_hosts(request)) {
        const auto fits = [&](HostSlot slot) {
            const Roster::Entry& host = roster_.host(slot);
            return host.on_shelf && classes.fits[host.of_class].fits &&
                   ranking.fit(host.shelf).fits;
        };
        near.emplace(roster_, request, classes.fitting, fits);
        std::vector<Position> wanted;
        for (const HostSlot slot : near->wanted()) {
            const Roster::Entry& host = roster_.host(slot);
            wanted.push_back({classes.fits[host.of_class].yielded + near->yielded(slot),
                              ranking.fit(host.shelf).score, host.rank});
        }
        candidates.add_rules(*near, std::move(wanted));
        for (const Removed& each : near->removed()) {
            left -= each.hosts;
            decision.removed.push_back(each);
        }
    }
    std::sort(decision.removed.begin(), decision.removed.end());
    if (decision.short_of_shared) return decision;
    Favourites hosts(roster_, std::move(candidates), inquiry);
    if (const auto best = choose(hosts, roster_, inquiry, left, decision))
        decision.seat = ranking.fit(roster_.host(roster_.by_rank()[best->rank]).shelf).seat;
    return decision;
}

Decision Fleet::decide_on(model::HostId id, const Request& request, const Inquiry& inquiry) {
    roster_.settle();
    Decision decision = begun(roster_, request);
    const auto slot = roster_.find(id);
    const bool asked = slot && roster_.host(*slot).on_shelf;
    const std::int64_t others = roster_.hosts_that_are(HostState::open) - (asked ? 1 : 0);
    if (others > 0) decision.removed.push_back({Asked::hosts, 0, others});
    if (!asked) return decision;
    const Roster::Entry& host = roster_.host(*slot);
    const HostClass& what = roster_.shelves().host_class(host.of_class);
    Fit fit = fit_of_class(request, what);
    const Yielded yielded = fit.yielded;
    if (fit.fits)
        fit = fit_of_room(worths_.appraiser(), request.needs, what, roster_.room(*slot),
                          worths_.of(roster_, host.shelf));
    if (!fit.fits) {
        decision.removed.push_back({fit.asked, fit.index, 1});
        return decision;
    }
    const Near near(roster_, request, 1, [&](HostSlot other) { return other == *slot; });
    decision.removed.insert(decision.removed.end(), near.removed().begin(), near.removed().end());
    if (near.removes(*slot) || decision.short_of_shared) return decision;
    if (inquiry.allowed && !inquiry.allowed(id)) {
        decision.removed.push_back({Asked::allowed, 0, 1});
        return decision;
    }
    decision.best = Ranked{id, rules_in(yielded + near.yielded(*slot)), fit.score};
    decision.seat = fit.seat;
    return decision;
}

}  // namespace vdc::placement
