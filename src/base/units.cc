#include "base/units.h"

#include <array>
#include <charconv>

namespace vdc::base {

struct Unit {
    std::string_view name;
    std::int64_t mib;
};

static constexpr std::array<Unit, 3> units{{{"TiB", 1 << 20}, {"GiB", 1 << 10}, {"MiB", 1}}};
static constexpr std::int64_t mib_max = std::int64_t{1024} << 20;

std::string text(MiB size) {
    for (const Unit& unit : units)
        if (size.count != 0 && size.count % unit.mib == 0)
            return std::to_string(size.count / unit.mib) + std::string(unit.name);
    return std::to_string(size.count) + "MiB";
}

Result<MiB> parse_mib(std::string_view text) {
    const auto refused = [&](std::string_view why) {
        return Error{Error::Code::invalid,
                     "'" + std::string(text) + "' is no size: " + std::string(why),
                     "write a whole number and a unit, for example 512MiB or 10GiB"};
    };
    std::int64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure == std::errc::result_out_of_range) return refused("the number is too large");
    if (failure != std::errc{} || count < 0)
        return refused("it does not begin with a whole number");
    std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    for (const Unit& unit : units) {
        if (rest != unit.name) continue;
        if (count > mib_max / unit.mib) return refused("the most is 1024TiB");
        return MiB{count * unit.mib};
    }
    return refused(rest.empty() ? "the unit is missing (MiB, GiB or TiB)"
                                : "its unit is not one of MiB, GiB, TiB");
}

}  // namespace vdc::base
