#include "model/sorted_map.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <thread>

namespace vdc::model {
namespace {

using Map = SortedMap<int, std::string>;
using Plain = std::map<int, std::string>;

/// A map with the edit that belongs to it, as a snapshot has them: copied together.
struct Edited {
    Map map;
    Edit edit;
    Plain plain;  // what the map must be

    void set(int key, const std::string& value) {
        map.set(edit, key, value);
        plain[key] = value;
    }
    void erase(int key) { RC_ASSERT(map.erase(edit, key) == (plain.erase(key) == 1)); }
};

void expect_equal(const Edited& edited) {
    RC_ASSERT(edited.map.size() == edited.plain.size());
    RC_ASSERT(edited.map.empty() == edited.plain.empty());
    auto each = edited.plain.begin();
    for (const auto& [key, value] : edited.map) {
        RC_ASSERT(each != edited.plain.end());
        RC_ASSERT(key == each->first && value == each->second);
        ++each;
    }
    RC_ASSERT(each == edited.plain.end());
}

void expect_same_answers(const Edited& edited, int key) {
    const auto found = edited.plain.find(key);
    const std::string* value = edited.map.find(key);
    RC_ASSERT((value != nullptr) == (found != edited.plain.end()));
    if (value != nullptr) RC_ASSERT(*value == found->second);
    const auto bound = edited.plain.lower_bound(key);
    const auto each = edited.map.lower_bound(key);
    RC_ASSERT((each == edited.map.end()) == (bound == edited.plain.end()));
    if (bound != edited.plain.end()) RC_ASSERT(each->first == bound->first);
}

/// Many keys in a small range, so that leaves fill, split, shrink and go.
RC_GTEST_PROP(SortedMap, IsAsAPlainMapAndItsCopiesAreIndependent, ()) {
    std::vector<Edited> copies(1);
    const int range = *rc::gen::element(10, 300, 3000);
    for (int step = *rc::gen::inRange(0, 2000); step > 0; --step) {
        Edited& one = copies[static_cast<std::size_t>(
            *rc::gen::inRange<int>(0, static_cast<int>(copies.size())))];
        const int key = *rc::gen::inRange(0, range);
        const int deed = *rc::gen::inRange(0, 40);
        if (deed == 0 && copies.size() < 5)
            copies.push_back(Edited(one));
        else if (deed == 1)
            copies.front() = Edited(one);
        else if (deed < 14)
            one.erase(key);
        else
            one.set(key, std::to_string(step));
    }
    for (const Edited& each : copies) {
        expect_equal(each);
        for (const int key : {-1, 0, range / 2, range - 1, range}) expect_same_answers(each, key);
    }
}

TEST(SortedMap, KeysInAnyOrderAreSorted) {
    for (const bool rising : {true, false}) {
        Map map;
        Edit edit;
        for (int count = 0; count < 10'000; ++count)
            map.set(edit, rising ? count : 9'999 - count, "x");
        int expected = 0;
        for (const auto& entry : map) EXPECT_EQ(entry.first, expected++);
        for (int count = 0; count < 10'000; ++count) EXPECT_TRUE(map.erase(edit, count));
        EXPECT_TRUE(map.empty());
        EXPECT_EQ(map.begin(), map.end());
        EXPECT_EQ(map.lower_bound(5), map.end());
    }
}

TEST(SortedMap, AValueStaysWhereItIsWhileItsMapDoesNotChange) {
    Map map;
    Edit edit;
    map.set(edit, 1, "one");
    const std::string* one = map.find(1);
    const Map copy = map;
    const Edit ended = edit;
    map.set(edit, 1, "two");
    EXPECT_EQ(*one, "one");
    EXPECT_EQ(copy.find(1), one);
    EXPECT_EQ(*map.find(1), "two");
}

TEST(SortedMap, MovedMapsGoOnUnderTheirEdit) {
    Edited one;
    one.set(1, "a");
    Edited two = std::move(one);
    two.set(2, "b");
    one = Edited();
    one.set(3, "c");
    expect_equal(one);
    expect_equal(two);
}

/// For the thread sanitizer: readers copy a map that was just published while its maker goes on.
TEST(SortedMap, SeveralThreadsMayCopyOneMapAtOnce) {
    Edited first;
    for (int key = 0; key < 1000; ++key) first.set(key, "x");
    const Edited published = std::move(first);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&published, thread] {
            for (int round = 0; round < 20; ++round) {
                Edited mine = published;
                mine.map.set(mine.edit, thread, "mine");
                EXPECT_EQ(*mine.map.find(thread), "mine");
                EXPECT_EQ(*published.map.find(thread), "x");
            }
        });
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace vdc::model
