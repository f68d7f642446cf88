#include "store/page.h"

#include <algorithm>
#include <iterator>

namespace vdc::store {

using base::check;
using base::Error;
using base::Status;

std::vector<Entry> entries_of(const model::Commit& commit) {
    std::vector<Entry> entries;
    for (const model::Step& step : commit.steps) {
        Entry entry;
        entry.revision = commit.revision;
        entry.index = static_cast<std::uint32_t>(entries.size());
        entry.at = commit.at;
        entry.actor = commit.actor;
        entry.request = commit.request;
        entry.subject = subject_of(step.change);
        entry.verb = verb_of(step.change);
        entry.reason = step.reason;
        entries.push_back(std::move(entry));
    }
    return entries;
}

bool in_range(const Query& query, model::Revision revision) {
    return revision > query.after && (!query.before || revision < *query.before);
}

bool Page::wanted(const Entry& entry) const {
    return (!query_.subject || entry.subject == *query_.subject) &&
           (!query_.noun || entry.subject.noun == *query_.noun);
}

bool Page::add(std::vector<Entry> of_one_commit) {
    const std::size_t limit = std::min(query_.limit, page_max);
    if (limit == 0) return false;
    std::erase_if(of_one_commit, [&](const Entry& entry) { return !wanted(entry); });
    if (!entries_.empty() && entries_.size() + of_one_commit.size() > limit) return false;
    if (query_.newest_first) std::reverse(of_one_commit.begin(), of_one_commit.end());
    std::move(of_one_commit.begin(), of_one_commit.end(), std::back_inserter(entries_));
    return entries_.size() < limit;
}

Status check_follows(const Head& latest, model::Revision after, std::uint64_t term,
                     std::span<const model::CommitPtr> commits) {
    model::Revision expected = after;
    for (const model::CommitPtr& commit : commits) {
        check(commit != nullptr && !commit->steps.empty(), "a commit without steps");
        check(commit->revision == ++expected, "revisions of commits follow one another");
    }
    if (term < latest.term)
        return Error{Error::Code::conflict,
                     "a leader of term " + std::to_string(latest.term) +
                         " has written; this one is of term " + std::to_string(term),
                     "another controller leads now"};
    if (after == latest.revision) return {};
    return Error{Error::Code::conflict,
                 "these commits follow revision " + std::to_string(after) +
                     ", but the latest one is " + std::to_string(latest.revision),
                 "read the latest state and decide again"};
}

Error dropped(model::Revision after) {
    return {Error::Code::not_found,
            "the commits after revision " + std::to_string(after) + " are no longer kept",
            "read the present state, and follow from its revision"};
}

static Error before_the_oldest(const std::string& what, const Past& past) {
    return {Error::Code::not_found,
            what + " is no longer kept: the oldest that is, is revision " +
                std::to_string(past.first) + " of " + text(past.since),
            "`vdc up --keep-log` sets for how long the past is kept"};
}

Error forgotten(model::Revision revision, const Past& past) {
    return before_the_oldest("revision " + std::to_string(revision), past);
}

Error forgotten(model::Instant when, const Past& past) {
    if (past.first > 0) return before_the_oldest("the past of " + text(when), past);
    return {Error::Code::not_found, "there was no datacenter yet at " + text(when),
            past.since == model::Instant{} ? "nothing was committed yet"
                                           : "it began at " + text(past.since)};
}

Error not_reached(model::Revision revision, model::Revision last) {
    return {Error::Code::not_found, "revision " + std::to_string(revision) +
                                        " is not reached yet: the latest is " +
                                        std::to_string(last)};
}

}  // namespace vdc::store
