#include "placement/gang.h"

#include <algorithm>
#include <numeric>

namespace vdc::placement {

/// The most that any host can give of each kind while it is empty.
static Amounts greatest_host(const Roster& roster) {
    Amounts greatest;
    for (const HostSlot slot : roster.by_rank()) {
        const Amounts all = claimable(*roster.host(slot).spec);
        for (std::size_t kind = 0; kind < kinds_max; ++kind)
            greatest.of[kind] = std::max(greatest.of[kind], all.of[kind]);
    }
    return greatest;
}

/// In thousandths of the greatest host; accelerators count as if every host had sixteen.
static std::int64_t size_of(const Needs& needs, const Amounts& greatest) {
    std::int64_t size = needs.accelerators * std::int64_t{needs.thousandths} /
                        static_cast<std::int64_t>(accelerators_max);
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (greatest.of[kind] > 0)
            size = std::max(size, needs.amounts.of[kind] * 1000 / greatest.of[kind]);
    return size;
}

GangDecision place_gang(Fleet& fleet, const std::vector<Request>& requests) {
    base::check(!requests.empty(), "a gang of nobody");
    const Amounts greatest = greatest_host(fleet.settled());
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return size_of(requests[a].needs, greatest) > size_of(requests[b].needs, greatest);
    });
    GangDecision gang;
    gang.members.resize(requests.size());
    std::vector<GuestSlot> placed(requests.size());
    for (std::size_t done = 0; done < order.size(); ++done) {
        const std::size_t member = order[done];
        Decision& decision = gang.members[member];
        decision = fleet.decide(requests[member]);
        if (decision.best) {
            placed[member] = fleet.put(decision.best->host, requests[member], decision.seat);
            continue;
        }
        while (done > 0) fleet.take_away(placed[order[--done]]);
        return gang;
    }
    gang.placed = std::move(placed);
    return gang;
}

}  // namespace vdc::placement
