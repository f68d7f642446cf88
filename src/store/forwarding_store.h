#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace vdc::store {

/// A store before another one, which does all the work: for those that change a part of it.
class ForwardingStore : public Store {
  public:
    explicit ForwardingStore(std::unique_ptr<Store> real) : real_(std::move(real)) {}

    base::Result<model::Snapshot> latest() override { return real_->latest(); }
    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const model::CommitPtr> commits) override {
        return real_->commit(after, term, commits);
    }
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
    base::Result<Past> past() override { return real_->past(); }
    base::Result<std::uint64_t> size() override { return real_->size(); }
    base::Result<std::vector<Entry>> history(const Query& query) override {
        return real_->history(query);
    }
    base::Result<std::string> note(const std::string& name) override { return real_->note(name); }
    base::Status set_note(const std::string& name, const std::string& value) override {
        return real_->set_note(name, value);
    }
    base::Result<std::map<std::string, std::string>> notes() override { return real_->notes(); }

  private:
    std::unique_ptr<Store> real_;
};

}  // namespace vdc::store
