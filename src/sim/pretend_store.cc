#include "sim/pretend_store.h"

namespace vdc::sim {

using base::Error;

base::Status PretendStore::commit(model::Revision after, std::uint64_t term,
                                  std::span<const model::CommitPtr> commits) {
    const Error away{Error::Code::unavailable, "the store does not answer", "try again"};
    if (chance_.once_in(static_cast<std::uint64_t>(fail_per_mille), 1000)) return away;
    TRY(ForwardingStore::commit(after, term, commits));
    ++commits_made;
    if (chance_.once_in(static_cast<std::uint64_t>(unknown_per_mille), 1000)) return away;
    return {};
}

}  // namespace vdc::sim
