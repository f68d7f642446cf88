#include <algorithm>
#include <chrono>

#include "base/chance.h"
#include "placement/balance.h"
#include "runtime/process.h"
#include "trials/kinds_of_trials.h"

// Crowded clusters that are made up, balanced by Ganeti's hbal and by our own plan. Both ends are
// judged by the score that hbal prints.
namespace vdc::trials {

using base::Chance;
using base::Error;
using base::Json;
using base::Result;
using placement::BalanceMove;
using placement::Load;
using placement::Loads;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t memory_of_a_host = 128 * 1024;  // MiB
constexpr std::int64_t cores = 64;
constexpr std::int64_t disk_of_all = 4 * 1024 * 1024;  // MiB, shared by all

struct Guest {
    std::size_t host = 0;
    std::int64_t memory = 0;
    std::int64_t cpus = 0;
    std::int64_t disk = 0;
};

struct Cluster {
    std::size_t hosts = 0;
    std::vector<Guest> guests;
};

/// Instances of 1, 2, 4 or 8 GiB, a processor for each 2 GiB; four of five on the first third of
/// the hosts, as long as these hold them.
Cluster crowded(std::size_t hosts, std::size_t guests_of_a_host, std::uint64_t seed) {
    Chance chance(seed);
    Cluster cluster{hosts, {}};
    std::vector<std::int64_t> left(hosts, memory_of_a_host);
    while (cluster.guests.size() < hosts * guests_of_a_host) {
        Guest guest;
        guest.memory = std::int64_t{1024} << chance.below(4);
        guest.cpus = std::max<std::int64_t>(1, guest.memory / 2048);
        guest.disk = chance.between(10, 40) * 1024;
        guest.host =
            chance.below(chance.once_in(4, 5) ? std::max<std::size_t>(1, hosts / 3) : hosts);
        if (left[guest.host] < guest.memory) continue;
        left[guest.host] -= guest.memory;
        cluster.guests.push_back(guest);
    }
    return cluster;
}

std::string name_of(const char* what, std::size_t number) {
    std::string digits = std::to_string(number);
    return what + std::string(4 - std::min<std::size_t>(4, digits.size()), '0') + digits;
}

/// As hbal reads it (htools(1), text backend).
std::string text_of(const Cluster& cluster) {
    const std::string group = "00000000-0000-0000-0000-000000000001";
    std::vector<std::int64_t> left(cluster.hosts, memory_of_a_host);
    for (const Guest& guest : cluster.guests) left[guest.host] -= guest.memory;
    std::string text = "all|" + group + "|preferred||\n\n";
    for (std::size_t host = 0; host < cluster.hosts; ++host)
        text += name_of("host", host) + "|" + std::to_string(memory_of_a_host) + "|0|" +
                std::to_string(left[host]) + "|" + std::to_string(disk_of_all) + "|" +
                std::to_string(disk_of_all) + "|" + std::to_string(cores) +
                (host == 0 ? "|M|" : "|N|") + group + "|1||N|0|0|1.0\n";
    text += "\n";
    for (std::size_t number = 0; number < cluster.guests.size(); ++number) {
        const Guest& guest = cluster.guests[number];
        text += name_of("guest", number) + "|" + std::to_string(guest.memory) + "|" +
                std::to_string(guest.disk) + "|" + std::to_string(guest.cpus) + "|running|Y|" +
                name_of("host", guest.host) + "||ext||1|-\n";
    }
    return text + "\n\n";
}

struct Outcome {
    double before = 0;
    double after = 0;
    std::int64_t moves = 0;
    std::int64_t nanoseconds = 0;
};

Result<double> number_after(const std::string& text, const std::string& words) {
    const std::size_t at = text.find(words);
    if (at == std::string::npos)
        return Error{Error::Code::invalid, "hbal does not say '" + words + "'",
                     "this trial knows the hbal of Ganeti 3.0"};
    return std::strtod(text.c_str() + at + words.size(), nullptr);
}

Result<Outcome> balanced_by_hbal(const Cluster& cluster) {
    const runtime::Command command{
        {"hbal", "-t", "/dev/stdin", "-vv"}, text_of(cluster), std::chrono::minutes(30)};
    const auto begin = Clock::now();
    const std::string said = TRY(runtime::must_run(command));
    Outcome outcome;
    outcome.nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
    outcome.before = TRY(number_after(said, "Initial coefficients: overall "));
    outcome.after = outcome.before;
    if (said.find("Solution length=") == std::string::npos) return outcome;
    outcome.after = TRY(number_after(said, "Final coefficients:   overall "));
    outcome.moves = static_cast<std::int64_t>(TRY(number_after(said, "Solution length=")));
    return outcome;
}

/// What hbal says of it as it is.
Result<double> score_of(const Cluster& cluster) {
    const std::string said = TRY(runtime::must_run({{"hbal", "-t", "/dev/stdin", "-vv", "-l", "0"},
                                                    text_of(cluster),
                                                    std::chrono::minutes(30)}));
    return number_after(said, "Initial coefficients: overall ");
}

Result<Outcome> balanced_by_us(Cluster cluster) {
    Outcome outcome;
    const auto begin = Clock::now();
    std::vector<Load> loads;
    for (const Guest& guest : cluster.guests)
        loads.push_back({guest.host, {guest.memory, guest.cpus, 1}});
    // The number of guests weighs as hbal weighs it, which takes the load of each to be equal.
    const auto moves = placement::plan_balance(
        {{1}, {1}, {16, false}},
        std::vector<Loads>(cluster.hosts, Loads{memory_of_a_host, cores, 1}), loads, loads.size());
    outcome.nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
    for (const BalanceMove& move : moves) cluster.guests[move.load].host = move.to;
    outcome.moves = static_cast<std::int64_t>(moves.size());
    outcome.after = TRY(score_of(cluster));
    return outcome;
}

Json row_of(const char* policy, const std::vector<Outcome>& outcomes) {
    std::int64_t moves = 0;
    double after = 0;
    std::vector<std::int64_t> times;
    for (const Outcome& each : outcomes) {
        moves += each.moves;
        after += each.after;
        times.push_back(each.nanoseconds);
    }
    std::sort(times.begin(), times.end());
    return Json::object({{"policy", policy},
                         {"score", after / static_cast<double>(outcomes.size())},
                         {"moves", moves},
                         {"median_ms", static_cast<double>(times[times.size() / 2]) / 1e6}});
}

}  // namespace

Result<Json> balancing(const PlacementWish& wish) {
    const auto hosts = static_cast<std::size_t>(wish.hosts == 0 ? 10 : wish.hosts);
    std::vector<Outcome> theirs;
    std::vector<Outcome> ours;
    std::int64_t better = 0;
    std::int64_t more_moves = 0;
    for (std::int64_t seed = 0; seed < wish.seeds; ++seed) {
        const Cluster cluster = crowded(hosts, static_cast<std::size_t>(wish.guests_of_a_host),
                                        static_cast<std::uint64_t>(wish.first_seed + seed));
        theirs.push_back(TRY(balanced_by_hbal(cluster)));
        ours.push_back(TRY(balanced_by_us(cluster)));
        if (ours.back().after <= theirs.back().after) ++better;
        if (ours.back().moves > theirs.back().moves) ++more_moves;
    }
    Json rows = Json::array();
    rows.push(row_of("hbal", theirs));
    rows.push(row_of("ours", ours));
    return Json::object({{"trace", "balance"},
                         {"hosts", static_cast<std::int64_t>(hosts)},
                         {"clusters", wish.seeds},
                         {"ours_as_good", better},
                         {"ours_with_more_moves", more_moves},
                         {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
