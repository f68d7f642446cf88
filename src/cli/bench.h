#pragma once

#include "cli/session.h"
#include "trials/placement_trial.h"

/// `vdc bench`: what this program can measure of itself, without a datacenter.
namespace vdc::cli {

/// Prints the rows of a trial as a table, or all that it says of it as the format asks. Returns
/// the exit code.
int bench_placement(const trials::PlacementWish& wish, const Common& common);

}  // namespace vdc::cli
