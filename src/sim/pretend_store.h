#pragma once

#include <memory>

#include "base/chance.h"
#include "store/store.h"

namespace vdc::sim {

/// A store that survives its engine and may fail as real ones do: unavailable, or with an unknown
/// outcome (the commit was made and its answer lost).
class PretendStore final : public store::Store {
  public:
    PretendStore(std::unique_ptr<store::Store> real, std::uint64_t seed)
        : real_(std::move(real)), chance_(seed) {}

    int fail_per_mille = 0;     ///< commits that are not made
    int unknown_per_mille = 0;  ///< commits that are made and answered as unavailable
    int commits_made = 0;

    base::Result<model::Snapshot> latest() override { return real_->latest(); }
    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const model::CommitPtr> commits) override;
    base::Status compact(const model::Snapshot& snapshot, model::Revision keep) override {
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
    std::unique_ptr<store::Store> real_;
    base::Chance chance_;
};

}  // namespace vdc::sim
