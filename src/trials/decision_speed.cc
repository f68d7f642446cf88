#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>

#include "base/chance.h"
#include "placement/fleet.h"
#include "trials/instances.h"
#include "trials/kinds_of_trials.h"

// A full datacenter that lives on: whoever comes is placed under rules, and somebody leaves for
// him. A decision is timed with its placing and the leaving.
namespace vdc::trials {

using base::Chance;
using base::Json;
using base::Result;
using placement::Decision;
using placement::Fleet;
using placement::GroupRule;
using placement::Kinds;
using placement::Request;
using placement::Strength;
using placement::TraitRule;

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds_since(Clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

/// What this thread was given of a processor: others who are busy are not in it.
std::int64_t processor_nanoseconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// What the kernel holds in memory for this process, in KiB.
std::int64_t resident() {
    std::int64_t pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
        std::fclose(file);
    }
    return pages * 4;
}

placement::HostSpec host(std::int64_t number, const PlacementWish& wish) {
    placement::HostSpec spec;
    spec.name = "h" + std::to_string(number);
    spec.capacity[Kinds::cpu] = wish.host_cpus * 1000;
    spec.capacity[Kinds::memory] = wish.host_memory * 1024;
    spec.capacity[Kinds::network] = 100'000;
    spec.cells.assign(
        static_cast<std::size_t>(wish.cells),
        {wish.host_cpus * 1000 / wish.cells, wish.host_memory * 1024 / wish.cells, 0});
    spec.domains = {{"rack", "r" + std::to_string(number / 40)},
                    {"power", "p" + std::to_string(number / 400)}};
    if (number % 2 == 0) spec.traits.insert("disk=ssd");
    if (number % 3 == 0) spec.traits.insert("pool=fast");
    if (number % 100 == 0) spec.dedication = "somebody";
    return spec;
}

/// An instance of the trace, as a replica of an application of 12 with rules of every kind.
Request request_of(const TracedInstance& instance, Chance& chance, std::uint64_t applications) {
    Request request = instance.request(true);
    const placement::Group application{9, 1 + chance.below(applications)};
    request.groups = {application};
    request.rules.emplace_back(std::in_place_type<GroupRule>,
                               GroupRule{application, "", GroupRule::Wish::apart, 0});
    request.rules.emplace_back(
        std::in_place_type<GroupRule>,
        GroupRule{application, "rack", GroupRule::Wish::spread, 1, Strength::soft});
    if (chance.once_in(1, 4))
        request.rules.emplace_back(std::in_place_type<TraitRule>, TraitRule{"disk=ssd"});
    if (chance.once_in(1, 4))
        request.rules.emplace_back(std::in_place_type<TraitRule>,
                                   TraitRule{"pool=fast", true, Strength::soft});
    return request;
}

struct Life {
    Fleet fleet;
    placement::Inquiry inquiry{};
    std::deque<placement::GuestSlot> there;
    std::int64_t refused = 0;
};

/// Comes, and if there is no place, somebody leaves first.
std::optional<Decision> come(Life& life, const Request& request) {
    Decision decision = life.fleet.decide(request, life.inquiry);
    if (!decision.best) {
        ++life.refused;
        return {};
    }
    life.there.push_back(life.fleet.put(decision.best->host, request, decision.seat));
    return decision;
}

void someone_leaves(Life& life, Chance& chance) {
    if (life.there.empty()) return;
    std::swap(life.there[chance.below(life.there.size())], life.there.back());
    life.fleet.take_away(life.there.back());
    life.there.pop_back();
}

/// Until three of four processors are claimed.
void fill(Life& life, const std::vector<TracedInstance>& all, Chance& chance,
          const PlacementWish& wish, std::uint64_t applications) {
    const std::int64_t wanted = wish.hosts * wish.host_cpus * 3 / 4;
    for (std::int64_t claimed = 0; claimed < wanted;) {
        const TracedInstance& next = all[chance.below(all.size())];
        if (come(life, request_of(next, chance, applications)))
            claimed += next.cpus;
        else
            break;
    }
}

/// What a scan costs that asks nothing but whether it fits: four columns of numbers, one after the
/// other, for the tightest host. The floor under every scheduler that asks all hosts.
std::int64_t scan_nanoseconds(std::size_t hosts) {
    std::vector<std::int32_t> cpu(hosts, 40), memory(hosts, 90), network(hosts, 10), disk(hosts, 9);
    for (std::size_t at = 0; at < hosts; ++at) cpu[at] = static_cast<std::int32_t>(at * 7919 % 80);
    constexpr int times = 200;
    volatile std::int32_t sink = 0;
    const auto begin = Clock::now();
    for (int turn = 0; turn < times; ++turn) {
        std::int32_t best = 1 << 30;
        for (std::size_t at = 0; at < hosts; ++at) {
            const bool fits = (cpu[at] >= 2 + turn % 3) & (memory[at] >= 4) & (network[at] >= 1) &
                              (disk[at] >= 1);
            const std::int32_t left = fits ? cpu[at] : 1 << 30;
            best = left < best ? left : best;
        }
        sink = best;
    }
    (void)sink;
    return nanoseconds_since(begin) / times;
}

/// What explaining costs: turns with it, and as many without, by turns; the median of their ratios.
double explained_to_bare(Life& life, Chance& chance, const std::vector<Request>& requests,
                         std::int64_t turns) {
    constexpr std::int64_t turns_of_a_part = 500;
    std::size_t number = 0;
    const auto part = [&](placement::Explained explained) {
        life.inquiry.explained = explained;
        const std::int64_t begin = processor_nanoseconds();
        for (std::int64_t count = 0; count < turns_of_a_part; ++count) {
            someone_leaves(life, chance);
            come(life, requests[number++ % requests.size()]);
        }
        return static_cast<double>(processor_nanoseconds() - begin);
    };
    std::vector<double> ratios;
    for (std::int64_t count = 0; count < turns; count += 4 * turns_of_a_part) {
        // Neither is always the first.
        const double first = part(placement::Explained::yes);
        const double bare = part(placement::Explained::no) + part(placement::Explained::no);
        ratios.push_back((first + part(placement::Explained::yes)) / bare);
    }
    std::sort(ratios.begin(), ratios.end());
    return ratios[ratios.size() / 2];
}

Json measure(const std::vector<TracedInstance>& all, const PlacementWish& wish) {
    Chance chance(static_cast<std::uint64_t>(wish.first_seed));
    const std::int64_t before = resident();
    Life life;
    for (std::int64_t number = 0; number < wish.hosts; ++number)
        life.fleet.set_host({base::Uuid{1, static_cast<std::uint64_t>(number + 1)}},
                            host(number, wish));
    life.fleet.set_mix(placement::doubling_sizes(64, 2048, 10 * 1024));
    const auto applications = static_cast<std::uint64_t>(wish.hosts * 2);
    fill(life, all, chance, wish, applications);
    const std::int64_t held = resident() - before;
    const std::int64_t instances = static_cast<std::int64_t>(life.fleet.roster().instances());

    std::vector<Request> requests;
    for (int count = 0; count < 10'000; ++count)
        requests.push_back(request_of(all[chance.below(all.size())], chance, applications));
    const auto turn = [&](std::size_t number) {
        someone_leaves(life, chance);
        come(life, requests[number % requests.size()]);
    };
    for (std::size_t number = 0; number < 20'000; ++number) turn(number);
    life.refused = 0;
    std::vector<std::int64_t> times;
    times.reserve(static_cast<std::size_t>(wish.decisions));
    const auto begin = Clock::now();
    const std::int64_t processor_begin = processor_nanoseconds();
    for (std::int64_t number = 0; number < wish.decisions; ++number) {
        const auto one = Clock::now();
        turn(static_cast<std::size_t>(number));
        times.push_back(nanoseconds_since(one));
    }
    const std::int64_t whole = nanoseconds_since(begin);
    const std::int64_t worked = processor_nanoseconds() - processor_begin;
    const std::int64_t refused = life.refused;
    const double explained = explained_to_bare(life, chance, requests, wish.decisions);
    std::sort(times.begin(), times.end());
    const auto quantile = [&](std::size_t thousandths) {
        return static_cast<double>(times[times.size() * thousandths / 1000]) / 1000;
    };
    const auto rate = [&](std::int64_t nanoseconds) {
        return wish.decisions * 1'000'000'000 / std::max<std::int64_t>(1, nanoseconds);
    };
    return Json::object(
        {{"hosts", wish.hosts},
         {"instances", instances},
         {"decisions_per_s", rate(whole)},
         {"decisions_per_processor_s", rate(worked)},
         {"p50_us", quantile(500)},
         {"p99_us", quantile(990)},
         {"p999_us", quantile(999)},
         {"refused", refused},
         {"explained_to_bare", explained},
         {"shelves", static_cast<std::int64_t>(life.fleet.roster().shelves().count())},
         {"memory_mib", held / 1024},
         {"scan_of_four_columns_us",
          static_cast<double>(scan_nanoseconds(static_cast<std::size_t>(wish.hosts))) / 1000}});
}

}  // namespace

Result<Json> decision_speed(const PlacementWish& given) {
    const std::vector<TracedInstance> all = TRY(read_instances(given));
    std::vector<std::int64_t> sizes{1000, 10'000, 100'000};
    if (given.hosts > 0) sizes = {given.hosts};
    Json rows = Json::array();
    for (const std::int64_t hosts : sizes) {
        PlacementWish wish = given;
        wish.hosts = hosts;
        rows.push(measure(all, wish));
    }
    return Json::object(
        {{"trace", "speed"}, {"decisions", given.decisions}, {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
