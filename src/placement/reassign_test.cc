#include "placement/reassign.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace vdc::placement {

/// Few hosts and guests, with rules of every kind; who breaks them from the beginning is left out.
static Reassignable drawn(base::Chance& chance) {
    Reassignable problem;
    problem.kinds = 2;
    problem.load_weights = {chance.between(0, 5), chance.between(0, 5)};
    problem.transient = {chance.once_in(1, 2), false};
    problem.guest_weight = chance.between(0, 3);
    problem.service_weight = chance.between(0, 20);
    problem.host_weight = chance.between(0, 3);
    problem.balances = {{0, 1, chance.between(0, 2), chance.between(0, 3)}};
    const auto hosts = static_cast<std::size_t>(chance.between(2, 5));
    for (std::size_t number = 0; number < hosts; ++number) {
        ReassignHost host;
        for (std::size_t kind = 0; kind < 2; ++kind) {
            host.capacity.of[kind] = chance.between(10, 30);
            host.safe.of[kind] = chance.between(0, 15);
        }
        host.area = static_cast<std::uint32_t>(chance.below(3));
        host.neighbourhood = static_cast<std::uint32_t>(chance.below(2));
        for (std::size_t to = 0; to < hosts; ++to) host.move_costs.push_back(chance.between(0, 3));
        problem.hosts.push_back(host);
    }
    problem.services.resize(4);
    problem.services[0].areas_least = chance.between(0, 2);
    problem.services[1].depends_on = {2};
    std::vector<std::size_t> at;
    for (auto left = chance.between(1, 10); left > 0; --left) {
        ReassignGuest guest;
        guest.service = chance.below(4);
        for (std::size_t kind = 0; kind < 2; ++kind) guest.needs.of[kind] = chance.between(0, 9);
        guest.move_cost = chance.between(0, 3);
        guest.host = chance.below(hosts);
        problem.guests.push_back(guest);
        at.push_back(guest.host);
        if (left == 1 || keeps_rules(problem, at)) continue;
        problem.guests.pop_back();
        at.pop_back();
    }
    return problem;
}

static std::vector<std::size_t> beginning(const Reassignable& problem) {
    std::vector<std::size_t> at;
    for (const ReassignGuest& guest : problem.guests) at.push_back(guest.host);
    return at;
}

RC_GTEST_PROP(Reassigner, MovesByRuleAndKnowsThePrice, (std::uint64_t seed)) {
    base::Chance chance(seed);
    const Reassignable problem = drawn(chance);
    std::vector<std::size_t> at = beginning(problem);
    RC_PRE(keeps_rules(problem, at));
    Reassigner reassigner(problem, seed);
    RC_ASSERT(reassigner.price() == price_of(problem, at));
    for (const std::int64_t warmth : {1000, 10, 0}) {
        reassigner.improve(200, warmth);
        for (std::size_t guest = 0; guest < at.size(); ++guest) at[guest] = reassigner.at(guest);
        RC_ASSERT(keeps_rules(problem, at));
        RC_ASSERT(reassigner.price() == price_of(problem, at));
    }
    reassigner.return_to_best();
    RC_ASSERT(reassigner.price() == reassigner.best_price());
    at = beginning(problem);
    const std::int64_t before = price_of(problem, at);
    for (const Reassignment& move : reassigner.moves(100)) {
        at[move.guest] = move.to;
        RC_ASSERT(keeps_rules(problem, at));
    }
    RC_ASSERT(price_of(problem, at) <= before);
    RC_ASSERT(price_of(problem, at) >= reassigner.best_price());
}

RC_GTEST_PROP(Reassigner, FindsTheCheapestOfFew, (std::uint64_t seed)) {
    base::Chance chance(seed);
    Reassignable problem = drawn(chance);
    if (problem.guests.size() > 4) problem.guests.resize(4);
    std::vector<std::size_t> at = beginning(problem);
    RC_PRE(keeps_rules(problem, at));
    Reassigner reassigner(problem, seed);
    for (std::int64_t warmth = 4096; warmth > 0; warmth /= 2) reassigner.improve(500, warmth);
    std::int64_t cheapest = price_of(problem, at);
    const std::size_t hosts = problem.hosts.size();
    std::size_t ways = 1;
    for (std::size_t guest = 0; guest < at.size(); ++guest) ways *= hosts;
    for (std::size_t way = 0; way < ways; ++way) {
        std::size_t rest = way;
        for (std::size_t& host : at) {
            host = rest % hosts;
            rest /= hosts;
        }
        if (keeps_rules(problem, at)) cheapest = std::min(cheapest, price_of(problem, at));
    }
    // It goes from one way to another by single moves and exchanges: not all can be reached so.
    RC_ASSERT(reassigner.best_price() >= cheapest);
    RC_CLASSIFY(reassigner.best_price() == cheapest, "cheapest");
}

}  // namespace vdc::placement
