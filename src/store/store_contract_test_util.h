#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "model/story_test_util.h"
#include "store/store.h"

/// How what every store promises is tested, whichever it is (store_contract_test.cc).
namespace vdc::store {

using base::Result;
using base::Status;
using Code = base::Error::Code;
using model::CommitPtr;
using model::Revision;
using model::testing::Story;

struct Maker {
    std::string name;
    bool lasts;  ///< whether what is committed outlives the store
    std::function<Result<std::unique_ptr<Store>>(const std::string& folder)> open;
};
inline std::ostream& operator<<(std::ostream& out, const Maker& maker) {
    return out << maker.name;
}

class StoreContract : public testing::TestWithParam<Maker> {
  protected:
    void SetUp() override;
    void TearDown() override;

    void open();
    /// Ends the store and opens what it left; one that does not last just goes on.
    void reopen();

    Status commit(const std::vector<CommitPtr>& commits, std::uint64_t term = 1);
    /// Commits that many commits of the story, a few at a time.
    void tell(std::size_t count);
    /// That a revision is rebuilt as it was if it is kept, and refused if it is not.
    void expect_past(Revision revision);
    void expect_latest_is_the_story();
    static std::vector<std::string> texts(const std::vector<CommitPtr>& commits);

    /// Every entry that the query asks for, page by page; each page must go on from the last one.
    std::vector<Entry> pages(Query query);
    /// What history() should say: made from the commits themselves.
    std::vector<Entry> expected(const Query& query) const;
    static std::string line(const Entry& entry);
    static std::vector<std::string> lines(const std::vector<Entry>& entries);
    void expect_history(const Query& query);

    std::string folder;
    std::unique_ptr<Store> store;
    Story story{4711};
    std::vector<CommitPtr> told;
    std::vector<model::Snapshot> past{model::Snapshot{}};  ///< after each commit
};

}  // namespace vdc::store
