#include "cli/glance.h"

#include <fmt/format.h>

#include "base/units.h"

namespace vdc::cli {

using base::Json;

static std::string counted(std::int64_t count, const std::string& one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

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
    std::string out = counted(count, "thing") + (count == 1 ? " needs" : " need") + " attention\n";
    for (const Json& each : datacenter.at("attention").items())
        out += "  " + each.text_at("noun") + " " + each.text_at("name") + " " +
               each.text_at("sentence") + "\n";
    const auto shown = static_cast<std::int64_t>(datacenter.at("attention").items().size());
    if (count > shown) out += fmt::format("  and {} more\n", count - shown);
    return out;
}

std::string glance(const Json& datacenter) {
    const Json& counts = datacenter.at("counts");
    std::string out = counted(counts.integer_at("hosts"), "host") + ", " +
                      counted(counts.integer_at("apps"), "application") + ", " +
                      counted(counts.integer_at("instances"), "instance") + " (" +
                      std::to_string(datacenter.integer_at("running")) + " running), " +
                      counted(counts.integer_at("volumes"), "volume") + ", " +
                      counted(counts.integer_at("networks"), "network") + "\n\n" +
                      room(datacenter) + "\n" + attention(datacenter);
    for (const Json& warning : datacenter.at("warnings").items())
        out += "note: host " + warning.text_at("host") + ": " + warning.text_at("text") + "\n";
    return out;
}

}  // namespace vdc::cli
