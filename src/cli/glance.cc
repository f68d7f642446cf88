#include "cli/glance.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/text.h"
#include "base/time.h"
#include "base/units.h"

namespace vdc::cli {

using base::Json;

static std::string percent(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? fmt::format("{:>3} %", part * 100 / whole) : "";
}

/// A size of the API ("24105MiB"), as a person reads it.
static base::MiB size_at(const Json& object, const char* name) {
    const auto size = base::parse_mib(object.text_at(name));
    return size.ok() ? *size : base::MiB{};
}

static std::string readable(base::MiB size) {
    return size.count < 10 * 1024
               ? fmt::format("{} MiB", size.count)
               : fmt::format("{}.{} GiB", size.count / 1024, size.count % 1024 * 10 / 1024);
}

static std::string room_line(const char* what, const std::string& taken, const std::string& all,
                             const std::string& share) {
    return fmt::format("{:<8}  {:>10}  of {:>10}  {}\n", what, taken, all, share);
}

static std::string room(const Json& datacenter) {
    const Json& claimed = datacenter.at("claimed");
    const Json& claimable = datacenter.at("claimable");
    const std::int64_t vcpus = claimed.integer_at("vcpus");
    std::string out =
        room_line("vcpus", std::to_string(vcpus), std::to_string(claimable.integer_at("vcpus")),
                  percent(vcpus, claimable.integer_at("vcpus")));
    for (const char* what : {"memory", "disk"}) {
        const base::MiB taken = size_at(claimed, what);
        const base::MiB all = size_at(claimable, what);
        out += room_line(what, readable(taken), readable(all), percent(taken.count, all.count));
    }
    return out;
}

static std::string attention(const Json& datacenter) {
    const std::int64_t count = datacenter.integer_at("attention_count");
    if (count == 0) return "all is as it should be\n";
    std::string out =
        base::counted(count, "thing") + (count == 1 ? " needs" : " need") + " attention\n";
    for (const Json& each : datacenter.at("attention").items())
        out += "  " + each.text_at("noun") + " " + each.text_at("name") + " " +
               each.text_at("sentence") + "\n";
    const auto shown = static_cast<std::int64_t>(datacenter.at("attention").items().size());
    if (count > shown) out += fmt::format("  and {} more\n", count - shown);
    return out;
}

std::string glance(const Json& datacenter) {
    const Json& counts = datacenter.at("counts");
    std::string out = base::counted(counts.integer_at("hosts"), "host") + ", " +
                      base::counted(counts.integer_at("apps"), "application") + ", " +
                      base::counted(counts.integer_at("instances"), "instance") + " (" +
                      std::to_string(datacenter.integer_at("running")) + " running), " +
                      base::counted(counts.integer_at("volumes"), "volume") + ", " +
                      base::counted(counts.integer_at("networks"), "network") + "\n\n" +
                      room(datacenter) + "\n" + attention(datacenter);
    for (const Json& warning : datacenter.at("warnings").items())
        out += "note: host " + warning.text_at("host") + ": " + warning.text_at("text") + "\n";
    return out;
}

// ---- guarantee ---------------------------------------------------------------------------------

static std::string targets(const Json& moves) {
    std::map<std::string, int> counted;
    for (const Json& move : moves.items())
        if (move.at("to").is(Json::Kind::text)) ++counted[move.text_at("to")];
    constexpr std::size_t shown_max = 6;
    std::string out;
    std::size_t shown = 0;
    for (const auto& [host, count] : counted) {
        if (++shown > shown_max) return out + fmt::format(", {} more", counted.size() - shown_max);
        out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", host, count);
    }
    return out;
}

static std::string without_place(const Json& moves) {
    std::string out;
    for (const Json& move : moves.items())
        if (move.at("to").is_null()) out += (out.empty() ? "no: " : ", ") + move.text_at("name");
    return out.empty() ? "yes" : out;
}

/// Of the loss of one host alone: what can be used there beside all plans.
static std::string spare(const Json& guarantee, const Json& loss) {
    const auto& hosts = loss.at("hosts").items();
    if (hosts.size() != 1 || !loss.text_at("loss").starts_with("host ")) return "";
    for (const Json& host : guarantee.at("hosts").items())
        if (Json(host.text_at("host")) == hosts.front())
            return readable(size_at(host.at("spare"), "memory"));
    return "";
}

Json loss_rows(const Json& guarantee) {
    Json rows = Json::array();
    for (const Json& loss : guarantee.at("losses").items()) {
        const Json& moves = loss.at("moves");
        rows.push(Json::object(
            {{"loss", loss.text_at("loss")},
             {"protected", static_cast<std::int64_t>(moves.items().size())},
             {"others", static_cast<std::int64_t>(loss.at("left_behind").items().size())},
             {"covered", without_place(moves)},
             {"goes to", targets(moves)},
             {"spare", spare(guarantee, loss)}}));
    }
    return rows;
}

// ---- recoveries --------------------------------------------------------------------------------

static std::optional<base::Instant> moment_at(const Json& object, const char* name) {
    const auto moment = base::parse_instant(object.text_at(name));
    return moment.ok() ? std::optional(*moment) : std::nullopt;
}

/// "1.25 s"; nothing where one of the ends is not known.
static std::string between(std::optional<base::Instant> from, std::optional<base::Instant> to) {
    if (!from || !to) return "";
    return fmt::format("{:.2f} s", std::chrono::duration<double>(*to - *from).count());
}

static Json recovery_row(const Json& recovery, const Json& run) {
    const auto suspected = moment_at(recovery, "suspected");
    const auto fenced = moment_at(recovery, "fenced");
    const auto placed = moment_at(run, "placed");
    const auto started = moment_at(run, "started");
    const auto ready = moment_at(run, "ready");
    return Json::object(
        {{"host", recovery.text_at("host")},
         {"lost", recovery.text_at("fenced")},
         {"instance", run.text_at("name")},
         {"fate", run.text_at("fate")},
         {"by", run.text_at("by")},
         {"to", run.text_at("to")},
         {"fenced", between(suspected, fenced)},
         {"placed", between(fenced, placed)},
         {"started", between(placed, started)},
         {"ready", between(started, ready)},
         {"sum", between(suspected ? suspected : fenced, ready ? ready : started)}});
}

Json recovery_rows(const Json& recoveries) {
    Json rows = Json::array();
    for (const Json& recovery : recoveries.at("items").items()) {
        for (const Json& run : recovery.at("instances").items())
            rows.push(recovery_row(recovery, run));
        if (recovery.at("instances").items().empty())
            rows.push(recovery_row(recovery, Json::object()));
    }
    return rows;
}

}  // namespace vdc::cli
