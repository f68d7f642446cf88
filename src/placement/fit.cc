#include "placement/fit.h"

#include <algorithm>

namespace vdc::placement {

Yielded yielded_by(std::size_t index, std::int64_t times) {
    const auto nibble = static_cast<Yielded>(std::min(times, yielded_most));
    return nibble << (4 * (rules_max - 1 - index));
}

std::vector<std::uint8_t> rules_in(Yielded yielded) {
    std::vector<std::uint8_t> rules;
    for (std::size_t index = 0; index < rules_max; ++index)
        if ((yielded >> (4 * (rules_max - 1 - index)) & 15) != 0)
            rules.push_back(static_cast<std::uint8_t>(index));
    return rules;
}

Shape shape_of(const Request& request) {
    Shape shape{request.needs, {}, request.dedication};
    for (std::size_t index = 0; index < request.rules.size(); ++index)
        if (const auto* trait = std::get_if<TraitRule>(&request.rules[index]))
            shape.traits.emplace_back(static_cast<std::uint8_t>(index), *trait);
    return shape;
}

/// The rules about what the host is: false when a hard one is not kept.
static bool rules_hold(const Shape& shape, const HostClass& host_class, Fit& fit) {
    for (const auto& [index, rule] : shape.traits) {
        if (host_class.traits.contains(rule.trait) == rule.wanted) continue;
        if (rule.strength == Strength::soft) {
            fit.yielded += yielded_by(index, 1);
            continue;
        }
        fit.asked = Asked::trait;
        fit.index = index;
        return false;
    }
    return true;
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

Fit fit_of(const Mix& mix, const Shape& shape, const HostClass& host_class, const Room& room) {
    Fit fit;
    if (!host_class.dedication.empty() && host_class.dedication != shape.dedication) {
        fit.asked = Asked::dedication;
        return fit;
    }
    if (!rules_hold(shape, host_class, fit)) return fit;
    const std::int64_t before = worth(mix, host_class, room);
    const auto with = [&](Seat seat) {
        Room after = room;
        take(after, shape.needs, seat);
        const std::int64_t score = worth(mix, host_class, after) - before;
        if (fit.fits && score <= fit.score) return;
        fit.fits = true;
        fit.score = score;
        fit.seat = seat;
    };
    say_what_is_short(fit, each_seat(room, host_class.models, shape.needs, with), room,
                      shape.needs);
    return fit;
}

}  // namespace vdc::placement
