#include "sim/scenario.h"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <optional>
#include <sstream>

#include "base/text.h"
#include "sim/world.h"

namespace vdc::sim {

using namespace base;

namespace {

class Player {
  public:
    Status obey(const std::string& line);
    World& world();
    std::string story() const;
    Played played() const;
    bool failed() const { return world_ && !world_->violation().empty(); }
    /// The command itself becomes a line of the story; before there are hosts it does not.
    void tell(const std::string& line) {
        if (world_) world_->tell("> " + line);
    }

  private:
    Status hosts(std::istringstream& words);
    Status process(std::istringstream& words, bool starts);
    /// A command about faults; none: it is none.
    std::optional<Status> fault(const std::string& verb, std::istringstream& words);
    Status host_fault(const std::string& verb, std::istringstream& words);
    Result<std::size_t> site_named(const std::string& name);

    World::Options options_;
    std::unique_ptr<World> world_;
    std::size_t quiet_until_ = 0;
};

World& Player::world() {
    if (!world_) world_ = std::make_unique<World>(options_);
    return *world_;
}

Error not_understood(const std::string& why) {
    return {Error::Code::invalid, why, "see src/sim/scenario.h"};
}

/// A deliberate defect, for the tests that must catch it.
Result<LeaseFlaw> flaw_named(const std::string& name) {
    for (const auto& each : words(LeaseFlaw{}))
        if (each.word == name) return each.value;
    return not_understood("'" + name + "' is no flaw of leases");
}

Status Player::hosts(std::istringstream& words) {
    std::string word;
    words >> options_.hosts;
    while (words >> word) {
        const std::vector<std::string> pair = split(word, '=');
        if (pair.size() == 2 && pair[0] == "vcpus")
            options_.vcpus = {std::atoi(pair[1].c_str())};
        else if (pair.size() == 2 && pair[0] == "memory")
            options_.memory = TRY(parse_mib(pair[1]));
        else if (word == "lease=default" || word == "lease=fast")
            options_.lease =
                word == "lease=fast" ? model::LeaseProfile::fast : model::LeaseProfile::usual;
        else if (pair.size() == 2 && pair[0] == "flaw")
            options_.flaw = TRY(flaw_named(pair[1]));
        else
            return not_understood("'" + word + "' says nothing about hosts");
    }
    return {};
}

Status Player::process(std::istringstream& words, bool starts) {
    std::string what;
    std::string which;
    words >> what >> which;
    if (what == "engine") {
        if (starts)
            world().start_engine();
        else
            world().kill_engine();
        return {};
    }
    if (what != "agent") return not_understood("'" + what + " " + which + "' is no process");
    const std::size_t site = TRY(site_named(which));
    if (starts)
        world().start_agent(site);
    else
        world().kill_agent(site);
    return {};
}

Result<std::size_t> Player::site_named(const std::string& name) {
    for (std::size_t site = 0; site < world().hosts(); ++site)
        if (world().host(site).name() == name) return site;
    return not_understood("there is no host '" + name + "'");
}

/// "fail=50 lie=20" into the numbers of those names.
Status rates(std::istringstream& words, std::initializer_list<std::pair<const char*, int*>> known) {
    std::string word;
    while (words >> word) {
        const std::vector<std::string> pair = split(word, '=');
        bool found = false;
        for (const auto& [name, number] : known) {
            if (pair.size() != 2 || pair[0] != name) continue;
            *number = std::atoi(pair[1].c_str());
            found = *number >= 0 && *number <= 1000;
        }
        if (!found) return not_understood("'" + word + "' is no rate of a fault, from 0 to 1000");
    }
    return {};
}

/// Without a lease nobody can know that a host is lost.
static Error without_lease(const std::string& verb) {
    return not_understood("'" + verb + "' is for hosts that live by leases");
}

Status Player::host_fault(const std::string& verb, std::istringstream& words) {
    std::string name;
    std::string how;
    words >> name;
    const std::size_t site = TRY(site_named(name));
    if (verb == "lose") {
        if (!world().has_leases()) return without_lease(verb);
        world().lose_host(site);
        return {};
    }
    if (verb == "bury") {
        std::optional<Duration> off;
        if (words >> how) off = TRY(parse_duration(how));
        if (!off && !world().has_leases()) return without_lease(verb);
        world().bury_host(site, off);
        return {};
    }
    if (verb == "faults") {
        HostFaults& faults = world().host(site).faults;
        return rates(words, {{"fail", &faults.fail_per_mille},
                             {"lie", &faults.lose_per_mille},
                             {"slow", &faults.slow_per_mille}});
    }
    words >> how;
    if (verb == "mend" || verb == "cut") {
        const bool cuts = verb == "cut";
        if (cuts && how != "up" && how != "down" && how != "both")
            return not_understood("a cut is up, down or both, not '" + how + "'");
        if (!cuts || how != "down") world().cut(site, World::Way::up, cuts);
        if (!cuts || how != "up") world().cut(site, World::Way::down, cuts);
        return {};
    }
    const Duration duration = TRY(parse_duration(how));
    if (verb == "stall") world().stall_agent(site, duration);
    if (verb == "reboot") world().reboot_host(site, duration);
    if (verb == "clock") world().set_clock(site, duration);
    return {};
}

std::optional<Status> Player::fault(const std::string& verb, std::istringstream& words) {
    for (const char* known : {"faults", "cut", "mend", "stall", "reboot", "clock", "lose", "bury"})
        if (verb == known) return host_fault(verb, words);
    if (verb == "heal") {
        world().tell("everything heals");
        world().heal();
        return Status{};
    }
    if (verb == "gap" || verb == "stick" || verb == "skip") {
        std::string how;
        words >> how;
        const auto duration = parse_duration(how);
        if (!duration.ok()) return Status(duration.error());
        if (verb == "gap") world().set_store_gap(*duration);
        if (verb == "stick") world().stick_watch(*duration);
        if (verb == "skip") world().skip_watch(*duration);
        return Status{};
    }
    if (verb == "store")
        return rates(words, {{"fail", &world().store().fail_per_mille},
                             {"unsure", &world().store().unknown_per_mille}});
    if (verb != "ways") return {};
    World::Ways& ways = world().ways;
    std::string others;
    std::string word;
    while (words >> word) {
        if (!word.starts_with("delay=")) {
            others += word + " ";
            continue;
        }
        const auto delay = parse_duration(word.substr(6));
        if (!delay.ok()) return Status(delay.error());
        ways.delay_most = *delay;
    }
    std::istringstream rest(others);
    return rates(rest, {{"lost", &ways.lost_per_mille},
                        {"twice", &ways.twice_per_mille},
                        {"late", &ways.late_per_mille}});
}

/// What happens to the run of an instance.
using GuestFault = bool (World::*)(const std::string&);
constexpr std::array<std::pair<std::string_view, GuestFault>, 4> guest_faults{{
    {"crash", &World::crash_instance},
    {"poweroff", &World::power_off_guest},
    {"hang", &World::hang_guest},
    {"deaf", &World::deafen_guest},
}};

Status Player::obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string noun;
    words >> verb;
    if (verb == "hosts") return hosts(words);
    if (verb == "seed") {
        words >> options_.seed;
        return {};
    }
    if (verb == "quiet") {
        quiet_until_ = world().story().size();
        return {};
    }
    if (verb == "rest") {
        std::string after;
        if (words >> after) world().run_for(TRY(parse_duration(after)));
        world().check_at_rest();
        return {};
    }
    if (std::optional<Status> obeyed = fault(verb, words)) return std::move(*obeyed);
    std::string project;
    if (verb == "as") words >> project >> verb;
    words >> noun;
    if (verb == "break") {
        return world().break_front(noun)
                   ? Status{}
                   : Status(not_understood("'" + noun + "' has no front that stands"));
    }
    if (verb == "run") {
        world().run_for(TRY(parse_duration(noun)));
        return {};
    }
    for (const auto& [known, strike] : guest_faults)
        if (verb == known)
            return (world().*strike)(noun) ? Status{}
                                           : Status(not_understood("'" + noun + "' does not run"));
    if (noun == "agent" || noun == "engine") {
        std::istringstream rest(line.substr(verb.size()));
        return process(rest, verb == "start");
    }
    std::string name;
    words >> name;
    std::string json;
    std::getline(words, json);
    const bool bare = json.find_first_not_of(' ') == std::string::npos;
    world().ask(verb, noun, name, bare ? Json{} : TRY(parse_json(json)), project);
    return {};
}

std::string stamp(Duration since) {
    const std::int64_t millis = since.count() / 1000;
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%02d:%02d.%03d", static_cast<int>(millis / 60'000),
                  static_cast<int>(millis / 1000 % 60), static_cast<int>(millis % 1000));
    return out.data();
}

std::string Player::story() const {
    if (!world_) return {};
    std::string out;
    const auto& lines = world_->story();
    for (std::size_t index = quiet_until_; index < lines.size(); ++index)
        out += stamp(lines[index].at - lines.front().at) + "  " + lines[index].text + "\n";
    return out;
}

Played Player::played() const {
    Played played;
    if (!world_) return played;
    played.hash = text(world_->history_hash());
    played.violation = world_->violation();
    played.coverage = world_->coverage();
    played.tasks = world_->tasks_run();
    return played;
}

}  // namespace

Result<Played> play(std::string_view script) {
    Player player;
    Played played;
    bool telling = false;
    int number = 0;
    for (const std::string& line : split(script, '\n')) {
        ++number;
        if (telling) {
            if (!line.empty()) played.expected += line + "\n";
        } else if (line == "----") {
            telling = true;
        } else if (!line.empty() && line[0] != '#') {
            Status obeyed = player.obey(line);
            if (!obeyed.ok())
                return Error{obeyed.error().code,
                             "line " + std::to_string(number) + ": " + obeyed.error().message,
                             obeyed.error().hint};
        }
    }
    const std::string expected = std::move(played.expected);
    played = player.played();
    played.expected = expected;
    played.story = player.story();
    return played;
}

Played play_lines(const std::vector<std::string>& lines, Telling telling) {
    Player player;
    std::size_t obeyed = 0;
    for (const std::string& line : lines) {
        ++obeyed;
        if (telling == Telling::story && !line.starts_with("run ")) player.tell(line);
        (void)player.obey(line);  // what cannot be done is not done
        if (player.failed()) break;
    }
    Played played = player.played();
    played.lines = obeyed;
    if (telling == Telling::story) played.story = player.story();
    return played;
}

}  // namespace vdc::sim
