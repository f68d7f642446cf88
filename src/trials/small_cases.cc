#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/chance.h"
#include "placement/gang.h"
#include "placement/sizes.h"
#include "runtime/process.h"
#include "trials/kinds_of_trials.h"

// Cases so small that an exact solver (CBC, of the Debian package coinor-cbc) says what is best: a
// crowd of which as much as possible is to be placed, and gangs that fit or do not.
namespace vdc::trials {

using base::Chance;
using base::Error;
using base::Json;
using base::Result;
using placement::Fleet;
using placement::GroupRule;
using placement::HostSpec;
using placement::Kinds;
using placement::Request;
using placement::TraitRule;

namespace {

constexpr placement::Kind counted[] = {Kinds::memory, Kinds::cpu};

struct Case {
    std::vector<HostSpec> hosts;
    std::vector<Request> requests;
};

Request request_of(Chance& chance) {
    Request request;
    const std::int64_t cpus = std::int64_t{1} << chance.below(5);
    request.needs.amounts[Kinds::cpu] = cpus * 1000;
    request.needs.amounts[Kinds::memory] = cpus * chance.between(1, 6) * 1024;
    if (chance.once_in(1, 5)) request.rules.emplace_back(TraitRule{"disk=ssd"});
    if (chance.once_in(1, 3)) {
        // All of a group have the same rule: then it does not matter who came last.
        const std::uint64_t number = 1 + chance.below(3);
        const placement::Group group{7, number};
        request.groups.push_back(group);
        GroupRule apart{group};
        apart.domain = number == 1 ? "rack" : "";
        apart.most = static_cast<std::int64_t>(number % 2);
        request.rules.emplace_back(apart);
    }
    return request;
}

/// Three to six hosts of two sizes in two racks, and requests for `thousandths` of their
/// processors.
Case drawn(std::uint64_t seed, std::int64_t thousandths) {
    Chance chance(seed);
    Case drawn;
    std::int64_t cpus = 0;
    for (std::int64_t number = 0, count = chance.between(3, 6); number < count; ++number) {
        HostSpec spec;
        spec.name = "h" + std::to_string(number);
        const std::int64_t size = chance.once_in(1, 2) ? 16 : 32;
        spec.capacity[Kinds::cpu] = size * 1000;
        spec.capacity[Kinds::memory] = size * 4 * 1024;
        spec.domains["rack"] = "r" + std::to_string(number % 2);
        if (number % 2 == 0) spec.traits.insert("disk=ssd");
        cpus += size * 1000;
        drawn.hosts.push_back(std::move(spec));
    }
    for (std::int64_t asked = 0; asked < cpus * thousandths / 1000;) {
        drawn.requests.push_back(request_of(chance));
        asked += drawn.requests.back().needs.amounts[Kinds::cpu];
    }
    return drawn;
}

Fleet fleet_of(const Case& small) {
    Fleet fleet;
    fleet.set_mix(placement::doubling_sizes(16, 4096, std::int64_t{1} << 30));
    for (std::size_t number = 0; number < small.hosts.size(); ++number)
        fleet.set_host({base::Uuid{1, number + 1}}, small.hosts[number]);
    return fleet;
}

// ---- the exact solver --------------------------------------------------------------------------

/// A problem of zeros and ones, rows at most so much, as text of the format MPS. Each column stands
/// in a row that allows one.
class Program {
  public:
    std::size_t row(std::int64_t at_most) {
        at_most_.push_back(at_most);
        return at_most_.size() - 1;
    }
    /// A choice, with what it is worth.
    std::size_t column(std::int64_t worth) {
        worths_.push_back(worth);
        entries_.emplace_back();
        return worths_.size() - 1;
    }
    void set(std::size_t row, std::size_t column, std::int64_t value) {
        if (value != 0) entries_[column].emplace_back(row, value);
    }

    std::string text() const {
        std::string text = "NAME\nROWS\n N worth\n";
        for (std::size_t row = 0; row < at_most_.size(); ++row)
            text += " L r" + std::to_string(row) + "\n";
        text += "COLUMNS\n MARK0 'MARKER' 'INTORG'\n";
        for (std::size_t column = 0; column < worths_.size(); ++column) {
            const std::string name = " x" + std::to_string(column) + " ";
            text += name + "worth " + std::to_string(-worths_[column]) + "\n";
            for (const auto& [row, value] : entries_[column])
                text += name + "r" + std::to_string(row) + " " + std::to_string(value) + "\n";
        }
        text += " MARK1 'MARKER' 'INTEND'\nRHS\n";
        for (std::size_t row = 0; row < at_most_.size(); ++row)
            text += " b r" + std::to_string(row) + " " + std::to_string(at_most_[row]) + "\n";
        return text + "ENDATA\n";
    }

  private:
    std::vector<std::int64_t> at_most_;
    std::vector<std::int64_t> worths_;
    std::vector<std::vector<std::pair<std::size_t, std::int64_t>>> entries_;
};

bool keeps_traits(const Request& request, const HostSpec& host) {
    return std::all_of(request.rules.begin(), request.rules.end(), [&](const auto& rule) {
        const auto* trait = std::get_if<TraitRule>(&rule);
        return trait == nullptr || host.traits.contains(trait->trait) == trait->wanted;
    });
}

/// The next greater whole number, of one with parts.
Result<std::int64_t> number_after(const std::string& said, std::string_view words) {
    const std::size_t at = said.find(words);
    if (at == std::string::npos)
        return Error{Error::Code::failed, "cbc did not say '" + std::string(words) + "'",
                     said.substr(0, 400)};
    const double number = std::strtod(said.c_str() + at + words.size(), nullptr);
    return static_cast<std::int64_t>(std::ceil(number - 1e-6));
}

std::string area_of(const HostSpec& host, const std::string& domain) {
    return domain.empty() ? host.name : host.domains.at(domain);
}

class Exact {
  public:
    /// The solver stops after so many seconds of a processor, and says how far it came.
    Exact(const Case& small, const std::vector<std::int64_t>& worths, std::int64_t seconds)
        : small_(small), seconds_(seconds) {
        for (std::size_t at = 0; at < small.requests.size(); ++at) {
            const std::size_t once = program_.row(1);
            for (std::size_t host = 0; host < small.hosts.size(); ++host) {
                if (!keeps_traits(small.requests[at], small.hosts[host])) continue;
                const std::size_t column = program_.column(worths[at]);
                program_.set(once, column, 1);
                choices_[{at, host}] = column;
            }
        }
        hold_amounts();
        keep_apart();
    }

    /// What was found, and more than which there cannot be: the same, but for the few cases on
    /// which the solver was stopped.
    struct Optimum {
        std::int64_t found = 0;
        std::int64_t bound = 0;
        bool is_proven() const { return found == bound; }
    };
    Result<Optimum> optimum() const {
        const std::string said =
            TRY(runtime::must_run({{"cbc", "/dev/stdin", "sec", std::to_string(seconds_), "solve"},
                                   program_.text(),
                                   std::chrono::minutes(30)}));
        Optimum optimum;
        optimum.found = -TRY(number_after(said, "Objective value:"));
        optimum.bound = optimum.found;
        if (said.find("Optimal solution found") == std::string::npos)
            optimum.bound = -TRY(number_after(said, "Lower bound:"));
        return optimum;
    }

  private:
    void hold_amounts() {
        for (std::size_t host = 0; host < small_.hosts.size(); ++host)
            for (const placement::Kind kind : counted) {
                const std::size_t row = program_.row(small_.hosts[host].capacity[kind]);
                for (const auto& [choice, column] : choices_)
                    if (choice.second == host)
                        program_.set(row, column,
                                     small_.requests[choice.first].needs.amounts[kind]);
            }
    }

    /// Of a group, whose members all have the same rule, so many in an area.
    void keep_apart() {
        std::map<std::pair<placement::Group, std::string>, std::size_t> rows;
        for (const auto& [choice, column] : choices_)
            for (const auto& rule : small_.requests[choice.first].rules) {
                const auto* apart = std::get_if<GroupRule>(&rule);
                if (apart == nullptr) continue;
                const std::pair area{apart->group,
                                     area_of(small_.hosts[choice.second], apart->domain)};
                if (!rows.contains(area)) rows[area] = program_.row(apart->most + 1);
                program_.set(rows[area], column, 1);
            }
    }

    const Case& small_;
    std::int64_t seconds_;
    Program program_;
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> choices_;
};

// ---- both --------------------------------------------------------------------------------------

struct Crowd {
    std::int64_t one_by_one = 0;
    std::int64_t ours = 0;
    std::int64_t best = 0;  ///< more than which there cannot be
    std::int64_t proven = 0;
};

Result<Crowd> crowd(const Case& small, std::int64_t solver_seconds) {
    Fleet fleet = fleet_of(small);
    const placement::Amounts greatest = placement::greatest_host(fleet.settled());
    std::vector<std::int64_t> worths;
    for (const Request& request : small.requests)
        worths.push_back(placement::size_of(request.needs, greatest));
    Crowd crowd;
    const auto optimum = TRY(Exact(small, worths, solver_seconds).optimum());
    crowd.best = optimum.bound;
    crowd.proven = optimum.is_proven() ? 1 : 0;
    const auto placed = placement::place_crowd(fleet, small.requests);
    for (std::size_t at = 0; at < placed.size(); ++at) crowd.ours += placed[at] ? worths[at] : 0;
    Fleet as_they_come = fleet_of(small);
    for (std::size_t at = 0; at < small.requests.size(); ++at) {
        const auto decision = as_they_come.decide(small.requests[at]);
        if (!decision.best) continue;
        as_they_come.put(decision.best->host, small.requests[at], decision.seat);
        crowd.one_by_one += worths[at];
    }
    return crowd;
}

struct Gangs {
    std::int64_t fit = 0;
    std::int64_t refused_falsely = 0;
    std::int64_t refused_unproven = 0;  ///< not every way was tried
    std::int64_t proven = 0;            ///< by the solver: that they fit, or that they do not
};

base::Status gang(const Case& small, std::int64_t solver_seconds, Gangs& gangs) {
    const std::vector<std::int64_t> ones(small.requests.size(), 1);
    const auto all = static_cast<std::int64_t>(ones.size());
    const auto optimum = TRY(Exact(small, ones, solver_seconds).optimum());
    const bool fits = optimum.found == all;
    Fleet fleet = fleet_of(small);
    const auto decision = placement::place_gang(fleet, small.requests);
    gangs.fit += fits || decision.fits() ? 1 : 0;
    gangs.proven += fits || decision.fits() || optimum.bound < all ? 1 : 0;
    if (decision.fits() && optimum.bound < all)
        return Error{Error::Code::failed, "a gang was placed that does not fit",
                     "the solver's rules or ours are wrong"};
    if (decision.fits()) return {};
    gangs.refused_falsely += fits ? 1 : 0;
    gangs.refused_unproven += decision.proven_impossible ? 0 : 1;
    return {};
}

}  // namespace

Result<Json> small_cases(const PlacementWish& wish) {
    Crowd all;
    Gangs gangs;
    std::vector<double> shares;
    for (std::int64_t number = 0; number < wish.seeds; ++number) {
        const auto seed = static_cast<std::uint64_t>(wish.first_seed + number);
        const Crowd one = TRY(crowd(drawn(seed, 1200), wish.solver_seconds));
        all.one_by_one += one.one_by_one;
        all.ours += one.ours;
        all.best += one.best;
        all.proven += one.proven;
        shares.push_back(static_cast<double>(one.ours) / static_cast<double>(one.best));
        TRY(gang(drawn(seed, 700 + number % 4 * 50), wish.solver_seconds, gangs));
    }
    const auto share = [&](std::int64_t of) {
        return static_cast<double>(of) / static_cast<double>(all.best);
    };
    Json rows = Json::array();
    rows.push(Json::object({{"policy", "ours"},
                            {"of_optimum", share(all.ours)},
                            {"worst", *std::min_element(shares.begin(), shares.end())}}));
    rows.push(Json::object({{"policy", "one_by_one"}, {"of_optimum", share(all.one_by_one)}}));
    return Json::object({{"trace", "small"},
                         {"cases", wish.seeds},
                         {"crowds_proven", all.proven},
                         {"gangs_proven", gangs.proven},
                         {"gangs_that_fit", gangs.fit},
                         {"refused_falsely", gangs.refused_falsely},
                         {"refused_unproven", gangs.refused_unproven},
                         {"rows", std::move(rows)}});
}

}  // namespace vdc::trials
