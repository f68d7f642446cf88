#include <algorithm>
#include <charconv>
#include <ctime>

#include "placement/reassign.h"
#include "runtime/files.h"
#include "runtime/process.h"
#include "trials/kinds_of_trials.h"
#include "trials/table.h"

// Google's machine reassignment problem: whoever runs where he is, and where had all better be?
namespace vdc::trials {

using base::Error;
using base::Json;
using base::Result;
using placement::Reassignable;
using placement::Reassigner;

namespace {

/// The numbers of a file of the challenge, one after the other.
class Numbers {
  public:
    static Result<Numbers> read(const std::string& folder, const std::string& name) {
        Numbers numbers;
        numbers.name_ = name;
        const std::string plain = folder + "/" + name + ".txt";
        std::string text;
        if (runtime::exists(plain))
            text = TRY(runtime::read_file(plain, size_max));
        else if (runtime::exists(plain + ".xz"))
            text =
                TRY(runtime::must_run({{"xz", "--decompress", "--stdout", "--", plain + ".xz"}}));
        else
            return Error{Error::Code::not_found,
                         "there is no " + name + ".txt (nor .txt.xz) in '" + folder + "'",
                         "give the folder of the data with --data; see docs/scheduler.md"};
        const char* at = text.data();
        const char* const end = at + text.size();
        while (true) {
            while (at != end && (*at < '0' || *at > '9')) ++at;
            if (at == end) return numbers;
            std::int64_t value = 0;
            const auto [next, failure] = std::from_chars(at, end, value);
            if (failure != std::errc{} || value > value_max) return numbers.is_wrong();
            numbers.all_.push_back(value);
            at = next;
        }
    }

    /// -1 behind the end.
    std::int64_t next() { return at_ < all_.size() ? all_[at_++] : behind(); }
    std::size_t count() { return static_cast<std::size_t>(std::max<std::int64_t>(0, next())); }
    bool is_used_up() const { return at_ == all_.size() && !was_short_; }
    std::size_t left() const { return all_.size() - at_; }
    Error is_wrong() const {
        return {Error::Code::invalid, name_ + " is not of the challenge's form",
                "see docs/scheduler.md"};
    }

  private:
    static constexpr std::size_t size_max = 64 << 20;
    static constexpr std::int64_t value_max = std::int64_t{1} << 40;
    std::int64_t behind() {
        was_short_ = true;
        return -1;
    }
    std::string name_;
    std::vector<std::int64_t> all_;
    std::size_t at_ = 0;
    bool was_short_ = false;
};

void read_hosts(Numbers& model, Reassignable& problem) {
    const std::size_t hosts = std::min(model.count(), model.left());
    for (std::size_t number = 0; number < hosts; ++number) {
        placement::ReassignHost host;
        host.neighbourhood = static_cast<std::uint32_t>(model.count());
        host.area = static_cast<std::uint32_t>(model.count());
        for (std::size_t kind = 0; kind < problem.kinds; ++kind)
            host.capacity.of[kind] = model.next();
        for (std::size_t kind = 0; kind < problem.kinds; ++kind) host.safe.of[kind] = model.next();
        for (std::size_t to = 0; to < hosts; ++to) host.move_costs.push_back(model.next());
        problem.hosts.push_back(std::move(host));
    }
}

Result<Reassignable> read_problem(const std::string& folder, const std::string& name) {
    Numbers model = TRY(Numbers::read(folder, "model_" + name));
    Numbers start = TRY(Numbers::read(folder, "assignment_" + name));
    Reassignable problem;
    problem.kinds = model.count();
    if (problem.kinds == 0 || problem.kinds > placement::kinds_max) return model.is_wrong();
    for (std::size_t kind = 0; kind < problem.kinds; ++kind) {
        problem.transient.push_back(model.next() == 1);
        problem.load_weights.push_back(model.next());
    }
    read_hosts(model, problem);
    for (std::size_t left = std::min(model.count(), model.left()); left > 0; --left) {
        placement::ReassignService service;
        service.areas_least = model.next();
        for (std::size_t more = std::min(model.count(), model.left()); more > 0; --more)
            service.depends_on.push_back(model.count());
        problem.services.push_back(std::move(service));
    }
    for (std::size_t left = std::min(model.count(), model.left()); left > 0; --left) {
        placement::ReassignGuest guest;
        guest.service = model.count();
        for (std::size_t kind = 0; kind < problem.kinds; ++kind)
            guest.needs.of[kind] = model.next();
        guest.move_cost = model.next();
        guest.host = start.count();
        problem.guests.push_back(guest);
    }
    for (std::size_t left = std::min(model.count(), model.left()); left > 0; --left) {
        placement::ReassignBalance balance;
        balance.base = static_cast<placement::Kind>(model.count());
        balance.more = static_cast<placement::Kind>(model.count());
        balance.times = model.next();
        balance.weight = model.next();
        problem.balances.push_back(balance);
    }
    problem.guest_weight = model.next();
    problem.service_weight = model.next();
    problem.host_weight = model.next();
    if (!model.is_used_up() || !start.is_used_up()) return model.is_wrong();
    return problem;
}

/// Whether all that is named is there, and all stand where they may.
bool is_sound(const Reassignable& problem) {
    if (problem.hosts.size() < 2 || problem.guests.empty()) return false;
    const auto numbered = [](std::size_t number, std::size_t count) { return number < count; };
    for (const auto& host : problem.hosts)
        if (host.area > 100'000 || host.neighbourhood > 100'000) return false;
    for (const auto& service : problem.services)
        for (const std::size_t other : service.depends_on)
            if (!numbered(other, problem.services.size())) return false;
    std::vector<std::size_t> at;
    for (const auto& guest : problem.guests) {
        if (!numbered(guest.service, problem.services.size()) ||
            !numbered(guest.host, problem.hosts.size()))
            return false;
        at.push_back(guest.host);
    }
    for (const auto& balance : problem.balances)
        if (balance.base >= problem.kinds || balance.more >= problem.kinds) return false;
    return placement::keeps_rules(problem, at);
}

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// From warm to cold, each halving as long as the others.
void cool(Reassigner& reassigner, std::int64_t warm, int halvings, double seconds) {
    constexpr std::int64_t tries = 20'000;
    const double begin = processor_seconds();
    for (double share = 0; share < 1; share = (processor_seconds() - begin) / seconds) {
        const double halved = share * halvings;
        const std::int64_t whole = warm >> static_cast<int>(halved);
        const double part = halved - static_cast<int>(halved);
        reassigner.improve(tries,
                           static_cast<std::int64_t>(static_cast<double>(whole) * (1 - part / 2)));
    }
    reassigner.return_to_best();
}

/// Once from so warm that hardly anything matters, then from where a usual change is likely.
void search(Reassigner& reassigner, double seconds) {
    const std::int64_t usual = std::max<std::int64_t>(1, reassigner.usual_change(20'000));
    cool(reassigner, 64 * usual, 20, seconds / 2);
    cool(reassigner, usual, 12, seconds / 2);
}

/// What is published of each, by name; none if the table is not there.
std::int64_t published(const std::string& folder, const std::string& name) {
    const auto table = read_table(folder + "/published_best.csv");
    if (!table.ok()) return 0;
    const auto instance = table->column("instance");
    const auto best = table->column("best_published");
    if (!instance.ok() || !best.ok()) return 0;
    for (std::size_t row = 0; row < table->rows(); ++row)
        if (table->text(row, *instance) == name) {
            const auto value = table->number(row, *best);
            return value.ok() ? *value : 0;
        }
    return 0;
}

Result<Json> one(const PlacementWish& wish, const std::string& name) {
    const Reassignable problem = TRY(read_problem(wish.data, name));
    if (!is_sound(problem))
        return Error{Error::Code::invalid, name + " breaks its own rules from the beginning",
                     "give the challenge's own files"};
    Reassigner reassigner(problem, static_cast<std::uint64_t>(wish.first_seed));
    const std::int64_t before = reassigner.price();
    search(reassigner, static_cast<double>(wish.solver_seconds));
    const auto moves = reassigner.moves(10'000'000);
    std::vector<std::size_t> at;
    for (const auto& guest : problem.guests) at.push_back(guest.host);
    std::int64_t broken = 0;
    for (const auto& move : moves) {
        at[move.guest] = move.to;
        broken += placement::keeps_rules(problem, at) ? 0 : 1;
    }
    const std::int64_t price = placement::price_of(problem, at);
    const std::int64_t best = published(wish.data, name);
    Json row = Json::object({{"instance", name},
                             {"hosts", static_cast<std::int64_t>(problem.hosts.size())},
                             {"guests", static_cast<std::int64_t>(problem.guests.size())},
                             {"before", before},
                             {"price", price},
                             {"searched", reassigner.best_price()},
                             {"moves", static_cast<std::int64_t>(moves.size())},
                             {"prefixes_broken", broken}});
    if (best > 0) {
        row.set("published", best);
        row.set("of_published", static_cast<double>(price) / static_cast<double>(best));
    }
    return row;
}

}  // namespace

Result<Json> reassignment(const PlacementWish& wish) {
    std::vector<std::string> names = wish.workloads;
    if (names.empty()) names = {"a1_1", "a1_2", "a1_3", "a1_4", "a1_5", "a2_1", "a2_3", "a2_5"};
    Json rows = Json::array();
    for (const std::string& name : names) rows.push(TRY(one(wish, name)));
    return Json::object(
        {{"trace", "reassign"}, {"seconds", wish.solver_seconds}, {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
