#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "base/chance.h"
#include "base/text.h"
#include "placement/moves.h"
#include "runtime/files.h"
#include "trials/kinds_of_trials.h"
#include "trials/table.h"

// Tasks with accelerators arrive one by one and never leave, in the order of a shuffle and then by
// draws with replacement, until 130 % of the accelerators' thousandths were asked for. Who fits
// nowhere is dropped.
namespace vdc::trials {

using base::Chance;
using base::Error;
using base::Json;
using base::Result;
using placement::Kinds;
using placement::Needs;
using placement::Request;

namespace {

constexpr std::array<std::int64_t, 6> marks{80, 90, 95, 100, 110, 130};

struct Machine {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    std::int64_t accelerators = 0;
    std::string model;
};

/// Tasks that ask for the same.
struct TaskKind {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    std::int64_t accelerators = 0;
    std::int64_t thousandths = 0;
    std::vector<std::string> models;  ///< empty: any
    std::int64_t count = 0;

    std::int64_t asked() const { return accelerators * thousandths; }
};

struct Workload {
    std::string name;
    std::vector<TaskKind> kinds;
    std::vector<std::size_t> tasks;  ///< the kind of each
};

Result<std::vector<Machine>> read_machines(const PlacementWish& wish) {
    const std::string file = TRY(data_file(wish.data, wish.hosts_file));
    const Table table = TRY(read_table(file));
    const std::size_t cpu = TRY(table.column("cpu_milli"));
    const std::size_t memory = TRY(table.column("memory_mib"));
    const std::size_t gpu = TRY(table.column("gpu"));
    const std::size_t model = TRY(table.column("model"));
    std::vector<Machine> machines;
    for (std::size_t row = 0; row < table.rows(); ++row)
        machines.push_back({TRY(table.number(row, cpu)), TRY(table.number(row, memory)),
                            TRY(table.number(row, gpu)), table.text(row, model)});
    return machines;
}

Result<Workload> read_workload(const std::string& folder, const std::string& name) {
    const std::string file = TRY(data_file(folder, "pods_" + name));
    const Table table = TRY(read_table(file));
    Workload workload{name, {}, {}};
    std::vector<std::size_t> columns;
    for (const char* column : {"cpu_milli", "memory_mib", "num_gpu", "gpu_milli"})
        columns.push_back(TRY(table.column(column)));
    const auto spec = table.column("gpu_spec");
    std::map<std::vector<std::string>, std::size_t> known;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        std::array<std::int64_t, 4> asked{};
        std::vector<std::string> key;
        for (std::size_t at = 0; at < 4; ++at) {
            asked[at] = TRY(table.number(row, columns[at]));
            key.push_back(table.text(row, columns[at]));
        }
        const std::string models = spec.ok() ? table.text(row, *spec) : "";
        key.push_back(models);
        const auto [at, is_new] = known.try_emplace(key, workload.kinds.size());
        if (is_new)
            workload.kinds.push_back(
                {asked[0], asked[1], asked[2], asked[2] > 0 ? asked[3] : 0,
                 models.empty() ? std::vector<std::string>{} : base::split(models, '|'), 0});
        ++workload.kinds[at->second].count;
        workload.tasks.push_back(at->second);
    }
    return workload;
}

Result<std::vector<std::string>> workloads_of(const PlacementWish& wish) {
    if (!wish.workloads.empty()) return wish.workloads;
    std::vector<std::string> names;
    const std::vector<std::string> files = TRY(runtime::list_dir(wish.data));
    for (const std::string& file : files)
        if (file.starts_with("pods_")) names.push_back(file.substr(5, file.find('.') - 5));
    std::sort(names.begin(), names.end());
    if (names.empty()) TRY(data_file(wish.data, "pods_default"));
    return names;
}

/// Who decides. Placing says whether it found a place.
class Policy {
  public:
    virtual ~Policy() = default;
    virtual bool place(std::size_t kind) = 0;
    virtual std::int64_t moves() const { return 0; }
};

// ---- ours --------------------------------------------------------------------------------------

class Ours : public Policy {
  public:
    Ours(const std::vector<Machine>& machines, const Workload& workload, const PlacementWish&) {
        std::uint64_t number = 0;
        for (const Machine& machine : machines) {
            placement::HostSpec spec;
            spec.name = std::to_string(1'000'000 + number);
            spec.capacity[Kinds::cpu] = machine.cpu;
            spec.capacity[Kinds::memory] = machine.memory;
            spec.accelerators.assign(static_cast<std::size_t>(machine.accelerators), machine.model);
            fleet_.set_host({base::Uuid{1, ++number}}, spec);
        }
        placement::Mix mix;
        for (const TaskKind& kind : workload.kinds) {
            requests_.push_back(request_of(kind));
            mix.typical.push_back({requests_.back().needs, kind.count});
        }
        fleet_.set_mix(std::move(mix));
    }

    bool place(std::size_t kind) override {
        const placement::Decision decision = fleet_.decide(requests_[kind]);
        if (!decision.best) return false;
        const auto guest = fleet_.put(decision.best->host, requests_[kind], decision.seat);
        kinds_.resize(std::max<std::size_t>(kinds_.size(), guest + 1));
        kinds_[guest] = kind;
        return true;
    }

  protected:
    placement::Fleet fleet_;
    std::vector<Request> requests_;
    std::vector<std::size_t> kinds_;  ///< by guest

  private:
    Request request_of(const TaskKind& kind) {
        Request request;
        Needs& needs = request.needs;
        needs.amounts[Kinds::cpu] = kind.cpu;
        needs.amounts[Kinds::memory] = kind.memory;
        needs.accelerators = static_cast<std::uint8_t>(kind.accelerators);
        if (kind.accelerators == 1) needs.thousandths = static_cast<std::int32_t>(kind.thousandths);
        for (const std::string& model : kind.models)
            if (const auto known = fleet_.model(model)) needs.models |= std::uint64_t{1} << *known;
        return request;
    }
};

/// For who fits nowhere others are moved, with at most one move for so many that came so far.
class OursWithMoves : public Ours {
  public:
    OursWithMoves(const std::vector<Machine>& machines, const Workload& workload,
                  const PlacementWish& wish)
        : Ours(machines, workload, wish), wish_(wish) {}

    bool place(std::size_t kind) override {
        ++came_;
        if (Ours::place(kind)) return true;
        placement::MoveLimits limits;
        limits.budget = came_ / wish_.tasks_per_move - moves_;
        limits.worth = wish_.task_worth;
        if (limits.budget <= 0) return false;
        placement::MovePlanner planner(
            fleet_,
            [this](placement::GuestSlot guest) {
                return placement::Movable{&requests_[kinds_[guest]]};
            },
            limits);
        const placement::MovePlan plan = planner.admit(requests_[kind]);
        for (const placement::Migration& move : plan.moves)
            placement::make(fleet_, move, requests_[kinds_[move.guest]]);
        moves_ += static_cast<std::int64_t>(plan.moves.size());
        return Ours::place(kind);
    }

    std::int64_t moves() const override { return moves_; }

  private:
    const PlacementWish& wish_;
    std::int64_t came_ = 0;
    std::int64_t moves_ = 0;
};

// ---- references --------------------------------------------------------------------------------

/// A policy that scores each host and takes the highest, the first of equals. What was scored is
/// kept until the host changes.
class Reference : public Policy {
  public:
    struct Left {
        std::int64_t cpu = 0;
        std::int64_t memory = 0;
        std::vector<std::int64_t> each;
        std::string model;

        std::int64_t idle() const { return std::accumulate(each.begin(), each.end(), 0L); }
    };

    Reference(const std::vector<Machine>& machines, const Workload& workload, const PlacementWish&)
        : workload_(workload) {
        for (const Machine& machine : machines)
            hosts_.push_back(
                {machine.cpu, machine.memory,
                 std::vector<std::int64_t>(static_cast<std::size_t>(machine.accelerators), 1000),
                 machine.model});
        best_.assign(workload.kinds.size(), std::vector<Best>(hosts_.size()));
        known_.assign(workload.kinds.size(), std::vector<bool>(hosts_.size()));
    }

    bool place(std::size_t kind) override {
        std::size_t found = hosts_.size();
        for (std::size_t host = 0; host < hosts_.size(); ++host) {
            if (!known_[kind][host]) best_[kind][host] = best_seat(kind, host);
            known_[kind][host] = true;
            if (best_[kind][host].fits &&
                (found == hosts_.size() || best_[kind][host].score > best_[kind][found].score))
                found = host;
        }
        if (found == hosts_.size()) return false;
        hosts_[found] = after(workload_.kinds[kind], hosts_[found], best_[kind][found].accelerator);
        for (auto& each : known_) each[found] = false;
        return true;
    }

  protected:
    virtual std::int64_t score(const TaskKind& kind, const Left& before, const Left& then) = 0;

    static bool fits(const TaskKind& kind, const Left& host) {
        if (kind.cpu > host.cpu || kind.memory > host.memory) return false;
        if (!kind.models.empty() &&
            std::find(kind.models.begin(), kind.models.end(), host.model) == kind.models.end())
            return false;
        return std::count_if(host.each.begin(), host.each.end(), [&](std::int64_t left) {
                   return left >= kind.thousandths;
               }) >= kind.accelerators;
    }

    const Workload& workload_;

  private:
    struct Best {
        bool fits = false;
        std::int64_t score = 0;
        std::size_t accelerator = 0;
    };

    static Left after(const TaskKind& kind, Left host, std::size_t first) {
        host.cpu -= kind.cpu;
        host.memory -= kind.memory;
        std::int64_t wanted = kind.accelerators;
        for (std::size_t at = first; at < host.each.size() && wanted > 0; ++at)
            if (host.each[at] >= kind.thousandths) {
                host.each[at] -= kind.thousandths;
                --wanted;
            }
        return host;
    }

    Best best_seat(std::size_t number, std::size_t at) {
        const TaskKind& kind = workload_.kinds[number];
        const Left& host = hosts_[at];
        Best best;
        if (!fits(kind, host)) return best;
        const std::size_t seats = kind.accelerators == 1 ? host.each.size() : 1;
        for (std::size_t seat = 0; seat < seats; ++seat) {
            if (kind.accelerators == 1 && host.each[seat] < kind.thousandths) continue;
            const std::int64_t points = score(kind, host, after(kind, host, seat));
            if (!best.fits || points > best.score) best = {true, points, seat};
        }
        return best;
    }

    std::vector<Left> hosts_;
    std::vector<std::vector<Best>> best_;
    std::vector<std::vector<bool>> known_;
};

/// Where the expected share of idle accelerators that a random task cannot use grows least (Weng
/// et al., USENIX ATC 2023), scores rounded to whole numbers as its authors' scheduler does.
class LeastFragmentation : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const TaskKind&, const Left& before, const Left& then) override {
        const double gained = (in_vain(before) - in_vain(then)) / 1000;
        return static_cast<std::int64_t>(100 / (1 + std::exp(-gained)));
    }

    double in_vain(const Left& host) const {
        double sum = 0;
        for (const TaskKind& kind : workload_.kinds) {
            std::int64_t left = host.idle();
            if (kind.accelerators > 0 && fits(kind, host)) {
                left = 0;
                for (const std::int64_t each : host.each)
                    if (each < kind.thousandths) left += each;
            }
            sum += static_cast<double>(kind.count * left);
        }
        return sum / static_cast<double>(workload_.tasks.size());
    }
};

/// The host with the least left of processors, memory and accelerators together, by their shares
/// of the largest host.
class BestFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const TaskKind&, const Left&, const Left& then) override {
        std::int64_t tightest = 0;
        for (const std::int64_t each : then.each) tightest += each;
        return -(then.cpu * 1000 / 128'000 + then.memory * 1000 / 1'048'576 + tightest / 8);
    }
};

class FirstFit : public Reference {
  public:
    using Reference::Reference;

  private:
    std::int64_t score(const TaskKind&, const Left&, const Left&) override { return 0; }
};

// ---- the trial ---------------------------------------------------------------------------------

/// Allocated at each mark, in millionths of all there is.
using Shares = std::array<std::int64_t, marks.size()>;

/// The kinds of those who come, in order: until `marks.back()` % were asked for.
std::vector<std::size_t> arrivals(const Workload& workload, std::int64_t capacity,
                                  std::uint64_t seed) {
    Chance chance(seed);
    std::vector<std::size_t> tasks = workload.tasks;
    for (std::size_t at = tasks.size(); at > 1; --at)
        std::swap(tasks[at - 1], tasks[chance.below(at)]);
    std::vector<std::size_t> kinds;
    for (std::int64_t asked = 0; asked * 100 < capacity * marks.back();) {
        const std::size_t number = kinds.size();
        kinds.push_back(number < tasks.size() ? tasks[number] : tasks[chance.below(tasks.size())]);
        asked += workload.kinds[kinds.back()].asked();
    }
    return kinds;
}

Shares play(Policy& policy, const Workload& workload, std::int64_t capacity, std::uint64_t seed) {
    Shares shares{};
    std::int64_t arrived = 0;
    std::int64_t allocated = 0;
    std::size_t mark = 0;
    for (const std::size_t kind : arrivals(workload, capacity, seed)) {
        arrived += workload.kinds[kind].asked();
        if (policy.place(kind)) allocated += workload.kinds[kind].asked();
        while (mark < marks.size() && arrived * 100 >= capacity * marks[mark])
            shares[mark++] = allocated * 1'000'000 / capacity;
    }
    return shares;
}

double percent(std::int64_t millionths) {
    return static_cast<double>(millionths / 100) / 100;
}

/// The published mean at 130 % of the policy that its authors propose, where the data tells it.
Result<Json> published(const PlacementWish& wish, const std::string& workload) {
    const auto file = data_file(wish.data, "published_alloc");
    if (!file.ok()) return Json{};
    const Table table = TRY(read_table(*file));
    const std::size_t name = TRY(table.column("workload"));
    const std::size_t policy = TRY(table.column("policy"));
    const std::size_t mean = TRY(table.column("mean_at_130"));
    for (std::size_t row = 0; row < table.rows(); ++row)
        if (table.text(row, name) == workload && table.text(row, policy).ends_with("FGD"))
            return Json(std::stod(table.text(row, mean)));
    return Json{};
}

/// What nobody passes who refuses none of the first 90 % (of capacity, as asked for), whatever he
/// moves: beside those with more than 1000 - t thousandths stays idle what those with at most t
/// cannot fill, even if all of them came to sit there. The tightest t up to a half. In millionths.
std::int64_t at_most(const Workload& workload, std::int64_t capacity, std::uint64_t seed) {
    std::array<std::int64_t, 501> beside{};  ///< by what is left beside a large one
    std::array<std::int64_t, 501> small{};   ///< by what a small one asks for
    std::int64_t arrived = 0;
    for (const std::size_t number : arrivals(workload, capacity, seed)) {
        const TaskKind& kind = workload.kinds[number];
        arrived += kind.asked();
        if (kind.accelerators != 1) continue;
        if (kind.thousandths <= 500)
            small[static_cast<std::size_t>(kind.thousandths)] += kind.thousandths;
        else if (arrived * 100 <= capacity * 90)
            beside[static_cast<std::size_t>(1000 - kind.thousandths)] += 1000 - kind.thousandths;
    }
    std::int64_t idle = 0;
    std::int64_t left = 0;
    for (std::size_t at = 0; at < 500; ++at) {
        left += beside[at] - small[at];
        idle = std::max(idle, left);
    }
    return (capacity - idle) * 1'000'000 / capacity;
}

Json row_of_bound(const Workload& workload, std::int64_t capacity, const PlacementWish& wish) {
    std::int64_t sum = 0;
    for (std::int64_t seed = 0; seed < wish.seeds; ++seed)
        sum += at_most(workload, capacity, static_cast<std::uint64_t>(wish.first_seed + seed));
    return Json::object(
        {{"workload", workload.name}, {"policy", "bound"}, {"at_130", percent(sum / wish.seeds)}});
}

template <class P>
Json row_of(const char* policy, const std::vector<Machine>& machines, const Workload& workload,
            std::int64_t capacity, const PlacementWish& wish) {
    Shares sums{};
    std::vector<std::int64_t> last;
    std::int64_t moves = 0;
    for (std::int64_t seed = 0; seed < wish.seeds; ++seed) {
        P decides(machines, workload, wish);
        const Shares shares =
            play(decides, workload, capacity, static_cast<std::uint64_t>(wish.first_seed + seed));
        for (std::size_t at = 0; at < marks.size(); ++at) sums[at] += shares[at];
        last.push_back(shares.back());
        moves += decides.moves();
    }
    Json row = Json::object({{"workload", workload.name}, {"policy", policy}});
    for (std::size_t at = 0; at < marks.size(); ++at)
        row.set("at_" + std::to_string(marks[at]), percent(sums[at] / wish.seeds));
    row.set("lowest", percent(*std::min_element(last.begin(), last.end())));
    row.set("highest", percent(*std::max_element(last.begin(), last.end())));
    if (moves > 0) row.set("moves", moves / wish.seeds);
    return row;
}

}  // namespace

Result<Json> gpu_packing(const PlacementWish& wish) {
    const std::vector<Machine> machines = TRY(read_machines(wish));
    std::int64_t capacity = 0;
    for (const Machine& machine : machines) capacity += machine.accelerators * 1000;
    if (capacity == 0)
        return Error{Error::Code::invalid, "the hosts have no accelerators",
                     "give another table with --hosts-file"};
    Json rows = Json::array();
    const std::vector<std::string> names = TRY(workloads_of(wish));
    for (const std::string& name : names) {
        const Workload workload = TRY(read_workload(wish.data, name));
        std::int64_t asked = 0;
        for (const TaskKind& kind : workload.kinds) asked += kind.asked() * kind.count;
        if (asked == 0)
            return Error{Error::Code::invalid, "nobody in pods_" + name + " asks for accelerators",
                         "such a workload never fills the hosts"};
        rows.push(row_of<FirstFit>("first_fit", machines, workload, capacity, wish));
        rows.push(row_of<BestFit>("best_fit", machines, workload, capacity, wish));
        rows.push(row_of<LeastFragmentation>("fgd", machines, workload, capacity, wish));
        Json ours = row_of<Ours>("ours", machines, workload, capacity, wish);
        ours.set("published_fgd", TRY(published(wish, name)));
        rows.push(std::move(ours));
        rows.push(row_of_bound(workload, capacity, wish));
        rows.push(row_of<OursWithMoves>("ours_with_moves", machines, workload, capacity, wish));
    }
    return Json::object({{"trace", "gpu"},
                         {"hosts", static_cast<std::int64_t>(machines.size())},
                         {"accelerators", capacity / 1000},
                         {"seeds", wish.seeds},
                         {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
