#include "trials/placement_trial.h"

#include "base/text.h"
#include "trials/kinds_of_trials.h"

namespace vdc::trials {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

std::vector<std::pair<std::string, std::string>> trials() {
    return {{"gpu", "accelerators allocated when more is asked for than there is"},
            {"numa", "waiting in a queue before a few hosts of two cells"},
            {"time", "hosts in use over weeks of coming and leaving, also with moves"},
            {"balance", "crowded clusters made even, beside Ganeti's hbal; needs no data"},
            {"reassign", "machine reassignment (ROADEF 2012): where all had better be"},
            {"small", "small cases beside an exact solver, CBC; needs no data"},
            {"speed", "decisions a second with all rules, and how they grow with hosts"}};
}

static Status check_wish(const PlacementWish& wish) {
    struct Bound {
        const char* option;
        std::int64_t value;
        std::int64_t low;
        std::int64_t high;
    };
    for (const Bound& each :
         {Bound{"--hosts", wish.hosts, 0, 1'000'000},
          Bound{"--host-cpus", wish.host_cpus, 1, 10'000},
          Bound{"--host-memory", wish.host_memory, 1, 1'000'000},
          Bound{"--cells", wish.cells, 1, 8}, Bound{"--seeds", wish.seeds, 1, 10'000},
          Bound{"--points", wish.points, 1, 1'000'000},
          Bound{"--decisions", wish.decisions, 1000, 100'000'000},
          Bound{"--tasks-per-move", wish.tasks_per_move, 1, 1'000'000'000},
          Bound{"--task-worth", wish.task_worth, 1, 1'000'000},
          Bound{"--arrivals-per-move", wish.arrivals_per_move, 1, 1'000'000'000},
          Bound{"--host-worth", wish.host_worth, 1, 1'000'000},
          Bound{"--guests-of-a-host", wish.guests_of_a_host, 1, 100},
          Bound{"--pass", wish.pass, 1, 1'000'000'000},
          Bound{"--solver-seconds", wish.solver_seconds, 1, 3600}})
        if (each.value < each.low || each.value > each.high)
            return Error{Error::Code::invalid,
                         std::string(each.option) + " is " + std::to_string(each.value),
                         "it lies between " + std::to_string(each.low) + " and " +
                             std::to_string(each.high)};
    if (wish.begin < 0 || wish.end < 0 || (wish.end > 0 && wish.end <= wish.begin))
        return Error{Error::Code::invalid,
                     "rows " + std::to_string(wish.begin) + " to " + std::to_string(wish.end) +
                         " are no part of a trace",
                     "--end is greater than --begin"};
    return {};
}

Result<Json> run_placement_trial(const PlacementWish& wish) {
    TRY(check_wish(wish));
    if (wish.trace == "gpu") return gpu_packing(wish);
    if (wish.trace == "numa") return numa_waiting(wish);
    if (wish.trace == "time") return packing_over_time(wish);
    if (wish.trace == "balance") return balancing(wish);
    if (wish.trace == "reassign") return reassignment(wish);
    if (wish.trace == "small") return small_cases(wish);
    if (wish.trace == "speed") return decision_speed(wish);
    std::vector<std::string> names;
    for (const auto& [name, about] : trials()) names.push_back(name);
    return Error{
        Error::Code::invalid,
        "there is no trial " + base::quoted(wish.trace) + base::did_you_mean(wish.trace, names),
        "--trace is one of: " + base::join(names, ", ")};
}

}  // namespace vdc::trials
