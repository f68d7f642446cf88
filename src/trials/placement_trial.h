#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// Published workloads against our own placement, beside reference policies in the same run. What
/// each trial does, exactly, and what it showed: docs/scheduler.md.
namespace vdc::trials {

struct PlacementWish {
    std::string trace;                     ///< which trial: see trials()
    std::string data;                      ///< a folder, or a file where one is enough
    std::string hosts_file = "nodes_gpu";  ///< gpu: the table of hosts
    std::vector<std::string> workloads{};  ///< gpu: names as in pods_NAME; empty: all there are
    std::int64_t hosts = 0;                ///< 0: as the trial's text says
    std::int64_t host_cpus = 80;           ///< of a host
    std::int64_t host_memory = 180;        ///< GiB of a host
    std::int64_t cells = 2;                ///< numa, speed: of a host
    std::int64_t seeds = 10;               ///< gpu: how many shuffles
    std::int64_t first_seed = 1;           ///< of all that is drawn
    std::int64_t points = 1000;            ///< numa: beginnings
    std::int64_t begin = 0;                ///< rows of the trace, from this one on
    std::int64_t end = 0;                  ///< up to this one; 0: to its end
    std::int64_t decisions = 200'000;      ///< speed: how many are measured
    std::int64_t tasks_per_move = 20;      ///< gpu: at most one move for so many that came
    std::int64_t task_worth = 4;           ///< gpu: at most so many moves to admit one task
    std::int64_t arrivals_per_move = 10;   ///< time: at most one move for so many that came
    std::int64_t host_worth = 20;          ///< time: at most so many moves to empty one host
    std::int64_t guests_of_a_host = 8;     ///< balance
    std::int64_t pass = 300;               ///< time: seconds between two looks for moves
    std::int64_t solver_seconds = 5;       ///< small, reassign: of a processor, for one
};

/// The trials that there are, with a line about each.
std::vector<std::pair<std::string, std::string>> trials();

/// One row for each figure or workload. Errors: no such trial, data that is missing or not as
/// expected, numbers that make no sense.
base::Result<base::Json> run_placement_trial(const PlacementWish& wish);

}  // namespace vdc::trials
