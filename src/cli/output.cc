#include "cli/output.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;

Result<Format> parse_format(const std::string& word) {
    if (word == "table") return Format::table;
    if (word == "json") return Format::json;
    if (word == "yaml") return Format::yaml;
    if (word == "csv") return Format::csv;
    if (word == "value") return Format::value;
    return Error{Error::Code::invalid,
                 "'" + word + "' is no output format" +
                     base::did_you_mean(word, {"table", "json", "yaml", "csv", "value"}),
                 "take one of table, json, yaml, csv, value"};
}

static std::string plain(const Json& value) {
    switch (value.kind()) {
        case Json::Kind::null: return "";
        case Json::Kind::text: return value.text();
        case Json::Kind::array: {
            std::vector<std::string> parts;
            for (const Json& each : value.items()) parts.push_back(plain(each));
            return base::join(parts, ",");
        }
        default: return dump(value);
    }
}

/// Every value at a path; a list on the way stands for each of its items.
static void collect(const Json& here, const std::vector<std::string>& path, std::size_t at,
                    std::vector<std::string>& found) {
    if (here.is(Json::Kind::array)) {
        for (const Json& each : here.items()) collect(each, path, at, found);
    } else if (at == path.size()) {
        if (!here.is_null()) found.push_back(plain(here));
    } else if (const Json* next = here.find(path[at])) {
        collect(*next, path, at + 1, found);
    }
}

static std::string age(const std::string& created, std::optional<base::Instant> at) {
    const auto then = base::parse_instant(created);
    if (!then.ok()) return "";
    const auto present = std::chrono::system_clock::now().time_since_epoch();
    const auto now =
        at ? at->time_since_epoch() : std::chrono::duration_cast<base::Duration>(present);
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now - then->time_since_epoch()).count();
    if (seconds < 120) return std::to_string(std::max<std::int64_t>(0, seconds)) + "s";
    if (seconds < 7200) return std::to_string(seconds / 60) + "m";
    if (seconds < 172'800) return std::to_string(seconds / 3600) + "h";
    return std::to_string(seconds / 86'400) + "d";
}

std::string cell(const Json& item, const Column& column, std::optional<base::Instant> now) {
    for (const std::string& path : base::split(column.path, '|')) {
        std::vector<std::string> found;
        collect(item, base::split(path, '.'), 0, found);
        if (found.empty()) continue;
        const std::string words = base::join(found, ",");
        return column.name == "age" ? age(words, now) : base::quoted(words, 400);
    }
    return "";
}

static bool anywhere(const Json& items, const std::string& path) {
    return std::any_of(items.items().begin(), items.items().end(), [&](const Json& item) {
        const Json* at = &item;
        for (const std::string& name : base::split(path, '.'))
            if (at->is(Json::Kind::object)) at = &at->at(name);
        return !at->is_null() && at != &item;
    });
}

/// What the person chose of the columns, or paths of its own. A name that is no column and leads
/// nowhere in any item is an error.
static Result<std::vector<Column>> chosen(std::vector<Column> columns, const Json& items,
                                          const Common& common) {
    if (common.columns.empty()) return columns;
    std::vector<std::string> names;
    for (const Column& column : columns) names.push_back(column.name);
    std::vector<Column> picked;
    for (const std::string& name : common.columns) {
        const auto known = std::find(names.begin(), names.end(), name);
        if (known == names.end() && !items.items().empty() && !anywhere(items, name))
            return Error{Error::Code::invalid,
                         "there is no column '" + base::quoted(name, 60) + "'" +
                             base::did_you_mean(name, names),
                         "columns are " + base::join(names, ", ") +
                             "; others go by their path, for example declared.image"};
        picked.push_back(known != names.end()
                             ? columns[static_cast<std::size_t>(known - names.begin())]
                             : Column{name, name});
    }
    return picked;
}

using Rows = std::vector<std::vector<std::string>>;

static std::string as_table(const Rows& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t at = 0; at < row.size(); ++at) {
            widths.resize(std::max(widths.size(), at + 1));
            widths[at] = std::max(widths[at], row[at].size());
        }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            out += row[at];
            if (at + 1 < row.size()) out.append(widths[at] - row[at].size() + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

static std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

static std::string as_lines(const Rows& rows, const char* separator, bool quote) {
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            if (at > 0) out += separator;
            out += quote ? csv_field(row[at]) : row[at];
        }
        out += '\n';
    }
    return out;
}

Result<std::string> shown(const Json& items, std::vector<Column> columns, const Common& common,
                          std::optional<base::Instant> now) {
    const Format format = TRY(parse_format(common.format));
    if (format == Format::json) return dump_pretty(items) + "\n";
    if (format == Format::yaml) return to_yaml(items);
    const std::vector<Column> picked = TRY(chosen(std::move(columns), items, common));
    Rows rows;
    for (const Json& item : items.items()) {
        rows.emplace_back();
        for (const Column& column : picked) rows.back().push_back(cell(item, column, now));
    }
    for (std::size_t at = 0; at < picked.size(); ++at)
        if (picked[at].name == common.sort)
            std::stable_sort(rows.begin(), rows.end(),
                             [at](const auto& a, const auto& b) { return a[at] < b[at]; });
    if (!common.no_header && format != Format::value) {
        std::vector<std::string> heads;
        for (const Column& column : picked) heads.push_back(column.name);
        rows.insert(rows.begin(), std::move(heads));
    }
    if (format == Format::csv) return as_lines(rows, ",", /*quote=*/true);
    if (format == Format::value) return as_lines(rows, " ", /*quote=*/false);
    return as_table(rows);
}

static void add_fields(const Json& part, const std::string& prefix, Rows& rows) {
    for (const auto& member : part.members()) {
        if (member.value.is(Json::Kind::object) && !member.value.members().empty())
            add_fields(member.value, prefix + member.name + ".", rows);
        else
            rows.push_back({prefix + member.name, base::quoted(plain(member.value), 400)});
    }
}

Result<std::string> shown_one(const Json& item, const std::vector<Column>& columns,
                              const Common& common) {
    const Format format = TRY(parse_format(common.format));
    if (format == Format::json) return dump_pretty(item) + "\n";
    if (format == Format::yaml) return to_yaml(item);
    if (format != Format::table || !common.columns.empty())
        return shown(Json::array({item}), columns, common);
    Rows rows;
    add_fields(item, "", rows);
    return as_table(rows);
}

// ---- YAML --------------------------------------------------------------------------------------

static bool needs_quotes(const std::string& text) {
    static const std::vector<std::string> special{"",   "null", "true", "false", "yes",
                                                  "no", "on",   "off",  "~"};
    if (std::find(special.begin(), special.end(), text) != special.end()) return true;
    const bool word =
        (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '/';
    return !word || text.find_first_of(":#\n\t\"'{}[],&*!|>%@`") != std::string::npos ||
           text.back() == ' ';
}

static std::string yaml_text(const std::string& text) {
    return needs_quotes(text) ? dump(Json(text)) : text;
}

static bool nested(const Json& value) {
    return (value.is(Json::Kind::object) && !value.members().empty()) ||
           (value.is(Json::Kind::array) && !value.items().empty());
}

/// Writes the value with lines that begin `depth` steps in; the first one goes on where the line
/// stands already.
static void write_yaml(std::string& out, const Json& value, std::size_t depth) {
    const std::string indent(depth * 2, ' ');
    if (!nested(value)) {
        out += (value.is(Json::Kind::text) ? yaml_text(value.text()) : dump(value)) + "\n";
        return;
    }
    bool first = true;
    const auto begin_line = [&] { out += std::exchange(first, false) ? "" : indent; };
    if (value.is(Json::Kind::array)) {
        for (const Json& item : value.items()) {
            begin_line();
            out += "- ";
            write_yaml(out, item, depth + 1);
        }
        return;
    }
    for (const auto& member : value.members()) {
        begin_line();
        out += yaml_text(member.name) + ":" +
               (nested(member.value) ? "\n" + indent + "  " : std::string(" "));
        write_yaml(out, member.value, depth + 1);
    }
}

std::string to_yaml(const Json& value) {
    std::string out;
    write_yaml(out, value, 0);
    return out;
}

}  // namespace vdc::cli
