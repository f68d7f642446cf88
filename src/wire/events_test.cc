#include "wire/events.h"

#include <gtest/gtest.h>

#include <vector>

namespace vdc::wire {

static std::vector<Event> read_all(std::string_view bytes, std::size_t piece) {
    EventReader reader;
    std::vector<Event> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto more = reader.feed(bytes.substr(at, piece), [&](const Event& event) {
            events.push_back(event);
            return true;
        });
        EXPECT_TRUE(more.ok());
    }
    return events;
}

TEST(Events, SurviveTheRoundTripCutAnywhere) {
    const std::vector<Event> events{{"1", "change", "a\nb"}, {"", "", ""}, {"3", "", "x: y"}};
    std::string bytes;
    for (const Event& event : events) bytes += text(event) + std::string(keep_alive_comment());
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(read_all(bytes, piece), events) << piece;
}

TEST(Events, TakeAllThreeLineEnds) {
    EXPECT_EQ(read_all("data: a\r\n\r\ndata:b\r\rdata\n\n", 1),
              (std::vector<Event>{{"", "", "a"}, {"", "", "b"}, {"", "", ""}}));
}

TEST(Events, CannotBeForgedByTheirFields) {
    EXPECT_EQ(text(Event{"1\n\ndata: no", "a\rb", "d"}), "id: 1data: no\nevent: ab\ndata: d\n\n");
}

TEST(Events, EndWhenTheReaderSaysSo) {
    EventReader reader;
    const auto more = reader.feed("data: a\n\ndata: b\n\n", [](const Event& event) {
        EXPECT_EQ(event.data, "a");
        return false;
    });
    ASSERT_TRUE(more.ok());
    EXPECT_FALSE(*more);
}

TEST(Events, AreBounded) {
    EventReader reader;
    const auto more = reader.feed("data: " + std::string(EventReader::event_size_max, 'a'),
                                  [](const Event&) { return true; });
    ASSERT_FALSE(more.ok());
    EXPECT_EQ(more.error().code, base::Error::Code::too_large);
}

}  // namespace vdc::wire
