#include "model/kept.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/story_test_util.h"

namespace vdc::model {

/// Half of a story is applied in place and taken back, commit by commit.
RC_GTEST_PROP(Kept, WhatWasAppliedInPlaceIsTakenBackWithoutATrace, (std::uint64_t seed)) {
    testing::Story story(seed);
    story.next(60);
    Snapshot snapshot = story.snapshot();
    const Snapshot before = snapshot;
    std::vector<Kept> kept;
    for (const CommitPtr& commit : story.next(40)) {
        advance(snapshot, commit->revision, commit->at);
        for (const Step& step : commit->steps) {
            kept.emplace_back(snapshot, subject_of(step.change));
            RC_ASSERT(apply(snapshot, step.change).ok());
        }
    }
    RC_ASSERT(hash_of(snapshot) == hash_of(story.snapshot()));
    for (auto each = kept.rbegin(); each != kept.rend(); ++each) each->restore(snapshot);
    RC_ASSERT(hash_of(snapshot) == hash_of(before));
    RC_ASSERT(same_indices(snapshot, before));
}

}  // namespace vdc::model
