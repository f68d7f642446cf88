#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "placement/few.h"
#include "placement/kinds.h"

/// What is left of one host, and the ways in which an instance can sit in it. Everything here
/// follows from values alone; hosts and instances have no names yet.
namespace vdc::placement {

/// One of a host's NUMA cells: processors with the memory next to them.
struct Cell {
    std::int64_t cpu = 0;         ///< thousandths
    std::int64_t memory = 0;      ///< MiB
    std::int64_t huge_pages = 0;  ///< MiB

    friend auto operator<=>(const Cell&, const Cell&) = default;
};

/// Which model of accelerator, as the fleet counts them.
using Model = std::uint8_t;

inline constexpr std::size_t cells_max = 8;
inline constexpr std::size_t accelerators_max = 16;
inline constexpr std::size_t models_max = 64;
inline constexpr std::int32_t whole = 1000;  ///< thousandths of an accelerator

/// What is left. A host without cells is one that does not say how it is built.
struct Room {
    Amounts amounts;
    Few<Cell, cells_max> cells{};
    Few<std::int32_t, accelerators_max> accelerators{};  ///< thousandths left of each
    Amounts claimable{};                                 ///< what there is while it is empty

    friend bool operator==(const Room&, const Room&) = default;
};

/// What one instance asks of a host.
struct Needs {
    Amounts amounts{};
    std::int64_t huge_pages = 0;       ///< MiB, of its memory
    std::uint8_t cells = 0;            ///< split evenly over so many; 0: as few as hold it
    std::uint8_t accelerators = 0;     ///< how many
    std::int32_t thousandths = whole;  ///< of each; less than a whole one only of a single one
    std::uint64_t models = 0;          ///< a bit for each that will do; 0: any

    friend bool operator==(const Needs&, const Needs&) = default;
    friend auto operator<=>(const Needs&, const Needs&) = default;
};

/// Where in its host an instance sits: a bit for each cell and each accelerator.
struct Seat {
    std::uint16_t cells = 0;
    std::uint16_t accelerators = 0;

    friend bool operator==(const Seat&, const Seat&) = default;
    friend auto operator<=>(const Seat&, const Seat&) = default;
};

/// What stands in the way on a host, in the order in which it is asked; the first counts.
enum class Want : std::uint8_t {
    nothing,
    models,        ///< it has no accelerators of these models, or too few
    amounts,       ///< too little of some kind is left: see short_of
    accelerators,  ///< too little is left of its accelerators
    cells,         ///< no cells that could share it hold it
};

/// More ways to choose cells of a host than these there are not: eight over four.
inline constexpr std::size_t seats_max = 70;

/// Ways to sit that differ in what they leave, in a fixed order.
using CellSeats = Few<std::uint16_t, seats_max>;
using AcceleratorSeats = Few<std::uint16_t, accelerators_max>;

/// In which cells; none when no cells that could share it hold it.
CellSeats cell_seats(const Room& room, const Needs& needs);
/// On which accelerators, those of one seat of one model; those with the least left come first.
AcceleratorSeats accelerator_seats(const Room& room, const std::vector<Model>& models,
                                   const Needs& needs);
/// What stands in the way before anybody looks for a seat: models or amounts.
Want obstacle(const Room& room, const std::vector<Model>& models, const Needs& needs);

/// Calls `with(seat)` for every seat. Says what stands in the way; then there was none.
template <class With>
Want each_seat(const Room& room, const std::vector<Model>& models, const Needs& needs, With with) {
    const Want want = obstacle(room, models, needs);
    if (want != Want::nothing) return want;
    const AcceleratorSeats on = accelerator_seats(room, models, needs);
    if (on.empty()) return Want::accelerators;
    const CellSeats in = cell_seats(room, needs);
    if (in.empty()) return Want::cells;
    for (const std::uint16_t cells : in)
        for (const std::uint16_t accelerators : on) with(Seat{cells, accelerators});
    return Want::nothing;
}

/// The first kind of which too little is left. There must be one.
Kind short_of(const Room& room, const Needs& needs);

/// Sits down, stands up. `seat` is one that each_seat named.
void take(Room& room, const Needs& needs, Seat seat);
void give_back(Room& room, const Needs& needs, Seat seat);

/// Whether nothing is below 0.
bool is_sound(const Room& room);

}  // namespace vdc::placement
