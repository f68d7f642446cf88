#include "base/text.h"

#include <algorithm>
#include <numeric>

namespace vdc::base {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (&part != &parts.front()) out += separator;
        out += part;
    }
    return out;
}

std::string counted(std::int64_t count, std::string_view one) {
    return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

Status check_name(std::string_view what, std::string_view name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool good =
        !name.empty() && name.size() <= 63 && plain(name.front()) && plain(name.back()) &&
        std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
    if (good) return {};
    return Error{Error::Code::invalid,
                 "'" + quoted(name, 80) + "' cannot name " + std::string(what),
                 "use 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit"};
}

static std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
        }
    }
    return row.back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t best_edits = 3;
    for (const std::string& candidate : candidates) {
        if (word.size() > 100 || candidate.size() > 100) continue;
        const std::size_t distance = edits(word, candidate);
        if (distance >= best_edits || distance >= std::max(word.size(), candidate.size())) continue;
        best = candidate;
        best_edits = distance;
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
    const std::string found = nearest(word, candidates);
    return found.empty() ? "" : "; did you mean '" + found + "'?";
}

std::string quoted(std::string_view text, std::size_t length_max) {
    static constexpr char digit[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        if (out.size() >= length_max) return out + "...";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            continue;
        }
        out += "\\x";
        out += digit[byte >> 4];
        out += digit[byte & 0xf];
    }
    return out;
}

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned lead = byte(at);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf && follows(at + 1)) return 2;
    if (lead >= 0xe0 && lead <= 0xef && follows(at + 1) && follows(at + 2)) {
        const unsigned point = ((lead & 0xf) << 12) | ((byte(at + 1) & 0x3f) << 6);
        return point < 0x800 || (point >= 0xd800 && point <= 0xdfff) ? 0 : 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4 && follows(at + 1) && follows(at + 2) && follows(at + 3)) {
        const unsigned point = ((lead & 0x7) << 18) | ((byte(at + 1) & 0x3f) << 12);
        return point < 0x10000 || point > 0x10ffff ? 0 : 4;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

}  // namespace vdc::base
