#include "drivers/qemu/message_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;

static std::vector<std::string> split(MessageSplitter& splitter, std::string_view bytes,
                                      std::size_t step) {
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const auto fed = splitter.feed(bytes.substr(at, step), [&](const Json& message) {
            messages.push_back(base::dump(message));
        });
        if (!fed) messages.emplace_back(word(fed.error().code));
    }
    return messages;
}

TEST(MessageSplitter, CutsAtLineEndsHoweverTheBytesCome) {
    const std::string bytes = "{\"a\":1}\r\n\r\n{\"b\":[2]}\r\n{\"half\"";
    for (std::size_t step : {1u, 2u, 7u, 100u}) {
        MessageSplitter splitter;
        EXPECT_EQ(split(splitter, bytes, step),
                  (std::vector<std::string>{"{\"a\":1}", "{\"b\":[2]}"}));
    }
}

TEST(MessageSplitter, RefusesALineThatIsTooLongAndAllAfterIt) {
    MessageSplitter splitter(16);
    EXPECT_EQ(split(splitter, "{\"a\":\"0123456\"}\n", 100).size(), 1u);
    EXPECT_EQ(split(splitter, "{\"a\":\"012345678\"}\n", 100),
              std::vector<std::string>{"too_large"});
    EXPECT_EQ(split(splitter, "{}\n", 100), std::vector<std::string>{"too_large"});
}

TEST(MessageSplitter, BoundsALineThatNeverEnds) {
    MessageSplitter splitter(16);
    EXPECT_EQ(split(splitter, std::string(17, 'x'), 1).back(), "too_large");
}

TEST(MessageSplitter, RefusesWhatIsNoObject) {
    for (const char* bytes : {"[]\n", "1\n", "nonsense\n", "{\"a\":1,\"a\":2}\n", "{\n"}) {
        MessageSplitter splitter;
        EXPECT_EQ(split(splitter, bytes, 100), std::vector<std::string>{"corrupt"}) << bytes;
    }
}

TEST(MessageSplitter, TakesDeepChainsOfDisksButNotEndlessOnes) {
    const auto nested = [](int depth) {
        std::string text = "{}";
        for (int i = 0; i < depth; ++i) text = "{\"backing-image\":" + text + "}";
        return text + "\n";
    };
    MessageSplitter splitter;
    EXPECT_TRUE(splitter.feed(nested(200), [](const Json&) {}).ok());
    EXPECT_FALSE(splitter.feed(nested(10'000), [](const Json&) {}).ok());
}

}  // namespace vdc::drivers::qemu
