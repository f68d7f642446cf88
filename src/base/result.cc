#include "base/result.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace vdc::base {

using Code = Error::Code;

static constexpr std::array<std::pair<Code, std::string_view>, 13> words{{
    {Code::invalid, "invalid"},
    {Code::not_found, "not_found"},
    {Code::exists, "exists"},
    {Code::conflict, "conflict"},
    {Code::forbidden, "forbidden"},
    {Code::unauthenticated, "unauthenticated"},
    {Code::too_large, "too_large"},
    {Code::exhausted, "exhausted"},
    {Code::unavailable, "unavailable"},
    {Code::unsupported, "unsupported"},
    {Code::timed_out, "timed_out"},
    {Code::corrupt, "corrupt"},
    {Code::failed, "failed"},
}};

std::string_view word(Code code) {
    for (const auto& [value, name] : words)
        if (value == code) return name;
    broken("an error code without a word");
}

std::optional<Code> error_code(std::string_view word) {
    for (const auto& [value, name] : words)
        if (name == word) return value;
    return std::nullopt;
}

std::string text(const Error& error) {
    return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

void broken(std::string_view what, SourcePlace where) {
    std::fprintf(stderr, "vdc: broken: %.*s\n  at %s:%d in %s\n", static_cast<int>(what.size()),
                 what.data(), where.file, where.line, where.function);
    std::fflush(stderr);
    std::abort();
}

}  // namespace vdc::base
