#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/hash.h"
#include "base/text.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::store {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using Code = Error::Code;

static constexpr std::string_view first_word = "vdc-backup ";
static constexpr std::string_view papers_word = "papers ";
static constexpr const char* make_another = "`vdc backup save FILE` makes another one";

/// 16 hexadecimal digits, as of a log's lines.
static std::string sum_of(std::string_view content) {
    return text(base::Hasher{}.add(content).finish()).substr(0, 16);
}

std::string text(const BackupPapers& papers) {
    Json notes = Json::object({});
    for (const auto& [name, value] : papers.notes) notes.set(name, value);
    Json controllers = Json::array();
    for (const std::string& each : papers.controllers) controllers.push(each);
    const Json json = Json::object({{"program", papers.program},
                                    {"made", base::text(papers.made)},
                                    {"datacenter", papers.datacenter},
                                    {"host", papers.host},
                                    {"tag", papers.tag},
                                    {"controllers", std::move(controllers)},
                                    {"authority_certificate", papers.authority_certificate},
                                    {"authority_key", papers.authority_key},
                                    {"token", papers.token},
                                    {"notes", std::move(notes)}});
    const std::string content = std::string(papers_word).append(base::dump(json));
    std::string lines(first_word);
    lines.append(std::to_string(backup_format)).append("\n");
    return lines.append(sum_of(content)).append(" ").append(content).append("\n");
}

// ---- reading -----------------------------------------------------------------------------------

static Error damaged(std::uint64_t line, const std::string& what) {
    return {Code::corrupt, "line " + std::to_string(line) + ": " + what, make_another};
}

static Status check_format(std::string_view line) {
    if (!line.starts_with(first_word)) return damaged(1, "this is no backup of a datacenter");
    const std::string_view digits = line.substr(first_word.size());
    int format = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), format);
    if (failure != std::errc{} || end != digits.data() + digits.size() || format < 1)
        return damaged(1, "'" + base::quoted(digits, 20) + "' is no format");
    if (format <= backup_format) return {};
    return Error{Code::unsupported,
                 "a newer vdc wrote this backup (format " + std::to_string(format) +
                     "; this one reads up to " + std::to_string(backup_format) + ")",
                 "restore it with that version or a newer one"};
}

Status BackupReader::take_papers(std::string_view line) {
    const std::size_t space = line.find(' ');
    const std::string_view content =
        space == std::string_view::npos ? line : line.substr(space + 1);
    if (space == std::string_view::npos || line.substr(0, space) != sum_of(content))
        return damaged(line_, "the line is damaged: its sum is another");
    if (!content.starts_with(papers_word)) return damaged(line_, "the papers must stand here");
    constexpr base::JsonLimits limits{.depth_max = 8, .size_max = std::size_t{64} << 20};
    const Json json = TRY(base::parse_json(content.substr(papers_word.size()), limits));
    papers_.program = json.text_at("program");
    papers_.made = TRY(base::parse_instant(json.text_at("made")));
    papers_.datacenter = json.text_at("datacenter");
    papers_.host = json.text_at("host");
    papers_.tag = json.text_at("tag");
    papers_.authority_certificate = json.text_at("authority_certificate");
    papers_.authority_key = json.text_at("authority_key");
    papers_.token = json.text_at("token");
    const Json& controllers = json.at("controllers");
    if (controllers.is(Json::Kind::array))
        for (const Json& each : controllers.items())
            if (each.is(Json::Kind::text)) papers_.controllers.push_back(each.text());
    const Json& notes = json.at("notes");
    if (notes.is(Json::Kind::object))
        for (const auto& note : notes.members())
            if (note.value.is(Json::Kind::text)) papers_.notes[note.name] = note.value.text();
    if (papers_.datacenter.empty() || papers_.authority_key.empty())
        return damaged(line_, "the papers lack the datacenter's id or its authority");
    return {};
}

Status BackupReader::take(std::string_view line) {
    ++line_;
    if (line_ == 1) return check_format(line);
    if (line_ == 2) return take_papers(line);
    const auto taken = records_.take(line);
    if (!taken.ok()) return Error{taken.error().code, taken.error().message, make_another};
    if (*taken != nullptr) return damaged(line_, "a backup holds no commits");
    return {};
}

Status BackupReader::finish() const {
    if (line_ < 2) return damaged(line_ + 1, "the backup is cut off");
    const Status whole = records_.finish();
    if (!whole.ok()) return Error{whole.error().code, whole.error().message, make_another};
    return {};
}

/// The numbers of "1.12.3"; what follows them counts for nothing.
static std::vector<int> numbers_of(const std::string& version) {
    std::vector<int> numbers;
    for (const std::string& part : base::split(version, '.')) {
        int number = 0;
        if (std::from_chars(part.data(), part.data() + part.size(), number).ec != std::errc{})
            break;
        numbers.push_back(number);
    }
    return numbers;
}

static Status take_all(const runtime::Fd& file, const std::string& path, BackupReader& reader) {
    constexpr std::size_t piece = 1 << 20;
    constexpr std::size_t line_max = std::size_t{128} << 20;
    std::string held;
    std::string bytes(piece, '\0');
    for (;;) {
        const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return runtime::system_error(errno, "cannot read '" + path + "'");
        if (got == 0) break;
        held.append(bytes, 0, static_cast<std::size_t>(got));
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = held.find('\n', begin)) != std::string::npos;
             begin = end + 1)
            TRY(reader.take(std::string_view(held).substr(begin, end - begin)));
        held.erase(0, begin);
        if (held.size() > line_max)
            return Error{Code::corrupt, "'" + path + "' has a line that is too long", make_another};
    }
    if (!held.empty()) TRY(reader.take(held));
    return reader.finish();
}

Result<BackupReader> read_backup(const std::string& path, const std::string& program) {
    const runtime::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return runtime::system_error(errno, "cannot open '" + path + "'");
    BackupReader reader;
    const Status read = take_all(file, path, reader);
    if (!read.ok())
        return Error{read.error().code, path + ": " + read.error().message, read.error().hint};
    if (numbers_of(reader.papers().program) > numbers_of(program))
        return Error{Code::unsupported,
                     path + ": vdc " + reader.papers().program +
                         " wrote this backup, and this is " + program,
                     "restore it with that version or a newer one"};
    return reader;
}

}  // namespace vdc::store
