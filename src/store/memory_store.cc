#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "store/page.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::CommitPtr;
using model::Revision;
using model::Snapshot;

namespace {

class MemoryStore final : public Store {
  public:
    explicit MemoryStore(Snapshot begin)
        : snapshots_{std::move(begin)}, newest_(snapshots_.front()), head_{newest_.revision, 0} {}

    Result<Snapshot> latest() override {
        const std::lock_guard lock(mutex_);
        if (newest_.revision + 1 < first()) newest_ = snapshots_.back();
        TRY(replay_until(head_.revision, newest_));
        return newest_;
    }

    Status commit(Revision after, std::uint64_t term, std::span<const CommitPtr> commits) override {
        const std::lock_guard lock(mutex_);
        TRY(check_follows(head_, after, term, commits));
        log_.insert(log_.end(), commits.begin(), commits.end());
        head_ = {after + commits.size(), term};
        return {};
    }

    Status compact(const Snapshot& snapshot, Revision keep) override {
        const std::lock_guard lock(mutex_);
        base::check(snapshot.revision <= head_.revision, "a snapshot of what is not committed");
        if (snapshot.revision > snapshots_.back().revision) snapshots_.push_back(snapshot);
        while (!log_.empty() && log_.front()->revision + keep <= snapshot.revision)
            log_.pop_front();
        while (snapshots_.front().revision + 1 < first()) snapshots_.pop_front();
        return {};
    }

    Status settle() override { return {}; }

    Result<std::pair<Revision, Revision>> log_range() override {
        const std::lock_guard lock(mutex_);
        return std::pair{first(), head_.revision};
    }

    Result<std::vector<CommitPtr>> log(Revision after, std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        if (after + 1 < first()) return dropped(after);
        const std::size_t from = std::min<std::size_t>(after + 1 - first(), log_.size());
        const std::size_t count = std::min(limit, log_.size() - from);
        const auto begin = log_.begin() + static_cast<std::ptrdiff_t>(from);
        return std::vector<CommitPtr>(begin, begin + static_cast<std::ptrdiff_t>(count));
    }

    Result<Snapshot> at(Revision revision) override {
        const std::lock_guard lock(mutex_);
        if (revision > head_.revision) return not_reached(revision, head_.revision);
        if (revision < snapshots_.front().revision) return forgotten(revision, reach());
        return rebuilt(revision);
    }

    Result<Revision> revision_at(model::Instant when) override {
        const std::lock_guard lock(mutex_);
        const auto after = std::upper_bound(
            log_.begin(), log_.end(), when,
            [](model::Instant wanted, const CommitPtr& commit) { return wanted < commit->at; });
        if (after != log_.begin()) return (*std::prev(after))->revision;
        const Snapshot& oldest = snapshots_.front();
        const bool just_before = oldest.revision > 0 && oldest.revision + 1 == first();
        if (just_before && oldest.committed <= when) return oldest.revision;
        return forgotten(when, reach());
    }

    Result<Past> past() override {
        const std::lock_guard lock(mutex_);
        return reach();
    }

    Result<std::uint64_t> size() override { return std::uint64_t{0}; }

    Result<std::vector<Entry>> history(const Query& query) override {
        const std::lock_guard lock(mutex_);
        Page page(query);
        const auto gather = [&](auto begin, auto end) {
            for (auto each = begin; each != end; ++each)
                if (in_range(query, (*each)->revision) && !page.add(entries_of(**each))) return;
        };
        if (query.newest_first)
            gather(log_.rbegin(), log_.rend());
        else
            gather(log_.begin(), log_.end());
        return page.take();
    }

    Result<std::string> note(const std::string& name) override {
        const std::lock_guard lock(mutex_);
        const auto found = notes_.find(name);
        return found != notes_.end() ? found->second : "";
    }

    Result<std::map<std::string, std::string>> notes() override {
        const std::scoped_lock lock(mutex_);
        auto all = notes_;
        std::erase_if(all, [](const auto& each) { return each.second.empty(); });
        return all;
    }

    Status set_note(const std::string& name, const std::string& value) override {
        const std::lock_guard lock(mutex_);
        notes_[name] = value;
        return {};
    }

  private:
    Revision first() const { return head_.revision + 1 - log_.size(); }

    /// From the nearest snapshot; there is one.
    Result<Snapshot> rebuilt(Revision revision) const {
        Snapshot snapshot =
            *std::find_if(snapshots_.rbegin(), snapshots_.rend(),
                          [&](const Snapshot& each) { return each.revision <= revision; });
        TRY(replay_until(revision, snapshot));
        return snapshot;
    }

    Status replay_until(Revision revision, Snapshot& snapshot) const {
        while (snapshot.revision < revision)
            TRY(replay(snapshot, *log_[snapshot.revision + 1 - first()]));
        return {};
    }

    Past reach() const {
        const Snapshot& oldest = snapshots_.front();
        const bool all = oldest.revision == 0 && !log_.empty();
        return {oldest.revision, all ? log_.front()->at : oldest.committed,
                snapshots_.back().revision};
    }

    std::mutex mutex_;
    std::deque<Snapshot> snapshots_;  ///< in order; never empty
    Snapshot newest_;                 ///< what latest() said last
    std::deque<CommitPtr> log_;
    Head head_;
    std::map<std::string, std::string> notes_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Snapshot begin) {
    return std::make_unique<MemoryStore>(std::move(begin));
}

}  // namespace vdc::store
