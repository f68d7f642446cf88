#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/hand_loop_test_util.h"
#include "store/forwarding_store.h"

namespace vdc::engine::testing {

using runtime::testing::HandLoop;

/// A store in memory that fails when told to, and counts its writes.
class TestStore final : public store::ForwardingStore {
  public:
    TestStore() : ForwardingStore(store::make_memory_store()) {}

    enum class Next { good, refused, answer_lost };
    Next next = Next::good;  ///< of the following write only
    int writes = 0;
    std::size_t commits_in_last = 0;
    int compactions = 0;

    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const model::CommitPtr> commits) override {
        using base::Error;
        const Next how = std::exchange(next, Next::good);
        ++writes;
        commits_in_last = commits.size();
        if (how == Next::refused)
            return Error{Error::Code::unavailable, "the disk does not answer"};
        TRY(ForwardingStore::commit(after, term, commits));
        if (how == Next::answer_lost) return Error{Error::Code::unavailable, "the answer was lost"};
        return {};
    }
    base::Status compact(const model::Snapshot& snapshot, model::Revision keep) override {
        ++compactions;
        return ForwardingStore::compact(snapshot, keep);
    }
};

}  // namespace vdc::engine::testing
