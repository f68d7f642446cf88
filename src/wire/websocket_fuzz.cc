#include <cstdint>
#include <vector>

#include "base/result.h"
#include "wire/events.h"
#include "wire/websocket.h"

using namespace vdc::wire;
using vdc::base::check;

namespace {
struct Story {
    std::uint16_t code = 0;
    std::vector<std::string> frames;
    friend bool operator==(const Story&, const Story&) = default;
};
}  // namespace

static constexpr std::size_t message_max = 4096;

static Story read_frames(FrameReader::From from, std::string_view bytes, std::size_t piece) {
    FrameReader reader(from, message_max);
    Story story;
    for (; !bytes.empty() && story.code == 0; bytes.remove_prefix(std::min(piece, bytes.size())))
        story.code = reader.feed(bytes.substr(0, piece), [&](const Frame& frame) {
            check(frame.payload.size() <= message_max, "a message is within its bound");
            story.frames.push_back(text(frame));
            return true;
        });
    return story;
}

static std::vector<std::string> read_events(std::string_view bytes, std::size_t piece) {
    EventReader reader;
    std::vector<std::string> events;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        const auto more = reader.feed(bytes.substr(0, piece), [&](const Event& event) {
            events.push_back(text(event));
            return true;
        });
        if (!more.ok()) break;
    }
    return events;
}

/// Frames and events are the same however the bytes are cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t piece = data[0] % 16 + 1;
    const auto from = data[1] % 2 == 0 ? FrameReader::From::client : FrameReader::From::server;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    check(read_frames(from, bytes, piece) == read_frames(from, bytes, size), "frames, cut");
    check(read_events(bytes, piece) == read_events(bytes, size), "events, cut");
    return 0;
}
