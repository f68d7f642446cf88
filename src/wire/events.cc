#include "wire/events.h"

#include <algorithm>

namespace vdc::wire {

using base::Error;

static void append_line(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    std::copy_if(value.begin(), value.end(), std::back_inserter(out),
                 [](char c) { return c != '\n' && c != '\r' && c != '\0'; });
    out += '\n';
}

std::string text(const Event& event) {
    std::string out;
    out.reserve(event.data.size() + event.id.size() + event.type.size() + 32);
    if (!event.id.empty()) append_line(out, "id", event.id);
    if (!event.type.empty()) append_line(out, "event", event.type);
    std::string_view rest = event.data;
    while (true) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        append_line(out, "data", rest.substr(0, end));
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
    }
    out += '\n';
    return out;
}

std::string_view keep_alive_comment() {
    return ":\n\n";
}

void EventReader::line(std::string_view line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "id" && value.find('\0') == std::string_view::npos) event_.id = value;
    if (name == "event") event_.type = value;
    if (name != "data") return;
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
}

base::Result<bool> EventReader::feed(std::string_view bytes,
                                     const std::function<bool(const Event&)>& each) {
    for (const char c : bytes) {
        const bool second_half = after_cr_ && c == '\n';
        after_cr_ = c == '\r';
        if (second_half) continue;
        if (c != '\n' && c != '\r') {
            rest_ += c;
            if (rest_.size() + event_.data.size() > event_size_max)
                return Error{Error::Code::too_large, "an event of more than 1 MiB came"};
            continue;
        }
        if (!rest_.empty()) {
            line(rest_);
            rest_.clear();
            continue;
        }
        const Event event = std::exchange(event_, {});
        if (std::exchange(has_data_, false) && !each(event)) return false;
    }
    return true;
}

}  // namespace vdc::wire
