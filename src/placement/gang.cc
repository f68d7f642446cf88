#include "placement/gang.h"

#include <algorithm>
#include <numeric>

#include "placement/sizes.h"

namespace vdc::placement {

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
