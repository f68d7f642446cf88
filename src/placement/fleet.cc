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
Decision begun(const Roster& roster, const Request& request, Explained explained) {
    Decision decision;
    for (std::size_t index = 0; index < request.shared.size(); ++index) {
        const SharedNeed& need = request.shared[index];
        if (need.amount > 0 && need.amount > roster.shared_left(need.name) &&
            !decision.short_of_shared)
            decision.short_of_shared = index;
    }
    if (explained == Explained::no) return decision;
    decision.candidates = static_cast<std::int64_t>(roster.hosts());
    decision.removed.reserve(8);
    if (const auto down = roster.hosts_that_are(HostState::down); down > 0)
        decision.removed.push_back({Asked::up, 0, down});
    if (const auto closed = roster.hosts_that_are(HostState::closed); closed > 0)
        decision.removed.push_back({Asked::open, 0, closed});
    return decision;
}

bool has_rules_about_single_hosts(const Request& request) {
    return std::any_of(request.rules.begin(), request.rules.end(),
                       [](const Rule& rule) { return !std::holds_alternative<TraitRule>(rule); });
}

/// The classes of hosts, as far as the request may come to them.
std::vector<Fit> ask_classes(const Roster& roster, const Request& request) {
    std::vector<Fit> fits;
    fits.reserve(roster.shelves().classes());
    for (ClassId id = 0; id < roster.shelves().classes(); ++id)
        fits.push_back(fit_of_class(request, roster.shelves().host_class(id)));
    return fits;
}

/// So many hosts more were removed by that of which one of `removed` from `first` on may tell.
void add_removed(const Removed& more, std::size_t first, std::vector<Removed>& removed) {
    const auto same = [&](const Removed& each) {
        return each.asked == more.asked && each.index == more.index;
    };
    const auto at =
        std::find_if(removed.begin() + static_cast<std::ptrdiff_t>(first), removed.end(), same);
    if (at == removed.end())
        removed.push_back(more);
    else
        at->hosts += more.hosts;
}

/// Tells what classes and rooms removed; how many hosts are left.
std::int64_t count_by_shelves(const Ranking& ranking, const std::vector<Fit>& classes,
                              std::vector<Removed>& removed) {
    std::int64_t fitting = 0;
    std::array<std::int64_t, Ranking::questions_max> by_room{};
    const std::size_t first = removed.size();
    for (ClassId id = 0; id < classes.size(); ++id) {
        const Fit& fit = classes[id];
        if (!fit.fits && ranking.hosts(id) > 0)
            add_removed({fit.asked, fit.index, ranking.hosts(id)}, first, removed);
        if (!fit.fits) continue;
        fitting += ranking.fitting(id);
        for (std::size_t at = 0; at < ranking.questions().size(); ++at)
            by_room[at] += ranking.removed(id, at);
    }
    for (std::size_t at = 0; at < ranking.questions().size(); ++at) {
        if (by_room[at] == 0) continue;
        removed.push_back(ranking.questions()[at]);
        removed.back().hosts = by_room[at];
    }
    return fitting;
}

/// Hosts that hold a request, as far as shelves tell.
struct Holding {
    const Roster& roster;
    const Ranking& ranking;
    const std::vector<Fit>& classes;

    bool operator()(HostSlot slot) const {
        return roster.is_open(slot) && ranking.holds(roster.shelf_of(slot)) &&
               classes[roster.class_of(slot)].fits;
    }
};

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
    const bool explained = inquiry.explained == Explained::yes;
    if (refused > 0 && explained)
        decision.removed.push_back({Asked::allowed, 0, best ? refused : left});
    if (!best) return {};
    decision.best = ranked(roster, *best);
    if (!explained) return best;
    if (const auto second = hosts.next()) decision.runner_up = ranked(roster, *second);
    return best;
}

Decision Fleet::decide(const Request& request, const Inquiry& inquiry) {
    roster_.settle();
    Ranking& ranking = ranking_of(request.needs);
    ranking.refresh(roster_, worths_);
    const bool explained = inquiry.explained == Explained::yes;
    Decision decision = begun(roster_, request, inquiry.explained);
    const std::vector<Fit> classes = ask_classes(roster_, request);
    std::int64_t left = explained ? count_by_shelves(ranking, classes, decision.removed) : 0;
    Ranking::Walk walk(ranking, roster_);
    for (ClassId id = 0; id < classes.size(); ++id)
        if (classes[id].fits) walk.add(id, classes[id].yielded);
    Candidates candidates(roster_, std::move(walk));
    std::optional<Near> near;
    if (has_rules_about_single_hosts(request)) {
        const Holding holding{roster_, ranking, classes};
        near.emplace(roster_, request, left, std::cref(holding), inquiry.explained);
        std::vector<Position> wanted;
        for (const HostSlot slot : near->wanted()) {
            const Roster::Entry& host = roster_.host(slot);
            const Shelf& shelf = roster_.shelves()[roster_.shelf_of(slot)];
            wanted.push_back({classes[roster_.class_of(slot)].yielded + near->yielded(slot),
                              ranking.score(shelf), host.rank});
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
        decision.seat =
            ranking.seat(roster_.shelves()[roster_.shelf_of(roster_.by_rank()[best->rank])]);
    return decision;
}

Decision Fleet::decide_on(model::HostId id, const Request& request, const Inquiry& inquiry) {
    roster_.settle();
    Decision decision = begun(roster_, request, Explained::yes);
    const auto slot = roster_.find(id);
    const bool asked = slot && roster_.is_open(*slot);
    const std::int64_t others = roster_.hosts_that_are(HostState::open) - (asked ? 1 : 0);
    if (others > 0) decision.removed.push_back({Asked::hosts, 0, others});
    if (!asked) return decision;
    const HostClass& what = roster_.shelves().host_class(roster_.class_of(*slot));
    Fit fit = fit_of_class(request, what);
    const Yielded yielded = fit.yielded;
    if (fit.fits)
        fit = fit_of_room(worths_.appraiser(), request.needs, what, roster_.room(*slot),
                          worths_.of(roster_, roster_.shelf_of(*slot)));
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
