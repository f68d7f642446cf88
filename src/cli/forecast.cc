#include "cli/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace vdc::cli {

using base::Json;

static constexpr std::size_t rows_most = 20;  ///< of a table, for people

static double number(const Json& object, const char* name) {
    const Json& value = object.at(name);
    return value.is(Json::Kind::real) || value.is(Json::Kind::integer) ? value.real() : 0;
}

/// "6.4 s", "2 m 05 s", "never".
static std::string time_text(const Json& seconds) {
    if (seconds.is_null()) return "never";
    const double value = seconds.real();
    if (std::abs(value) < 120) return fmt::format("{:.1f} s", value);
    const auto whole = static_cast<std::int64_t>(value);
    return fmt::format("{} m {:02} s", whole / 60, std::abs(whole % 60));
}

using Row = std::vector<std::string>;

static std::string table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows)
        for (std::size_t at = 0; at < row.size(); ++at) {
            if (at == widths.size()) widths.push_back(0);
            widths[at] = std::max(widths[at], row[at].size());
        }
    std::string out;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t at = 0; at < row.size(); ++at)
            line += fmt::format("{:<{}}  ", row[at], widths[at]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

/// Some rows of a list under a heading; what is left away is counted.
template <class Each>
static std::string section(const std::string& title, const Json& list, Row heads, Each each) {
    const Json::Array& items = list.items();
    if (items.empty()) return "";
    std::vector<Row> rows{std::move(heads)};
    for (std::size_t at = 0; at < std::min(items.size(), rows_most); ++at)
        rows.push_back(each(items[at]));
    std::string out = fmt::format("\n{} ({})\n{}", title, items.size(), table(rows));
    if (items.size() > rows_most)
        out += fmt::format("... and {} more (-o json has all)\n", items.size() - rows_most);
    return out;
}

static std::string name_of(const Json& item) {
    const std::string project = item.text_at("project");
    const std::string name = item.text_at("instance", item.text_at("application"));
    return project == "default" || project.empty() ? name : project + "/" + name;
}

static std::string or_dash(std::string text) {
    return text.empty() ? "-" : text;
}

static std::string recoveries(const Json& forecast) {
    const Json& sum = forecast.at("recovery");
    std::string out = section(
        "Down for a while, or new", forecast.at("recoveries"),
        {"INSTANCE", "HOST", "DOWN AT", "RUNS AT", "READY AT"}, [](const Json& each) {
            return Row{name_of(each), or_dash(each.text_at("host")), time_text(each.at("down")),
                       time_text(each.at("runs")), time_text(each.at("ready"))};
        });
    if (sum.integer_at("down") > 0)
        out += fmt::format("ready again: {} of {}; until then half of them take {}, all {}\n",
                           sum.integer_at("ready"), sum.integer_at("down"),
                           time_text(sum.at("p50")), time_text(sum.at("max")));
    return out;
}

static std::string costs(const Json& cost) {
    const auto change = [](std::int64_t before, std::int64_t after) {
        return fmt::format("{} -> {}", before, after);
    };
    const Json& claimed_before = cost.at("claimed_before");
    const Json& claimed_after = cost.at("claimed_after");
    const Json& room_before = cost.at("claimable_before");
    const Json& room_after = cost.at("claimable_after");
    return "\nCost\n" +
           table({{"hosts in use", change(cost.integer_at("hosts_in_use_before"),
                                          cost.integer_at("hosts_in_use_after"))},
                  {"vcpus claimed",
                   change(claimed_before.integer_at("vcpus"), claimed_after.integer_at("vcpus"))},
                  {"vcpus claimable",
                   change(room_before.integer_at("vcpus"), room_after.integer_at("vcpus"))},
                  {"memory claimed",
                   claimed_before.text_at("memory") + " -> " + claimed_after.text_at("memory")},
                  {"memory claimable",
                   room_before.text_at("memory") + " -> " + room_after.text_at("memory")},
                  {"images brought", std::to_string(cost.integer_at("images_brought"))},
                  {"instance-seconds down", fmt::format("{:.1f}", number(cost, "missing"))}});
}

static std::string basis(const Json& forecast) {
    std::string out = "\nMeasured on this datacenter: ";
    std::vector<std::string> measured;
    std::vector<std::string> usual;
    for (const Json& speed : forecast.at("speeds").items()) {
        const std::string words = speed.text_at("of") + " " + time_text(speed.at("seconds"));
        if (speed.boolean_at("measured"))
            measured.push_back(words + fmt::format(" ({})", speed.integer_at("samples")));
        else
            usual.push_back(words);
    }
    out += measured.empty() ? "nothing" : base::join(measured, ", ");
    if (!usual.empty()) out += "\nNot seen there, so what is usual: " + base::join(usual, ", ");
    return out + "\n";
}

static std::string ending(const Json& forecast) {
    const std::string ended = forecast.text_at("ended");
    const std::string lasted = time_text(forecast.at("lasted"));
    if (ended == "rest") return "at rest after " + lasted;
    if (ended == "horizon") return "not at rest as far as was looked (--within looks farther)";
    return "not at rest when as much as is allowed had been computed";
}

std::string forecast_text(const Json& forecast) {
    std::string out =
        fmt::format("revision {}: {} hosts, {} instances\n", forecast.integer_at("revision"),
                    forecast.integer_at("hosts"), forecast.integer_at("instances"));
    for (const Json& words : forecast.at("happened").items()) out += "  " + words.text() + "\n";
    out += ending(forecast) + "\n";
    out += section("Moves", forecast.at("moves"), {"INSTANCE", "FROM", "TO", "AT", "WHY"},
                   [](const Json& each) {
                       return Row{name_of(each), or_dash(each.text_at("from")), each.text_at("to"),
                                  time_text(each.at("at")), each.text_at("reason")};
                   });
    out += recoveries(forecast);
    out += section("Cannot run", forecast.at("cannot_run"), {"INSTANCE", "ALREADY", "WHY"},
                   [](const Json& each) {
                       return Row{name_of(each), each.boolean_at("already") ? "yes" : "no",
                                  each.text_at("reason")};
                   });
    out += section("Promises broken", forecast.at("broken"),
                   {"APPLICATION", "PROMISED", "LEAST", "FOR", "REPLICA-SECONDS"},
                   [](const Json& each) {
                       const bool for_good = each.boolean_at("for_good");
                       return Row{name_of(each), std::to_string(each.integer_at("promised")),
                                  std::to_string(each.integer_at("least")),
                                  for_good ? "good" : time_text(each.at("below")),
                                  fmt::format("{:.1f}", number(each, "missing"))};
                   });
    return out + costs(forecast.at("cost")) + forecast_chart(forecast) + basis(forecast);
}

// ---- charts ------------------------------------------------------------------------------------

namespace {

/// The curve of what is down, over the time that a chart shows.
struct Curve {
    double begin = 0;
    double end = 0;
    std::int64_t most = 0;
    std::vector<std::pair<double, std::int64_t>> points;

    /// The most that was down between two moments.
    std::int64_t worst(double from, double to) const {
        std::int64_t worst = 0;
        for (std::size_t at = 0; at < points.size(); ++at) {
            const double until = at + 1 < points.size() ? points[at + 1].first : end + 1;
            if (points[at].first < to && until > from) worst = std::max(worst, points[at].second);
        }
        return worst;
    }
};

Curve curve_of(const Json& forecast) {
    Curve curve;
    for (const Json& point : forecast.at("down").items())
        curve.points.emplace_back(number(point, "at"), point.integer_at("instances"));
    if (curve.points.empty()) return curve;
    for (const auto& [at, down] : curve.points) curve.most = std::max(curve.most, down);
    curve.begin = curve.points.size() > 1 ? std::min(0.0, curve.points[1].first) : 0;
    curve.end = std::max({number(forecast, "lasted"), curve.points.back().first, 1.0});
    return curve;
}

}  // namespace

std::string forecast_chart(const Json& forecast) {
    constexpr int columns = 60;
    constexpr std::int64_t lines = 8;
    const Curve curve = curve_of(forecast);
    if (curve.most == 0) return "";
    const double width = (curve.end - curve.begin) / columns;
    std::string out = "\nInstances down, over time\n";
    const std::int64_t height = std::min(lines, curve.most);
    for (std::int64_t line = height; line > 0; --line) {
        const double level =
            static_cast<double>(curve.most * (line - 1)) / static_cast<double>(height);
        const std::int64_t label = (curve.most * line + height - 1) / height;
        out += fmt::format("{:>7} |", label);
        std::string row;
        for (int column = 0; column < columns; ++column) {
            const double from = curve.begin + column * width;
            row += static_cast<double>(curve.worst(from, from + width)) > level ? '#' : ' ';
        }
        row.erase(row.find_last_not_of(' ') + 1);
        out += row + "\n";
    }
    out += "      0 +" + std::string(columns, '-') + "\n";
    return out + fmt::format("        {:<{}.1f}{:>.1f} s\n", curve.begin, columns - 6, curve.end);
}

namespace {

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
    return out;
}

/// Places of a drawing: seconds go to the right, instances up.
struct Canvas {
    static constexpr double left = 170;
    static constexpr double width = 640;
    static constexpr double top = 50;
    static constexpr double height = 180;
    const Curve& curve;

    double x(double seconds) const {
        const double at = std::clamp(seconds, curve.begin, curve.end);
        return left + (at - curve.begin) / (curve.end - curve.begin) * width;
    }
    double y(std::int64_t down) const {
        return top + height - static_cast<double>(down) / static_cast<double>(curve.most) * height;
    }
};

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, escaped(text));
}

std::string line(double x1, double y1, double x2, double y2) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#888\"/>\n", x1, y1,
        x2, y2);
}

std::string steps(const Canvas& canvas) {
    const Curve& curve = canvas.curve;
    std::string points = fmt::format("{:.1f},{:.1f}", canvas.x(curve.begin), canvas.y(0));
    std::int64_t before = 0;
    for (const auto& [at, down] : curve.points) {
        points += fmt::format(" {:.1f},{:.1f} {:.1f},{:.1f}", canvas.x(at), canvas.y(before),
                              canvas.x(at), canvas.y(down));
        before = down;
    }
    points += fmt::format(" {:.1f},{:.1f} {:.1f},{:.1f}", canvas.x(curve.end), canvas.y(before),
                          canvas.x(curve.end), canvas.y(0));
    return "<polygon points=\"" + points + "\" fill=\"#d9534f\" fill-opacity=\"0.6\"/>\n";
}

/// One bar for each: red until it runs, yellow until it is ready.
std::string bars(const Canvas& canvas, const Json& recoveries, double top) {
    constexpr double row = 16;
    constexpr std::size_t most = 200;
    std::string out;
    const auto bar = [&](double from, double to, double y, const char* color) {
        return fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"10\" fill=\"{}\"/>\n",
            canvas.x(from), y, std::max(0.5, canvas.x(to) - canvas.x(from)), color);
    };
    const auto when = [&](const Json& seconds) {
        return seconds.is_null() ? canvas.curve.end : seconds.real();
    };
    for (std::size_t at = 0; at < std::min(recoveries.items().size(), most); ++at) {
        const Json& each = recoveries.items()[at];
        const double y = top + row * static_cast<double>(at);
        out += text_at(Canvas::left - 8, y + 9, "end", name_of(each));
        out += bar(number(each, "down"), when(each.at("runs")), y, "#d9534f");
        if (!each.at("runs").is_null())
            out += bar(when(each.at("runs")), when(each.at("ready")), y, "#f0ad4e");
    }
    return out;
}

}  // namespace

std::string forecast_svg(const Json& forecast) {
    Curve curve = curve_of(forecast);
    curve.most = std::max<std::int64_t>(curve.most, 1);
    curve.end = std::max(curve.end, curve.begin + 1);
    const Canvas canvas{curve};
    const double bottom = Canvas::top + Canvas::height;
    const double right = Canvas::left + Canvas::width;
    const auto rows =
        static_cast<double>(std::min<std::size_t>(forecast.at("recoveries").items().size(), 200));
    std::string title = "Instances down";
    for (const Json& words : forecast.at("happened").items()) title += "; " + words.text();
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"11\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        bottom + 60 + 16 * rows);
    out += text_at(Canvas::left, 28, "start", base::quoted(title, 120));
    out += steps(canvas) + line(Canvas::left, bottom, right, bottom) +
           line(Canvas::left, Canvas::top, Canvas::left, bottom);
    out += text_at(Canvas::left - 8, Canvas::top + 4, "end", std::to_string(curve.most));
    out += text_at(Canvas::left - 8, bottom, "end", "0");
    for (int tick = 0; tick <= 4; ++tick) {
        const double at = curve.begin + (curve.end - curve.begin) * tick / 4;
        out += text_at(canvas.x(at), bottom + 16, "middle", fmt::format("{:.1f} s", at));
    }
    return out + bars(canvas, forecast.at("recoveries"), bottom + 36) + "</svg>\n";
}

}  // namespace vdc::cli
