#include "cli/fields.h"

#include <algorithm>

#include "base/text.h"
#include "runtime/files.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;

static Result<Json> value_of(const std::string& word) {
    if (word.starts_with('@')) return Json(TRY(runtime::read_file(word.substr(1), 1 << 20)));
    if (word == "true" || word == "false") return Json(word == "true");
    if (word == "null") return Json{};
    const auto number = word.size() < 20 ? base::parse_json(word) : Result<Json>(Error{});
    if (number.ok() && number->is(Json::Kind::integer)) return *number;
    return Json(word);
}

static void set_at(Json& object, const std::vector<std::string>& path, std::size_t at, Json value) {
    if (at + 1 == path.size()) {
        object.set(path[at], std::move(value));
        return;
    }
    Json part = object.at(path[at]);
    set_at(part, path, at + 1, std::move(value));
    object.set(path[at], std::move(part));
}

Result<Json> parse_fields(const std::vector<std::string>& words) {
    Json body = Json::object();
    for (std::size_t at = 0; at < words.size(); ++at) {
        std::string name = words[at];
        if (!name.starts_with("--") || name.size() == 2)
            return Error{Error::Code::invalid,
                         "'" + base::quoted(name, 80) + "' was not expected here",
                         "fields are written --NAME VALUE"};
        std::string value;
        if (const std::size_t equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        } else if (at + 1 < words.size()) {
            value = words[++at];
        } else {
            return Error{Error::Code::invalid, "'" + name + "' needs a value"};
        }
        name.erase(0, 2);
        std::replace(name.begin(), name.end(), '-', '_');
        set_at(body, base::split(name, '.'), 0, TRY(value_of(value)));
    }
    return body;
}

}  // namespace vdc::cli
