#include "sim/shrink.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "sim/scenario.h"

namespace vdc::sim {

using namespace base;

namespace {

using Lines = std::vector<std::string>;

/// The sentence without what may change in it: words with digits, names of things.
std::string kind_of(const std::string& violation) {
    std::string kind;
    for (const std::string& word : split(violation, ' '))
        if (kind.empty() || word.find_first_of("0123456789") == std::string::npos)
            kind += word + " ";
    return kind;
}

bool is_run(const std::string& line) {
    return line.starts_with("run ");
}

bool is_seed(const std::string& line) {
    return line.starts_with("seed ");
}

/// Whether each host that was closed is open at the end, and the quota wide: what is wanted can
/// run.
bool ends_open(const Lines& lines) {
    std::set<std::string> closed;
    for (const std::string& line : lines) {
        if (!line.starts_with("update host ") && !line.starts_with("update project ")) continue;
        const std::string subject = line.substr(0, line.find('{'));
        const bool opens =
            line.find(": true") != std::string::npos || line.find(": 1000}") != std::string::npos;
        if (opens)
            closed.erase(subject);
        else
            closed.insert(subject);
    }
    return closed.empty();
}

/// Without the lines that were passed over: nothing came of them, and a story may not have them.
Lines obeyed_of(const Lines& lines) {
    const Played played = play_lines(lines, Telling::nothing);
    Lines obeyed = lines;
    for (auto at = played.passed_over.rbegin(); at != played.passed_over.rend(); ++at)
        obeyed.erase(obeyed.begin() + static_cast<std::ptrdiff_t>(*at));
    return obeyed;
}

// ---- plainer forms of one line -----------------------------------------------------------------

/// Without each of its words that say NAME=VALUE.
void without_rates(const std::string& line, Lines& plainer) {
    const Lines words = split(line, ' ');
    for (std::size_t skipped = 0; skipped < words.size(); ++skipped) {
        if (words[skipped].find('=') == std::string::npos) continue;
        Lines kept = words;
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(skipped));
        plainer.push_back(join(kept, " "));
    }
}

/// With each of its faults often: a rare one hits another moment whenever a line goes, so that all
/// the lines around it seem to be needed.
Lines with_frequent_faults(const std::string& line) {
    Lines forms;
    const bool has_rates =
        line.starts_with("faults ") || line.starts_with("store ") || line.starts_with("ways ");
    Lines words = has_rates ? split(line, ' ') : Lines{};
    for (std::string& word : words) {
        const std::string often = word.substr(0, word.find('=')) + "=300";
        const bool is_rare = word.find('=') != std::string::npos && word.size() < often.size();
        if (!is_rare || word.starts_with("delay=")) continue;
        const std::string rare = std::exchange(word, often);
        forms.push_back(join(words, " "));
        word = rare;
    }
    return forms;
}

/// Without each member of its body, and with a count of one.
void without_members(const std::string& line, Lines& plainer) {
    const std::size_t at = line.find('{');
    if (at == std::string::npos) return;
    const auto body = parse_json(line.substr(at));
    if (!body.ok()) return;
    const std::string head = line.substr(0, at);
    plainer.push_back(head.substr(0, head.size() - 1));
    for (const auto& [name, value] : body->members()) {
        Json fewer = *body;
        fewer.erase(name);
        plainer.push_back(head + dump(fewer));
        if (name != "replicas") continue;
        fewer.set("replicas", 1);
        plainer.push_back(head + dump(fewer));
    }
}

void fewer_hosts(const std::string& line, Lines& plainer) {
    if (!line.starts_with("hosts ")) return;
    for (char count = '1'; count < line[6]; ++count)
        plainer.push_back("hosts " + std::string(1, count) + line.substr(7));
}

void rounder_time(const std::string& line, Lines& plainer) {
    if (!is_run(line)) return;
    const auto duration = parse_duration(line.substr(4));
    if (!duration.ok()) return;
    const std::int64_t seconds = (duration->count() + 999'999) / 1'000'000;
    for (const std::int64_t round : {std::int64_t{1}, std::int64_t{5}, seconds})
        if (round <= seconds) plainer.push_back("run " + std::to_string(round) + "s");
}

Lines plainer_forms(const std::string& line) {
    Lines plainer;
    fewer_hosts(line, plainer);
    without_rates(line, plainer);
    without_members(line, plainer);
    rounder_time(line, plainer);
    std::erase(plainer, line);
    return plainer;
}

// ---- the search --------------------------------------------------------------------------------

class Shrinker {
  public:
    Shrinker(std::string kind, std::string seed, Lines ending, int plays_max)
        : kind_(std::move(kind)),
          seed_(std::move(seed)),
          ending_(std::move(ending)),
          left_(plays_max) {}

    Lines shortest(Lines lines) {
        more_often(lines);
        fewest(lines, std::max<std::size_t>(lines.size() / 2, 1));
        for (std::size_t before = lines.size() + 1; lines.size() < before && !is_over();) {
            before = lines.size();
            join_runs(lines);
            more_often(lines);
            plainest(lines);
            fewest(lines, std::min<std::size_t>(lines.size(), 4));
        }
        if (fails(lines, "")) seed_.clear();
        return whole(lines, seed_);
    }
    int left() const { return left_; }

  private:
    Lines whole(Lines lines, const std::string& seed) const {
        if (!seed.empty()) lines.insert(lines.begin(), seed);
        lines.insert(lines.end(), ending_.begin(), ending_.end());
        return lines;
    }

    /// Some lives are long: half a minute's worth of tasks is enough.
    bool is_over() const {
        constexpr std::uint64_t tasks_max = 20'000'000;
        return left_ <= 0 || tasks_ > tasks_max;
    }

    bool fails(const Lines& lines, const std::string& seed) {
        if (is_over() || (!ending_.empty() && !ends_open(lines))) return false;
        --left_;
        const Played played = play_lines(whole(lines, seed), Telling::nothing);
        tasks_ += played.tasks;
        return !played.violation.empty() && kind_of(played.violation) == kind_;
    }

    /// Takes the other lines over when they fail; short ones get other seeds, too, because what was
    /// taken out moves all later chances.
    bool take(Lines& lines, Lines other) {
        constexpr std::size_t short_script = 60;
        bool failed = fails(other, seed_);
        if (!failed && other.size() < short_script)
            for (const char* another : {"", "seed 1", "seed 2", "seed 3", "seed 4"})
                if (failed = fails(other, another); failed) {
                    seed_ = another;
                    break;
                }
        if (failed) lines = std::move(other);
        return failed;
    }

    void more_often(Lines& lines) {
        for (std::size_t at = 0; at < lines.size(); ++at)
            for (const std::string& form : with_frequent_faults(lines[at])) {
                Lines other = lines;
                other[at] = form;
                if (take(lines, std::move(other))) break;
            }
    }

    /// Until no line can go.
    void fewest(Lines& lines, std::size_t chunk) {
        for (;; chunk = std::max<std::size_t>(chunk / 2, 1)) {
            const std::size_t before = lines.size();
            without_chunks(lines, chunk);
            if (is_over() || (chunk == 1 && lines.size() == before)) return;
        }
    }

    /// Takes out each stretch of that many lines that is not needed, from the end on.
    void without_chunks(Lines& lines, std::size_t chunk) {
        for (std::size_t end = lines.size(); end > 0 && !is_over();) {
            const std::size_t begin = end > chunk ? end - chunk : 0;
            Lines fewer(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(begin));
            fewer.insert(fewer.end(), lines.begin() + static_cast<std::ptrdiff_t>(end),
                         lines.end());
            take(lines, std::move(fewer));
            end = begin;
        }
    }

    /// Runs that follow each other become one.
    void join_runs(Lines& lines) {
        for (std::size_t at = 1; at < lines.size(); ++at) {
            if (!is_run(lines[at - 1]) || !is_run(lines[at])) continue;
            const Duration both = parse_duration(lines[at - 1].substr(4)).value() +
                                  parse_duration(lines[at].substr(4)).value();
            Lines fewer = lines;
            fewer[at - 1] = "run " + std::to_string(both.count() / 1000) + "ms";
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
            if (take(lines, std::move(fewer))) --at;
        }
    }

    void plainest(Lines& lines) {
        for (std::size_t at = 0; at < lines.size() && !is_over(); ++at)
            while (make_plainer(lines, at)) {
            }
    }

    bool make_plainer(Lines& lines, std::size_t at) {
        for (const std::string& form : plainer_forms(lines[at])) {
            Lines changed = lines;
            changed[at] = form;
            if (fails(changed, seed_)) {
                lines = std::move(changed);
                return true;
            }
        }
        return false;
    }

    std::string kind_;
    std::string seed_;  ///< its line; empty: none
    Lines ending_;
    int left_;
    std::uint64_t tasks_ = 0;
};

}  // namespace

Shrunk shrink(const Lines& script, int plays_max) {
    const Played played = play_lines(script, Telling::nothing);
    if (played.violation.empty()) return {{}, {}, 1};
    Lines lines = obeyed_of(
        Lines(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(played.lines)));
    Lines ending;
    if (lines.back().starts_with("rest")) {
        ending = {"heal", lines.back()};
        lines.pop_back();
        std::erase(lines, "heal");
    }
    const auto seed_at = std::find_if(lines.begin(), lines.end(), is_seed);
    std::string seed = seed_at != lines.end() ? *seed_at : "";
    std::erase_if(lines, is_seed);
    Shrinker shrinker(kind_of(played.violation), std::move(seed), std::move(ending), plays_max);
    Lines shortest = obeyed_of(shrinker.shortest(std::move(lines)));
    return {std::move(shortest), played.violation, plays_max - shrinker.left() + 3};
}

}  // namespace vdc::sim
