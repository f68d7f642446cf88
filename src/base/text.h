#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vdc::base {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// "1 host", "3 hosts": `one` is a noun whose plural ends in s.
std::string counted(std::int64_t count, std::string_view one);

/// Names are DNS labels (RFC 1123): 1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-'.
/// `what` names the thing in the error ("instance").
Status check_name(std::string_view what, std::string_view name);

/// The candidate within two edits (Levenshtein) of `word` that is nearest, or "".
/// Ties go to the first candidate.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" or "", for the end of a sentence.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Printable form of text that others wrote, for logs and terminals: control characters become
/// \xNN, so that it can neither forge a line nor drive a terminal. At most `length_max` bytes.
std::string quoted(std::string_view text, std::size_t length_max = 200);

/// Bytes in the UTF-8 sequence that begins at `at` (Unicode 15, table 3-7); 0 when it is bad.
std::size_t utf8_length(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

}  // namespace vdc::base
