#include "placement/fit.h"

#include <algorithm>

namespace vdc::placement {

Yielded yielded_by(std::size_t index, std::int64_t times) {
    const auto nibble = static_cast<Yielded>(std::min(times, yielded_most));
    return nibble << (4 * (soft_rules_max - 1 - index));
}

std::vector<std::uint8_t> rules_in(Yielded yielded) {
    std::vector<std::uint8_t> rules;
    for (std::size_t index = 0; index < soft_rules_max; ++index)
        if ((yielded >> (4 * (soft_rules_max - 1 - index)) & 15) != 0)
            rules.push_back(static_cast<std::uint8_t>(index));
    return rules;
}

Fit fit_of_class(const Request& request, const HostClass& host_class) {
    Fit fit;
    if (!host_class.dedication.empty() && host_class.dedication != request.dedication) {
        fit.asked = Asked::dedication;
        return fit;
    }
    for (std::size_t index = 0; index < request.rules.size(); ++index) {
        const auto* rule = std::get_if<TraitRule>(&request.rules[index]);
        if (rule == nullptr || host_class.traits.contains(rule->trait) == rule->wanted) continue;
        if (rule->strength == Strength::soft) {
            fit.yielded += yielded_by(index, 1);
            continue;
        }
        fit.asked = Asked::trait;
        fit.index = static_cast<std::uint8_t>(index);
        return fit;
    }
    fit.fits = true;
    return fit;
}

static void say_what_is_short(Fit& fit, Want want, const Room& room, const Needs& needs) {
    switch (want) {
        case Want::nothing: return;
        case Want::models: fit.asked = Asked::models; return;
        case Want::accelerators: fit.asked = Asked::accelerators; return;
        case Want::cells: fit.asked = Asked::cells; return;
        case Want::amounts:
            fit.asked = Asked::amount;
            fit.index = short_of(room, needs);
            return;
    }
}

Fit fit_of_room(const Appraiser& appraiser, const Needs& needs, const HostClass& host_class,
                const Room& room, std::int64_t worth) {
    Fit fit;
    const auto with = [&](Seat seat) {
        Room after = room;
        take(after, needs, seat);
        const std::int64_t score = appraiser.score(host_class, room, worth, after);
        if (fit.fits && score <= fit.score) return;
        fit.fits = true;
        fit.score = score;
        fit.seat = seat;
    };
    say_what_is_short(fit, each_seat(room, host_class.models, needs, with), room, needs);
    return fit;
}

}  // namespace vdc::placement
