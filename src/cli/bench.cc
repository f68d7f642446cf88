#include "cli/bench.h"

#include <algorithm>
#include <cstdio>

#include "cli/output.h"

namespace vdc::cli {

using base::Json;
using base::Result;

/// A column for each member that any row has, in their order.
static std::vector<Column> columns_of(const Json& rows) {
    std::vector<Column> columns;
    for (const Json& row : rows.items())
        for (const auto& member : row.members()) {
            const auto same = [&](const Column& column) { return column.name == member.name; };
            if (std::none_of(columns.begin(), columns.end(), same))
                columns.push_back({member.name, member.name});
        }
    return columns;
}

static Result<std::string> found(const trials::PlacementWish& wish, const Common& common) {
    const Format format = TRY(parse_format(common.format));
    const Json outcome = TRY(trials::run_placement_trial(wish));
    if (format == Format::json) return base::dump_pretty(outcome) + "\n";
    return shown(outcome.at("rows"), columns_of(outcome.at("rows")), common);
}

int bench_placement(const trials::PlacementWish& wish, const Common& common) {
    const auto text = found(wish, common);
    if (!text.ok()) return say(text.error());
    std::fputs(text->c_str(), stdout);
    return 0;
}

}  // namespace vdc::cli
