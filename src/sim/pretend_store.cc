#include "sim/pretend_store.h"

namespace vdc::sim {

using base::Error;

void PretendStore::count(Fault fault, std::span<const model::CommitPtr> commits) {
    std::set<Phase> phases;
    for (const model::CommitPtr& commit : commits)
        for (const model::Step& step : commit->steps) phases.insert(phase_of(step.change));
    if (coverage != nullptr) coverage->hit(fault, phases);
}

base::Status PretendStore::commit(model::Revision after, std::uint64_t term,
                                  std::span<const model::CommitPtr> commits) {
    const Error away{Error::Code::unavailable, "the store does not answer", "try again"};
    if (chance_.once_in(static_cast<std::uint64_t>(fail_per_mille), 1000)) {
        count(Fault::store_fails, commits);
        return away;
    }
    TRY(ForwardingStore::commit(after, term, commits));
    ++commits_made;
    if (chance_.once_in(static_cast<std::uint64_t>(slow_per_mille), 1000)) {
        count(Fault::store_slow, commits);
        if (hold_up) hold_up(base::Duration(chance_.between(100'000, 5'000'000)));
    }
    if (!chance_.once_in(static_cast<std::uint64_t>(unknown_per_mille), 1000)) return {};
    count(Fault::store_unsure, commits);
    return away;
}

}  // namespace vdc::sim
