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

/// The two best hosts of which nothing special is said.
template <class IsPlain>
void tell_plain(Podium& podium, Ranking::Walk walk, Yielded more, IsPlain is_plain) {
    int told = 0;
    while (told < 2) {
        auto next = walk.next();
        if (!next) return;
        if (!is_plain(*next)) continue;
        next->yielded += more;
        podium.tell(*next);
        ++told;
    }
}

}  // namespace

void Fleet::set_mix(Mix mix) {
    if (mix == mix_) return;
    mix_ = std::move(mix);
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
    rankings_[turn_]->refresh(roster_, mix_);
}

Ranking& Fleet::ranking_of(const Request& request) {
    Shape shape = shape_of(request);
    const auto known = std::find_if(rankings_.begin(), rankings_.end(),
                                    [&](const auto& ranking) { return ranking->shape() == shape; });
    if (known != rankings_.end()) {
        if (known != rankings_.begin()) std::iter_swap(known, std::prev(known));
        return **(known == rankings_.begin() ? known : std::prev(known));
    }
    if (rankings_.size() == rankings_max) rankings_.pop_back();
    rankings_.push_back(std::make_unique<Ranking>(std::move(shape)));
    return *rankings_.back();
}

Decision Fleet::decide(const Request& request) {
    roster_.settle();
    Ranking& ranking = ranking_of(request);
    ranking.refresh(roster_, mix_);
    Decision decision = begun(roster_, request);
    ranking.append_removed(decision.removed);
    Podium podium;
    if (!has_rules_about_single_hosts(request)) {
        tell_plain(podium, Ranking::Walk(ranking, roster_), 0,
                   [](const Standing&) { return true; });
    } else {
        const auto fits = [&](HostSlot slot) {
            const Roster::Entry& host = roster_.host(slot);
            return host.on_shelf && ranking.fit(host.shelf).fits;
        };
        const Near near(roster_, request, ranking.fitting(), fits);
        for (const HostSlot slot : near.special()) {
            const Fit& fit = ranking.fit(roster_.host(slot).shelf);
            podium.tell({fit.yielded + near.yielded(slot), fit.score, roster_.host(slot).rank});
        }
        if (!near.only_special())
            tell_plain(podium, Ranking::Walk(ranking, roster_), near.yielded_by_plain(),
                       [&](const Standing& standing) {
                           return near.is_plain(roster_.by_rank()[standing.rank]);
                       });
        decision.removed.insert(decision.removed.end(), near.removed().begin(),
                                near.removed().end());
        std::sort(decision.removed.begin(), decision.removed.end());
    }
    if (decision.short_of_shared || !podium.first) return decision;
    decision.best = ranked(roster_, *podium.first);
    decision.seat = ranking.fit(roster_.host(roster_.by_rank()[podium.first->rank]).shelf).seat;
    if (podium.second) decision.runner_up = ranked(roster_, *podium.second);
    return decision;
}

}  // namespace vdc::placement
