#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/events.h"
#include "wire/http1.h"

using namespace vdc::wire;
using vdc::base::check;

namespace {
/// What a server makes of the bytes of a connection.
struct Story {
    std::vector<std::string> requests;
    std::size_t used = 0;
    bool refused = false;
    friend bool operator==(const Story&, const Story&) = default;
};
}  // namespace

/// The next request at the front of `bytes`, of which `used` were used; false
/// when it is refused or incomplete.
static bool read_request(RequestReader& reader, std::string_view bytes, std::size_t piece,
                         Story& story) {
    std::size_t end = std::min(story.used + piece, bytes.size());
    std::string body;
    bool in_body = false;
    while (!in_body || !reader.done()) {
        const std::string_view there = bytes.substr(story.used, end - story.used);
        std::size_t used = 0;
        if (!in_body) {
            const auto head = reader.take_head(there);
            story.refused = !head.ok();
            used = head.ok() ? *head : 0;
            in_body = used > 0;
        } else {
            const auto step = reader.take_body(there);
            story.refused = !step.ok();
            used = step.ok() ? step->used : 0;
            if (step.ok()) body += step->data;
        }
        if (story.refused) return false;
        story.used += used;
        if (used == 0 && end == bytes.size()) return false;
        if (used == 0) end = std::min(end + piece, bytes.size());
    }
    const RequestHead& head = reader.head();
    std::string text = std::string(word(head.method)) + " " + head.target.path;
    for (const Field& field : head.headers) text += "\n" + field.name + ": " + field.value;
    story.requests.push_back(text + "\n\n" + body);
    return true;
}

static Story read_requests(std::string_view bytes, std::size_t piece) {
    Story story;
    RequestReader reader(32 << 10, 100);
    for (; story.requests.size() < 100; reader.begin())
        if (!read_request(reader, bytes, piece, story)) break;
    if (story.refused) story.used = 0;  // where it is seen may differ
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

/// However the bytes come, they are the same requests, or the same events;
/// nothing is smuggled from one into the next by where they are cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 8 + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Story whole = read_requests(bytes, bytes.size() + 1);
    const Story cut = read_requests(bytes, piece);
    check(cut.requests == whole.requests, "requests are the same however their bytes are cut");
    check(cut.refused == whole.refused, "and so is a refusal");
    check(read_events(bytes, piece) == read_events(bytes, bytes.size() + 1), "events, cut");
    return 0;
}
