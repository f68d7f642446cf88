#include <cstdio>

#include "app/commands.h"
#include "sim/rerun.h"

namespace vdc::app {

using base::Duration;
using base::Json;

namespace {

/// A line of the table of differences: the same figure of the log and of both runs.
struct Row {
    std::string name;
    std::string word;  ///< in JSON
    std::int64_t then = 0;
    std::int64_t present = 0;
    std::int64_t other = 0;
    std::string unit;
};

std::int64_t seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

/// Kept of what was promised, in thousandths.
std::int64_t kept(const sim::Sums& sums) {
    if (sums.wanted_replicas == Duration{}) return 1000;
    return sums.ready_replicas.count() / (sums.wanted_replicas.count() / 1000 + 1);
}

std::vector<Row> rows_of(const sim::Comparison& c) {
    const auto row = [&](const char* name, const char* word, auto of, const char* unit) {
        return Row{name, word, of(c.then), of(c.present.sums), of(c.other.sums), unit};
    };
    using S = sim::Sums;
    std::vector<Row> rows{
        row(
            "instances moved to another host", "moves",
            [](const S& s) { return static_cast<std::int64_t>(s.moves); }, ""),
        row(
            "replica-seconds promised", "promised_replica_seconds",
            [](const S& s) { return seconds(s.wanted_replicas); }, "s"),
        row(
            "replica-seconds ready: promises kept", "ready_replica_seconds",
            [](const S& s) { return seconds(s.ready_replicas); }, "s"),
        row(
            "kept, in thousandths", "kept_per_mille", [](const S& s) { return kept(s); }, ""),
        row(
            "instance-seconds wanted, not running", "missing_instance_seconds",
            [](const S& s) { return seconds(s.missing_instances); }, "s"),
        row(
            "host-seconds in use: cost", "host_seconds_in_use",
            [](const S& s) { return seconds(s.hosts_in_use); }, "s"),
        row(
            "commits", "commits", [](const S& s) { return static_cast<std::int64_t>(s.commits); },
            "")};
    rows.push_back({"requests refused", "refused", 0, static_cast<std::int64_t>(c.present.refused),
                    static_cast<std::int64_t>(c.other.refused), ""});
    return rows;
}

void print_table(const sim::Comparison& c) {
    std::printf("%llu requests and %llu runs that ended by themselves, %lld s on %zu hosts\n\n",
                static_cast<unsigned long long>(c.requests),
                static_cast<unsigned long long>(c.ends), static_cast<long long>(seconds(c.lasted)),
                c.hosts);
    std::printf("%-38s %14s %14s %14s %14s\n", "", "as it was", "simulated", "other policy",
                "difference");
    for (const Row& row : rows_of(c))
        std::printf("%-38s %14lld %14lld %14lld %+14lld\n", row.name.c_str(),
                    static_cast<long long>(row.then), static_cast<long long>(row.present),
                    static_cast<long long>(row.other),
                    static_cast<long long>(row.other - row.present));
    if (!c.other.first_refusal.empty())
        std::printf("\nrefused under the other policy, the first: %s\n",
                    c.other.first_refusal.c_str());
}

void print_json(const sim::Comparison& c) {
    Json rows = Json::object();
    for (const Row& row : rows_of(c))
        rows.set(row.word, Json::object({{"then", row.then},
                                         {"simulated", row.present},
                                         {"other", row.other},
                                         {"difference", row.other - row.present}}));
    const Json all = Json::object({{"requests", static_cast<std::int64_t>(c.requests)},
                                   {"ends", static_cast<std::int64_t>(c.ends)},
                                   {"seconds", seconds(c.lasted)},
                                   {"hosts", static_cast<std::int64_t>(c.hosts)},
                                   {"figures", std::move(rows)},
                                   {"first_refusal", c.other.first_refusal}});
    std::printf("%s\n", base::dump_pretty(all).c_str());
}

}  // namespace

/// Takes one line after the other off a text; a last one without an end is one, too.
static sim::NextLine lines_of(std::string_view text) {
    return [text](std::string_view& line) mutable {
        if (text.empty()) return false;
        const std::size_t end = text.find('\n');
        line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        return true;
    };
}

base::Status rerun(const Json& policy_json, std::string_view log, bool as_json) {
    const sim::OtherPolicy policy = TRY(sim::read_policy(policy_json));
    const sim::Comparison comparison = TRY(sim::compare(lines_of(log), policy));
    if (as_json)
        print_json(comparison);
    else
        print_table(comparison);
    for (const sim::Run* run : {&comparison.present, &comparison.other})
        if (!run->violation.empty())
            return base::Error{base::Error::Code::failed,
                               "an invariant did not hold in the simulator: " + run->violation,
                               "please report it, with the log"};
    return {};
}

}  // namespace vdc::app
