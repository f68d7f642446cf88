#include "drivers/qemu/message_splitter.h"

#include <utility>

#include "base/text.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Status;

Status MessageSplitter::broken(Error::Code code, std::string message) {
    line_ = {};
    return state_ = Error{code, std::move(message)};
}

Status MessageSplitter::feed(std::string_view bytes, const std::function<void(Json)>& take) {
    while (state_.ok() && !bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        if (part.size() > line_max_ - line_.size())
            return broken(Error::Code::too_large, "QEMU sent a message of more than " +
                                                      std::to_string(line_max_) + " bytes");
        line_ += part;
        if (end == std::string_view::npos) break;
        bytes.remove_prefix(end + 1);
        TRY(take_line(take));
    }
    return state_;
}

Status MessageSplitter::take_line(const std::function<void(Json)>& take) {
    const std::string line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) return {};
    // A chain of disk layers nests once per layer in some replies.
    auto message = base::parse_json(line, {.depth_max = 256, .size_max = line_max_});
    if (!message)
        return broken(Error::Code::corrupt, "QEMU sent no JSON: " + message.error().message);
    if (!message->is(Json::Kind::object))
        return broken(Error::Code::corrupt,
                      "QEMU sent no object but '" + base::quoted(line, 60) + "'");
    take(std::move(message).value());
    return {};
}

}  // namespace vdc::drivers::qemu
