#pragma once

#include "placement/request.h"
#include "trials/placement_trial.h"
#include "trials/table.h"

/// A trace of instances with their lives, in the order in which they came.
namespace vdc::trials {

struct TracedInstance {
    std::int64_t cpus = 0;
    std::int64_t memory = 0;  ///< GiB
    std::int64_t arrives = 0;
    std::int64_t lives = 0;  ///< both in seconds

    /// Those with more memory are split evenly over two cells.
    static constexpr std::int64_t memory_of_a_cell = 10;
    bool is_split() const { return memory > memory_of_a_cell; }

    /// `in_cells`: in one cell, or split over two; else it does not mind cells.
    placement::Request request(bool in_cells) const;
};

/// The rows that the wish names, of a table with the columns cpu, mem, at and lt; `wish.data` is
/// the file, or a folder with a file vms_visible.
base::Result<std::vector<TracedInstance>> read_instances(const PlacementWish& wish);

}  // namespace vdc::trials
