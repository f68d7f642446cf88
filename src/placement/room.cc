#include "placement/room.h"

#include <algorithm>
#include <bit>

namespace vdc::placement {

namespace {

bool allows(const Needs& needs, Model model) {
    return needs.models == 0 || (needs.models >> model & 1) != 0;
}

/// What one of `count` cells gives, the one at `place` among them: the first give what is over.
Cell part_of(const Needs& needs, std::size_t count, std::size_t place) {
    const auto part = [&](std::int64_t all) {
        const auto parts = static_cast<std::int64_t>(count);
        return all / parts + (static_cast<std::int64_t>(place) < all % parts ? 1 : 0);
    };
    return {part(needs.amounts[Kinds::cpu]), part(needs.amounts[Kinds::memory]),
            part(needs.huge_pages)};
}

bool holds(const Cell& cell, const Cell& needs) {
    return cell.cpu >= needs.cpu && cell.memory >= needs.memory &&
           cell.huge_pages >= needs.huge_pages;
}

bool share_it(const Room& room, const Needs& needs, std::uint16_t cells) {
    const auto count = static_cast<std::size_t>(std::popcount(cells));
    std::size_t place = 0;
    for (std::size_t at = 0; at < room.cells.size(); ++at)
        if ((cells >> at & 1) != 0 && !holds(room.cells[at], part_of(needs, count, place++)))
            return false;
    return true;
}

/// Whether both leave the same: cell by cell, what the chosen ones have left is equal.
bool alike(const Room& room, std::uint16_t a, std::uint16_t b) {
    while (a != 0 && b != 0) {
        const auto first = static_cast<std::size_t>(std::countr_zero(a));
        const auto second = static_cast<std::size_t>(std::countr_zero(b));
        if (room.cells[first] != room.cells[second]) return false;
        a = static_cast<std::uint16_t>(a & (a - 1));
        b = static_cast<std::uint16_t>(b & (b - 1));
    }
    return true;
}

CellSeats seats_in(const Room& room, const Needs& needs, int count) {
    CellSeats seats;
    for (unsigned cells = 1; cells < 1U << room.cells.size(); ++cells) {
        const auto seat = static_cast<std::uint16_t>(cells);
        if (std::popcount(cells) != count || !share_it(room, needs, seat)) continue;
        if (std::none_of(seats.begin(), seats.end(),
                         [&](std::uint16_t other) { return alike(room, other, seat); }))
            seats.push_back(seat);
    }
    return seats;
}

std::uint16_t bit(std::size_t at) {
    return static_cast<std::uint16_t>(1U << at);
}

/// The first accelerators of `model` with all that is needed of each; 0 when they are too few.
std::uint16_t first_of(const Room& room, const std::vector<Model>& models, const Needs& needs,
                       Model model) {
    std::uint16_t seat = 0;
    for (std::size_t at = 0; at < room.accelerators.size(); ++at)
        if (models[at] == model && room.accelerators[at] >= needs.thousandths &&
            std::popcount(seat) < needs.accelerators)
            seat = static_cast<std::uint16_t>(seat | bit(at));
    return std::popcount(seat) == needs.accelerators ? seat : std::uint16_t{0};
}

}  // namespace

Kind short_of(const Room& room, const Needs& needs) {
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (needs.amounts.of[kind] > 0 && needs.amounts.of[kind] > room.amounts.of[kind])
            return static_cast<Kind>(kind);
    base::broken("there is enough of everything");
}

Want obstacle(const Room& room, const std::vector<Model>& models, const Needs& needs) {
    if (needs.accelerators > 0) {
        std::array<int, models_max> count{};
        for (const Model model : models)
            if (allows(needs, model)) ++count[model];
        if (*std::max_element(count.begin(), count.end()) < needs.accelerators) return Want::models;
    }
    // Who needs nothing of a kind does not mind that more than there is was claimed.
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (needs.amounts.of[kind] > 0 && needs.amounts.of[kind] > room.amounts.of[kind])
            return Want::amounts;
    return Want::nothing;
}

CellSeats cell_seats(const Room& room, const Needs& needs) {
    CellSeats none;
    if (room.cells.empty()) {
        if (needs.cells == 0 && needs.huge_pages == 0) none.push_back(0);
        return none;
    }
    if (needs.cells > 0) return seats_in(room, needs, needs.cells);
    for (int count = 1; count <= static_cast<int>(room.cells.size()); ++count)
        if (CellSeats seats = seats_in(room, needs, count); !seats.empty()) return seats;
    return none;
}

AcceleratorSeats accelerator_seats(const Room& room, const std::vector<Model>& models,
                                   const Needs& needs) {
    AcceleratorSeats seats;
    if (needs.accelerators == 0) seats.push_back(0);
    if (needs.accelerators == 0) return seats;
    Few<std::pair<Model, std::int32_t>, accelerators_max> seen;
    for (std::size_t at = 0; at < room.accelerators.size(); ++at) {
        if (!allows(needs, models[at]) || room.accelerators[at] < needs.thousandths) continue;
        const bool shares = needs.accelerators == 1;
        const std::pair like{models[at], shares ? room.accelerators[at] : whole};
        if (std::find(seen.begin(), seen.end(), like) != seen.end()) continue;
        seen.push_back(like);
        const std::uint16_t seat = shares ? bit(at) : first_of(room, models, needs, models[at]);
        if (seat != 0) seats.push_back(seat);
    }
    const auto left = [&](std::uint16_t seat) {
        return room.accelerators[static_cast<std::size_t>(std::countr_zero(seat))];
    };
    std::stable_sort(seats.begin(), seats.end(),
                     [&](std::uint16_t a, std::uint16_t b) { return left(a) < left(b); });
    return seats;
}

static void move_by(Room& room, const Needs& needs, Seat seat, int sign) {
    const auto count = static_cast<std::size_t>(std::popcount(seat.cells));
    std::size_t place = 0;
    for (std::size_t at = 0; at < room.cells.size(); ++at) {
        if ((seat.cells >> at & 1) == 0) continue;
        const Cell part = part_of(needs, count, place++);
        room.cells[at].cpu += sign * part.cpu;
        room.cells[at].memory += sign * part.memory;
        room.cells[at].huge_pages += sign * part.huge_pages;
    }
    for (std::size_t at = 0; at < room.accelerators.size(); ++at)
        if ((seat.accelerators >> at & 1) != 0) room.accelerators[at] += sign * needs.thousandths;
}

void take(Room& room, const Needs& needs, Seat seat) {
    room.amounts -= needs.amounts;
    move_by(room, needs, seat, -1);
}

void give_back(Room& room, const Needs& needs, Seat seat) {
    room.amounts += needs.amounts;
    move_by(room, needs, seat, +1);
}

bool is_sound(const Room& room) {
    const auto sound = [](std::int64_t amount) { return amount >= 0; };
    return std::all_of(room.amounts.of.begin(), room.amounts.of.end(), sound) &&
           std::all_of(room.accelerators.begin(), room.accelerators.end(), sound) &&
           std::all_of(room.cells.begin(), room.cells.end(), [](const Cell& cell) {
               return cell.cpu >= 0 && cell.memory >= 0 && cell.huge_pages >= 0;
           });
}

}  // namespace vdc::placement
