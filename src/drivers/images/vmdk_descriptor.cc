#include "drivers/images/vmdk_descriptor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/text.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t lines_max = 256;
constexpr std::size_t line_max = 512;

/// What was seen on the way; each must be there exactly once.
struct Seen {
    int version = 0;
    int parent = 0;
    int type = 0;
    int extents = 0;
};

struct Line {
    std::size_t number = 0;
    std::string_view text;
};

}  // namespace

static Error refused(const std::string& sentence) {
    return {Error::Code::invalid, "the VMDK descriptor is refused: " + sentence,
            "export it as one monolithicSparse or streamOptimized VMDK"};
}

static Error refused(const Line& line, const std::string& why) {
    return refused("line " + std::to_string(line.number) + " '" + base::quoted(line.text, 80) +
                   "' " + why);
}

static std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
    });
    return out;
}

static std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

static std::string_view unquoted(std::string_view text) {
    const bool quotes = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quotes ? text.substr(1, text.size() - 2) : text;
}

static Result<std::string_view> only_text(std::string_view place) {
    const std::string_view text = place.substr(0, place.find('\0'));
    if (place.find_first_not_of('\0', text.size()) != std::string_view::npos)
        return refused("bytes follow after its end (byte " + std::to_string(text.size()) + ")");
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        // Names may be in any language; those bytes mean nothing to the syntax.
        const bool printable = c >= ' ' && c != 0x7f;
        if (!printable && c != '\n' && c != '\r' && c != '\t')
            return refused("byte " + std::to_string(i) + " of it is not printable");
    }
    return text;
}

/// Tools look for these words anywhere, even within comments: so do we.
static Status check_words(std::string_view text) {
    const std::string all = lower(text);
    for (const std::string_view word : {"parentfilenamehint", "changetrackpath", "json:", "://"})
        if (all.find(word) != std::string::npos)
            return refused("it holds '" + std::string(word) + "'");
    for (const std::string_view word : {"parentcid", "createtype"})
        if (all.find(word) != all.rfind(word))
            return refused("it holds '" + std::string(word) + "' more than once");
    return {};
}

// ---- lines -------------------------------------------------------------------------------------

static std::vector<std::string_view> words_of(std::string_view text, std::size_t most) {
    std::vector<std::string_view> words;
    while (words.size() + 1 < most) {
        const std::size_t end = text.find_first_of(" \t");
        if (end == std::string_view::npos) break;
        words.push_back(text.substr(0, end));
        text = trimmed(text.substr(end));
    }
    words.push_back(text);
    return words;
}

static bool is_extent(std::string_view text) {
    const std::string first = lower(words_of(text, 2).front());
    return first == "rw" || first == "rdonly" || first == "noaccess";
}

/// A plain file name: nothing that could lead to another folder, host or driver.
static bool plain_name(std::string_view name) {
    return !name.empty() && name.front() != '.' && name.size() <= 255 &&
           name.find_first_of("/\\:\"") == std::string_view::npos;
}

/// RW 4192256 SPARSE "disk.vmdk"
static Status check_extent(const Line& line, const VmdkExtent& extent, Seen& seen) {
    if (++seen.extents > 1) return refused(line, "is a second extent; one is taken");
    const std::vector<std::string_view> words = words_of(line.text, 4);
    if (words.size() != 4) return refused(line, "is no extent: access, size, kind, \"name\"");
    if (words[2] != "SPARSE")
        return refused(line, "names data in another file; only SPARSE, this very file, is taken");
    std::uint64_t capacity = 0;
    const std::string_view number = words[1];
    const auto [end, failure] =
        std::from_chars(number.data(), number.data() + number.size(), capacity);
    if (failure != std::errc{} || end != number.data() + number.size() ||
        capacity != extent.capacity)
        return refused(line, "has another size than the header's " +
                                 std::to_string(extent.capacity) + " sectors");
    const std::string_view name = words[3];
    if (name.size() < 2 || name.front() != '"' || name.back() != '"' || !plain_name(unquoted(name)))
        return refused(line, "does not name a plain file in quotes");
    return {};
}

static Status check_value(const Line& line, const std::string& key, std::string_view value,
                          const VmdkExtent& extent, Seen& seen) {
    if (key == "version") {
        ++seen.version;
        if (value != "1" && value != "2" && value != "3")
            return refused(line, "is no version that we know");
    }
    if (key == "parentcid") {
        ++seen.parent;
        if (lower(value) != "ffffffff") return refused(line, "names a parent disk");
    }
    if (key == "createtype") {
        ++seen.type;
        const std::string_view wanted = extent.stream ? "streamOptimized" : "monolithicSparse";
        if (value != wanted)
            return refused(line, "is another kind than the header's, " + std::string(wanted));
    }
    return {};
}

static Status check_setting(const Line& line, const VmdkExtent& extent, Seen& seen) {
    static constexpr std::array<std::string_view, 6> keys{
        "version", "encoding", "cid", "parentcid", "isnativesnapshot", "createtype"};
    const std::size_t equals = line.text.find('=');
    if (equals == std::string_view::npos)
        return refused(line, "is neither a setting nor an extent");
    const std::string key = lower(trimmed(line.text.substr(0, equals)));
    if (!key.starts_with("ddb.") && std::ranges::find(keys, key) == keys.end())
        return refused(line, "sets something that is not taken");
    return check_value(line, key, unquoted(trimmed(line.text.substr(equals + 1))), extent, seen);
}

static Status check_line(const Line& line, const VmdkExtent& extent, Seen& seen) {
    if (line.text.size() > line_max) return refused(line, "is longer than 512 bytes");
    if (line.text.empty() || line.text.front() == '#') return {};
    if (is_extent(line.text)) return check_extent(line, extent, seen);
    return check_setting(line, extent, seen);
}

static Status check_seen(const Seen& seen) {
    if (seen.version != 1) return refused("it needs one line version=");
    if (seen.parent != 1) return refused("it needs one line parentCID=ffffffff");
    if (seen.type != 1) return refused("it needs one line createType=");
    if (seen.extents != 1) return refused("it names no extent");
    return {};
}

Status check_vmdk_descriptor(std::string_view place, const VmdkExtent& extent) {
    std::string_view rest = TRY(only_text(place));
    if (!rest.starts_with("# Disk DescriptorFile"))
        return refused("it does not begin with '# Disk DescriptorFile'");
    TRY(check_words(rest));
    Seen seen;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        if (number > lines_max) return refused("it has more than 256 lines");
        const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
        TRY(check_line({number, trimmed(rest.substr(0, end))}, extent, seen));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return check_seen(seen);
}

}  // namespace vdc::drivers::images
