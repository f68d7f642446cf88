#include "trials/instances.h"

#include <algorithm>

namespace vdc::trials {

using base::Error;
using base::Result;
using placement::Kinds;

placement::Request TracedInstance::request(bool in_cells) const {
    placement::Request request;
    request.needs.amounts[Kinds::cpu] = cpus * 1000;
    request.needs.amounts[Kinds::memory] = memory * 1024;
    if (in_cells) request.needs.cells = is_split() ? 2 : 1;
    return request;
}

Result<std::vector<TracedInstance>> read_instances(const PlacementWish& wish) {
    const std::string file = TRY(file_or_in_folder(wish.data, "vms_visible"));
    const Table table = TRY(read_table(file));
    const std::size_t cpu = TRY(table.column("cpu"));
    const std::size_t memory = TRY(table.column("mem"));
    const std::size_t at = TRY(table.column("at"));
    const std::size_t lives = TRY(table.column("lt"));
    const auto rows = static_cast<std::int64_t>(table.rows());
    const std::int64_t end = wish.end == 0 ? rows : std::min(rows, wish.end);
    std::vector<TracedInstance> all;
    for (std::int64_t number = wish.begin; number < end; ++number) {
        const auto row = static_cast<std::size_t>(number);
        all.push_back({TRY(table.number(row, cpu)), TRY(table.number(row, memory)),
                       TRY(table.number(row, at)), TRY(table.number(row, lives))});
        const TracedInstance& last = all.back();
        if (std::min({last.cpus, last.memory, last.lives}) < 0 || last.cpus > 100'000 ||
            last.memory > 10'000'000 || last.lives > 1'000'000'000 || last.arrives < 0 ||
            last.arrives > 10'000'000'000)
            return Error{Error::Code::invalid,
                         "row " + std::to_string(number + 1) + " is no instance",
                         "sizes and times lie between 0 and large numbers"};
        if (all.size() > 1 && last.arrives < all[all.size() - 2].arrives)
            return Error{Error::Code::invalid,
                         "row " + std::to_string(number + 1) + " came before the one above it",
                         "a trace is in the order of arrival"};
    }
    if (all.empty())
        return Error{Error::Code::invalid, "no instance lies in these rows",
                     "the table has " + std::to_string(rows)};
    return all;
}

}  // namespace vdc::trials
