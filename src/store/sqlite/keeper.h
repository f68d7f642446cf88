#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "model/snapshot.h"
#include "store/sqlite/connections.h"
#include "store/sqlite/state_table.h"

/// What follows on commits, on a thread of its own: moving the log ahead into the file, indexing
/// the log in segments, keeping snapshots, dropping old commits. All of it in slices of about a
/// millisecond, between which commits go first. What is worth doing waits for a quiet moment, so
/// that a burst of commits has the processor and the disk for itself; but not for long, and not
/// when much has come together.
namespace vdc::store {

/// So many pages in the log ahead are worth moving into the data file: 8 MiB.
inline constexpr std::int64_t checkpoint_pages = 2048;
/// So many more are moved though commits go on.
inline constexpr std::int64_t checkpoint_pages_late = 6144;

class Keeper {
  public:
    explicit Keeper(Connections& connections);
    /// Ends after the slice that runs; what was not finished is begun anew after the next start.
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    /// To be told after each commit: its revision, and the pages that wait in the log ahead.
    void committed(model::Revision latest, std::int64_t pages_ahead);

    /// As Store::compact. `term` is the leader's.
    base::Status compact(const model::Snapshot& snapshot, model::Revision keep, std::uint64_t term);

    /// As Store::settle.
    base::Status settle();

  private:
    struct Wish {
        model::Snapshot snapshot;
        model::Revision keep = 0;
        std::uint64_t term = 0;
    };

    void run();
    bool has_work() const;
    bool is_late() const;
    void wait_for_quiet(std::unique_lock<std::mutex>& lock);
    bool stopping();
    void checkpoint();
    void index();
    base::Status compact_now(const Wish& wish);
    base::Result<Part> write_chunks(const Wish& wish, const std::vector<Part>& before);
    base::Result<std::set<model::Subject>> changed_since(model::Revision revision);
    base::Status trim(model::Revision last_dropped);
    base::Status remove_loose_chunks();

    /// One write in the background: fn(database) within a turn and a transaction.
    template <class Fn>
    base::Status slice(Fn fn);

    Connections& connections_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    bool idle_ = false;     ///< it waits for work
    bool working_ = false;  ///< it has some, or waits for the moment to do it
    int settling_ = 0;      ///< so many wait until all is done
    model::Revision latest_ = 0;
    model::Revision indexed_ = 0;  ///< or tried to
    std::int64_t pages_ahead_ = 0;
    std::int64_t checkpoint_at_ = 0;
    std::optional<Wish> wish_;
    base::Status last_outcome_;

    std::thread thread_;
};

}  // namespace vdc::store
