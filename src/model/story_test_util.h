#pragma once

#include <cstdint>
#include <vector>

#include "base/chance.h"
#include "model/commit.h"
#include "model/snapshot.h"

namespace vdc::model::testing {

/// Makes up a history: commits that follow one another and that apply() takes, of every kind of
/// change. The same seed tells the same story.
class Story {
  public:
    explicit Story(std::uint64_t seed) : chance_(seed), now_(std::chrono::hours{24 * 20'000}) {}

    const Snapshot& snapshot() const { return snapshot_; }

    /// The next commit, of one to four steps.
    CommitPtr next();
    std::vector<CommitPtr> next(std::size_t count);

  private:
    base::Chance chance_;
    Instant now_;
    Snapshot snapshot_;
};

}  // namespace vdc::model::testing
