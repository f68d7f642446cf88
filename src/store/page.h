#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

/// What the stores share: entries of commits, and pages of them.
namespace vdc::store {

/// Entries that one page may hold.
inline constexpr std::size_t page_max = 10'000;

/// One entry per step, in order.
std::vector<Entry> entries_of(const model::Commit& commit);

/// Gathers the answer to a query from the entries of commits, which come in the query's order.
/// A page ends at the end of a commit, so that the next one can go on from its revision.
class Page {
  public:
    explicit Page(const Query& query) : query_(query) {}

    /// Takes those entries of one commit that the query asks for. False when the page has its end
    /// and no further commit fits.
    bool add(std::vector<Entry> of_one_commit);

    std::vector<Entry> take() { return std::move(entries_); }

  private:
    bool wanted(const Entry& entry) const;

    const Query& query_;
    std::vector<Entry> entries_;
};

/// Whether the query asks for commits of this revision.
bool in_range(const Query& query, model::Revision revision);

/// What commit() demands of its arguments, whatever the store: conflict when `after` or `term` is
/// old, check() for what only a mistake of ours can bring.
struct Head {
    model::Revision revision = 0;
    std::uint64_t term = 0;
};
base::Status check_follows(const Head& latest, model::Revision after, std::uint64_t term,
                           std::span<const model::CommitPtr> commits);

/// That the commits after this revision are no longer kept.
base::Error dropped(model::Revision after);

/// That the datacenter as of this revision, or this moment, cannot be rebuilt.
base::Error forgotten(model::Revision revision, const Past& past);
base::Error forgotten(model::Instant when, const Past& past);
base::Error not_reached(model::Revision revision, model::Revision last);

}  // namespace vdc::store
