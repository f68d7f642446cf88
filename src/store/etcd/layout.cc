#include "store/etcd/layout.h"

#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "model/read_json.h"
#include "model/write_json.h"

namespace vdc::store {

using base::Error;
using base::Json;
using base::Result;
using model::CommitPtr;
using Code = Error::Code;

namespace {

Error damaged(const std::string& what) {
    return {Code::corrupt, "what etcd holds is not what vdc wrote: " + what,
            "restore etcd from a backup"};
}

std::string digits(std::uint64_t number, std::size_t width) {
    const std::string text = std::to_string(number);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

/// The whole number, not below zero, that an object holds under this name; -1 for anything else.
std::int64_t number_in(const Result<Json>& json, const char* name) {
    const bool is_object = json.ok() && json->is(Json::Kind::object);
    const Json* found = is_object ? json->find(name) : nullptr;
    if (found == nullptr || !found->is(Json::Kind::integer)) return -1;
    return std::max<std::int64_t>(found->integer(), -1);
}

/// Takes a number and what must follow it from the front of `text`.
bool take_number(std::string_view& text, std::uint64_t& number, std::string_view then) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(then)) return false;
    text.remove_prefix(then.size());
    return true;
}

}  // namespace

std::string end_of(std::string prefix) {
    base::check(!prefix.empty() && prefix.back() != '\xff', "keys of ours are text");
    ++prefix.back();
    return prefix;
}

std::string text(const EtcdHead& head) {
    return dump(Json::object({{"format", etcd_format},
                              {"datacenter", head.datacenter},
                              {"revision", static_cast<std::int64_t>(head.latest.revision)},
                              {"term", static_cast<std::int64_t>(head.latest.term)}}));
}

Result<EtcdHead> parse_head(std::string_view text) {
    const auto json = base::parse_json(text);
    const std::int64_t format = number_in(json, "format");
    const std::int64_t revision = number_in(json, "revision");
    const std::int64_t term = number_in(json, "term");
    if (format > etcd_format)
        return Error{Code::unsupported,
                     "a newer vdc wrote this datacenter into etcd, in format " +
                         std::to_string(format) + "; this one reads up to " +
                         std::to_string(etcd_format),
                     "run that newer version here too"};
    const Json* datacenter = format < 1 ? nullptr : json->find("datacenter");
    if (revision < 0 || term < 0 || datacenter == nullptr || !datacenter->is(Json::Kind::text))
        return damaged("the head is " + base::quoted(std::string(text), 120));
    EtcdHead head;
    head.datacenter = datacenter->text();
    head.latest = {static_cast<model::Revision>(revision), static_cast<std::uint64_t>(term)};
    return head;
}

std::string text(const EtcdSnapshot& snapshot) {
    return dump(Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                              {"pieces", static_cast<std::int64_t>(snapshot.pieces)}}));
}

Result<EtcdSnapshot> parse_snapshot(std::string_view text) {
    const auto json = base::parse_json(text);
    const std::int64_t revision = number_in(json, "revision");
    const std::int64_t pieces = number_in(json, "pieces");
    if (revision < 0 || pieces < 0)
        return damaged("the snapshot is " + base::quoted(std::string(text), 120));
    return EtcdSnapshot{static_cast<model::Revision>(revision), static_cast<std::size_t>(pieces)};
}

std::string text(const std::string& keys, const PieceKey& key) {
    return keys + digits(key.revision, 20) + "/" + digits(key.number, 5) + "-" +
           digits(key.count, 5);
}

Result<PieceKey> parse_piece_key(const std::string& keys, std::string_view key) {
    std::string_view rest = key;
    rest.remove_prefix(std::min(rest.size(), keys.size()));
    std::uint64_t revision = 0;
    std::uint64_t number = 0;
    std::uint64_t count = 0;
    if (!take_number(rest, revision, "/") || !take_number(rest, number, "-") ||
        !take_number(rest, count, "") || !rest.empty() || number >= count)
        return damaged("the key " + base::quoted(std::string(key), 120));
    return PieceKey{revision, number, count};
}

std::optional<std::string> Pieces::add(const PieceKey& key, std::string_view piece) {
    Part& part = by_count_[key.count];
    if (part.pieces != key.number) return {};  // one before it is missing: it can never be whole
    part.text += piece;
    if (++part.pieces < key.count) return {};
    return std::move(part.text);
}

std::vector<std::string_view> pieces_of(std::string_view text) {
    std::vector<std::string_view> pieces;
    do {
        pieces.push_back(text.substr(0, etcd_piece_bytes));
        text.remove_prefix(pieces.back().size());
    } while (!text.empty());
    return pieces;
}

std::string lines_of(std::span<const CommitPtr> commits) {
    std::string lines;
    for (const CommitPtr& commit : commits) {
        write_commit(lines, *commit);
        lines += '\n';
    }
    return lines;
}

Result<std::vector<CommitPtr>> commits_of(std::string_view lines) {
    std::vector<CommitPtr> commits;
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        if (end == std::string_view::npos) return damaged("a group of commits is cut off");
        auto commit = model::read_commit(lines.substr(0, end));
        if (!commit.ok()) return damaged("a commit: " + commit.error().message);
        commits.push_back(std::make_shared<const model::Commit>(std::move(*commit)));
        lines.remove_prefix(end + 1);
    }
    return commits;
}

}  // namespace vdc::store
