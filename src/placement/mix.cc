#include "placement/mix.h"

#include <algorithm>
#include <bit>

namespace vdc::placement {

namespace {

/// So much finer than thousandths are sums kept until the end.
constexpr std::int64_t fine = 64;

/// Who is rarer than one in so many of those with one accelerator is not waited for: his part of
/// the accelerator counts as idle by so much.
constexpr std::int64_t rare = 50;

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

bool may_use(const HostClass& host_class, const Needs& needs) {
    if (needs.models == 0) return true;
    return std::any_of(host_class.models.begin(), host_class.models.end(),
                       [&](Model model) { return (needs.models >> model & 1) != 0; });
}

bool holds_amounts(const Room& room, const Needs& needs) {
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (needs.amounts.of[kind] > room.amounts.of[kind]) return false;
    return true;
}

std::int64_t copies(std::int64_t left, std::int64_t needs) {
    return needs == 0 ? amount_max : std::max<std::int64_t>(0, left / needs);
}

/// How many of them an unsplit host, or a single cell for its part of them, would hold.
std::int64_t copies_in(const Amounts& left, const Amounts& needs) {
    std::int64_t most = amount_max;
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (needs.of[kind] > 0) most = std::min(most, copies(left.of[kind], needs.of[kind]));
    return most == amount_max ? 0 : most;
}

std::int64_t copies_in(const Cell& cell, const Needs& needs, std::int64_t parts) {
    const auto part = [parts](std::int64_t all) { return (all + parts - 1) / parts; };
    const std::int64_t most = std::min({copies(cell.cpu, part(needs.amounts[Kinds::cpu])),
                                        copies(cell.memory, part(needs.amounts[Kinds::memory])),
                                        copies(cell.huge_pages, part(needs.huge_pages))});
    return most == amount_max ? 0 : most;
}

std::int64_t copies_in_cells(const Room& room, const Needs& needs) {
    const std::size_t parts = std::max<std::size_t>(1, needs.cells);
    if (parts > room.cells.size()) return 0;
    std::array<std::int64_t, cells_max> each{};
    for (std::size_t at = 0; at < room.cells.size(); ++at)
        each[at] = copies_in(room.cells[at], needs, static_cast<std::int64_t>(parts));
    const auto end = each.begin() + static_cast<std::ptrdiff_t>(room.cells.size());
    std::sort(each.begin(), end, std::greater<>());
    std::int64_t all = 0;
    // Cells in groups of `parts`, the fullest of a group says how many it holds.
    for (std::size_t last = parts - 1; last < room.cells.size(); last += parts) all += each[last];
    return all;
}

/// A processor's worth, in thousandths; of who needs none, 2 GiB are one.
std::int64_t size_of(const Needs& needs) {
    const std::int64_t cpu = needs.amounts[Kinds::cpu];
    return cpu > 0 ? cpu : needs.amounts[Kinds::memory] * 1000 / 2048;
}

std::int64_t share(std::int64_t part, std::int64_t of) {
    return of <= 0 ? 0 : part * 1000 / of;
}

/// By how many thousandths the emptiest cell is emptier than the fullest.
std::int64_t imbalance(const Room& room) {
    if (room.cells.empty()) return 0;
    const auto count = static_cast<std::int64_t>(room.cells.size());
    std::int64_t least = amount_max;
    std::int64_t most = 0;
    for (const Cell& cell : room.cells) {
        const std::int64_t left =
            std::min(share(cell.cpu * count, room.claimable[Kinds::cpu]),
                     share(cell.memory * count, room.claimable[Kinds::memory]));
        least = std::min(least, left);
        most = std::max(most, left);
    }
    return most - least;
}

/// Of its accelerators, in thousandths.
std::int64_t idle_share(const Room& room) {
    std::int64_t idle = 0;
    for (const std::int32_t left : room.accelerators) idle += std::max(0, left);
    return idle / static_cast<std::int64_t>(room.accelerators.size());
}

/// How empty a host is: 0 to 2000.
std::int64_t emptiness(const Room& room) {
    return share(room.amounts[Kinds::cpu], room.claimable[Kinds::cpu]) +
           share(room.amounts[Kinds::memory], room.claimable[Kinds::memory]);
}

}  // namespace

Mix doubling_sizes(std::int64_t cpus_max, std::int64_t memory, std::int64_t memory_of_a_cell) {
    Mix mix;
    for (std::int64_t cpus = 1; cpus <= cpus_max; cpus *= 2) {
        Needs needs;
        needs.amounts[Kinds::cpu] = cpus * 1000;
        needs.amounts[Kinds::memory] = cpus * memory;
        needs.cells = needs.amounts[Kinds::memory] > memory_of_a_cell ? 2 : 1;
        mix.typical.push_back({needs, 1});
    }
    return mix;
}

Appraiser::Appraiser(Mix mix) : mix_(std::move(mix)) {
    for (const Typical& each : mix_.typical) {
        base::check(each.weight > 0 && each.weight <= weight_max, "a weight beyond its bounds");
        weights_ += each.weight;
    }
    foresee_sharing();
}

/// Those who need at most one accelerator come in random order, and each takes a part of what the
/// one before left. Below: who of them would fit, and what stays idle after him, on the average.
void Appraiser::foresee_sharing() {
    std::int64_t of_one = 0;
    for (const Typical& each : mix_.typical)
        if (each.needs.accelerators == 1) of_one += each.weight;
    for (std::int32_t left = 0; left <= whole; ++left) {
        std::int64_t fitting = 0;
        std::int64_t idle = 0;
        for (const Typical& each : mix_.typical) {
            if (each.needs.accelerators != 1 || each.needs.thousandths > left) continue;
            fitting += each.weight;
            idle +=
                each.weight * stays_idle_[static_cast<std::size_t>(left - each.needs.thousandths)];
        }
        const std::int64_t all = left * fine;
        std::int64_t& expected = stays_idle_[static_cast<std::size_t>(left)];
        expected = fitting == 0 ? all : idle / fitting;
        if (fitting * rare < of_one && fitting > 0)
            expected = (expected * fitting * rare + all * (of_one - fitting * rare)) / of_one;
    }
}

std::int64_t Appraiser::idle_in_vain(const HostClass& host_class, const Room& room) const {
    std::int64_t idle = 0;
    for (const std::int32_t left : room.accelerators) idle += left;
    std::int64_t sum = 0;
    for (const Typical& each : mix_.typical) {
        std::int64_t enough = 0;
        std::int64_t too_little = 0;
        for (const std::int32_t left : room.accelerators) {
            if (left >= each.needs.thousandths)
                ++enough;
            else
                too_little += left;
        }
        const bool fits = each.needs.accelerators > 0 && enough >= each.needs.accelerators &&
                          holds_amounts(room, each.needs) && may_use(host_class, each.needs);
        sum += each.weight * (fits ? too_little : idle);
    }
    std::int64_t result = weights_ == 0 ? 0 : sum * fine / weights_;
    for (const std::int32_t left : room.accelerators)
        result += stays_idle_[static_cast<std::size_t>(std::clamp(left, 0, whole))];
    return result;
}

std::int64_t Appraiser::usable(const Room& room) const {
    std::int64_t sum = 0;
    for (const Typical& each : mix_.typical) {
        const std::int64_t count = room.cells.empty() ? copies_in(room.amounts, each.needs.amounts)
                                                      : copies_in_cells(room, each.needs);
        sum += each.weight * count * size_of(each.needs);
    }
    return sum;
}

std::int64_t Appraiser::worth(const HostClass& host_class, const Room& room) const {
    if (mix_.aim == Aim::spread) return 0;
    if (!host_class.models.empty()) return -idle_in_vain(host_class, room);
    if (mix_.aim == Aim::gather) return 0;
    return usable(room) - imbalance(room);
}

std::int64_t Appraiser::score(const HostClass& host_class, const Room& before,
                              std::int64_t worth_before, const Room& after) const {
    if (mix_.aim == Aim::spread) return emptiness(after);
    if (mix_.aim == Aim::gather && host_class.models.empty()) return 0;
    const std::int64_t gained = worth(host_class, after) - worth_before;
    if (!host_class.models.empty())
        return 1024 * floor_divided(2 * gained + step * fine, 2 * step * fine) - idle_share(before);
    return gained - 4 * emptiness(before);
}

}  // namespace vdc::placement
