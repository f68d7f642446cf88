#include "model/noun_words.h"

#include <gtest/gtest.h>

#include "model/nouns.h"

namespace vdc::model {

TEST(NounWords, StandInTheOrderOfNouns) {
    std::size_t at = 0;
    for_each_noun([&]<class R>(std::type_identity<R>) {
        ASSERT_LT(at, noun_words().size());
        EXPECT_EQ(noun_words()[at++].noun, R::noun);
    });
    EXPECT_EQ(at, noun_words().size());
}

TEST(NounWords, AreFoundByEachOfTheirForms) {
    for (const NounWords& each : noun_words()) {
        EXPECT_EQ(noun_of(each.one), each.noun);
        EXPECT_EQ(noun_of(each.many), each.noun);
        EXPECT_EQ(noun_of(word(each.noun)), each.noun);
    }
    EXPECT_EQ(noun_of("server"), std::nullopt);
}

}  // namespace vdc::model
