#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/hand_loop_test_util.h"
#include "store/store.h"

namespace vdc::engine::testing {

using runtime::testing::HandLoop;

/// A store in memory that fails when told to, and counts its writes.
class TestStore final : public store::Store {
  public:
    enum class Next { good, refused, answer_lost };
    Next next = Next::good;  ///< of the following write only
    int writes = 0;
    std::size_t commits_in_last = 0;
    int compactions = 0;

    base::Result<model::Snapshot> latest() override { return real_->latest(); }
    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const model::CommitPtr> commits) override {
        using base::Error;
        const Next how = std::exchange(next, Next::good);
        ++writes;
        commits_in_last = commits.size();
        if (how == Next::refused)
            return Error{Error::Code::unavailable, "the disk does not answer"};
        TRY(real_->commit(after, term, commits));
        if (how == Next::answer_lost) return Error{Error::Code::unavailable, "the answer was lost"};
        return {};
    }
    base::Status compact(const model::Snapshot& snapshot, model::Revision keep) override {
        ++compactions;
        return real_->compact(snapshot, keep);
    }
    base::Status settle() override { return real_->settle(); }
    base::Result<std::pair<model::Revision, model::Revision>> log_range() override {
        return real_->log_range();
    }
    base::Result<std::vector<model::CommitPtr>> log(model::Revision after,
                                                    std::size_t limit) override {
        return real_->log(after, limit);
    }
    base::Result<model::Snapshot> at(model::Revision revision) override {
        return real_->at(revision);
    }
    base::Result<model::Revision> revision_at(model::Instant when) override {
        return real_->revision_at(when);
    }
    base::Result<store::Past> past() override { return real_->past(); }
    base::Result<std::uint64_t> size() override { return real_->size(); }
    base::Result<std::vector<store::Entry>> history(const store::Query& query) override {
        return real_->history(query);
    }
    base::Result<std::string> note(const std::string& name) override { return real_->note(name); }
    base::Status set_note(const std::string& name, const std::string& value) override {
        return real_->set_note(name, value);
    }

  private:
    std::unique_ptr<store::Store> real_ = store::make_memory_store();
};

}  // namespace vdc::engine::testing
