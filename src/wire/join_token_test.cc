#include "wire/join_token.h"

#include <gtest/gtest.h>

namespace vdc::wire {

static const std::string secret(43, 's');
static const std::string authority(64, 'a');

TEST(JoinToken, IsReadAsItWasWritten) {
    const auto token = parse_join_token(secret + "." + authority);
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(token->secret.reveal(), secret);
    EXPECT_EQ(token->authority, authority);
    EXPECT_EQ(text(*token).reveal(), secret + "." + authority);
}

TEST(JoinToken, ThatIsNotWholeIsRefusedAndNotRepeated) {
    const std::string endless(5000, 's');
    for (const std::string& wrong :
         {std::string(), secret, secret + ".", "." + authority, secret + authority,
          secret + "." + authority + "\n", secret + ".." + authority.substr(1),
          secret.substr(1) + "/." + authority, secret + "." + authority.substr(1) + "A",
          endless + "." + authority}) {
        const auto token = parse_join_token(wrong);
        ASSERT_FALSE(token.ok());
        EXPECT_EQ(token.error().message.find("sss"), std::string::npos);
    }
}

}  // namespace vdc::wire
