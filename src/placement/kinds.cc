#include "placement/kinds.h"

#include <algorithm>

#include "base/text.h"

namespace vdc::placement {

using base::Error;
using base::Result;
using base::Status;

Amounts& Amounts::operator+=(const Amounts& other) {
    for (std::size_t kind = 0; kind < kinds_max; ++kind) of[kind] += other.of[kind];
    return *this;
}

Amounts& Amounts::operator-=(const Amounts& other) {
    for (std::size_t kind = 0; kind < kinds_max; ++kind) of[kind] -= other.of[kind];
    return *this;
}

std::optional<Kind> Kinds::find(std::string_view name) const {
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at == names_.end()) return {};
    return static_cast<Kind>(at - names_.begin());
}

Result<Kind> Kinds::enter(std::string_view name) {
    if (const auto known = find(name)) return *known;
    if (names_.size() == kinds_max)
        return Error{Error::Code::too_large,
                     "no room for the resource '" + base::quoted(name) + "': a fleet counts " +
                         std::to_string(kinds_max) + " kinds",
                     "count fewer kinds of devices"};
    names_.emplace_back(name);
    return static_cast<Kind>(names_.size() - 1);
}

Status check_amounts(std::string_view whose, const Kinds& kinds, const Amounts& amounts) {
    for (std::size_t kind = 0; kind < kinds_max; ++kind) {
        const std::int64_t amount = amounts.of[kind];
        if (amount >= 0 && amount <= amount_max && (amount == 0 || kind < kinds.count())) continue;
        const std::string name =
            kind < kinds.count() ? kinds.name(static_cast<Kind>(kind)) : "a kind that is not known";
        return Error{Error::Code::invalid,
                     std::string(whose) + " says " + std::to_string(amount) + " of " + name,
                     "amounts lie between 0 and " + std::to_string(amount_max)};
    }
    return {};
}

}  // namespace vdc::placement
