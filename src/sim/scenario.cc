#include "sim/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <optional>

#include "base/text.h"
#include "control/requests.h"
#include "model/json_place.h"
#include "model/noun_words.h"
#include "sim/world.h"

namespace vdc::sim {

using namespace base;

namespace {

/// The words of a line, one after the other; knows where the last one began.
class Words {
  public:
    explicit Words(std::string line = {}) : line_(std::move(line)) {}

    /// Takes the next word; none and false at the end of the line.
    Words& operator>>(std::string& word) {
        begin_ = std::min(line_.find_first_not_of(' ', end_), line_.size());
        end_ = std::min(line_.find(' ', begin_), line_.size());
        word = line_.substr(begin_, end_ - begin_);
        return *this;
    }
    explicit operator bool() const { return begin_ < end_; }

    /// Takes all that follows.
    std::string rest() {
        begin_ = std::min(line_.find_first_not_of(' ', end_), line_.size());
        end_ = line_.size();
        return line_.substr(begin_);
    }
    /// What is wrong stands so many bytes after the beginning of the last word.
    void skip(std::size_t bytes) { begin_ += bytes; }

    /// In bytes, from 1.
    std::size_t column() const { return begin_ + 1; }

  private:
    std::string line_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class Player {
  public:
    Status obey(const std::string& line);
    /// Of the word of that line that was looked at last.
    std::size_t column() const { return words_.column(); }
    World& world();
    std::string story() const;
    Played played() const;
    bool failed() const { return world_ && !world_->violation().empty(); }
    /// The command itself becomes a line of the story; before there are hosts it does not.
    void tell(const std::string& line) {
        if (world_) world_->tell("> " + line);
    }

  private:
    Status hosts(Words& words);
    Status begin(const std::string& verb, Words& words);
    Status ask_as(Words& words);
    Status process(const std::string& what, Words& words, bool starts);
    Status ask(const std::string& verb, const std::string& noun, Words& words,
               const std::string& project = {});
    /// A command about faults; none: it is none.
    std::optional<Status> fault(const std::string& verb, Words& words);
    Status host_fault(const std::string& verb, Words& words);
    /// A command about a backup; none: it is none.
    std::optional<Status> of_restore(const std::string& verb, Words& words);
    Result<std::size_t> site_named(const std::string& name);
    /// The end of the move that is aimed at, if the name is that of one.
    std::optional<std::size_t> aimed_end(const std::string& name);
    Status until(Words& words);

    World::Options options_;
    Words words_;
    std::unique_ptr<World> world_;
    std::size_t quiet_until_ = 0;
};

World& Player::world() {
    if (!world_) world_ = std::make_unique<World>(options_);
    return *world_;
}

Error not_understood(const std::string& why, const std::string& hint = {}) {
    return {Error::Code::invalid, why, hint.empty() ? "see src/sim/scenario.h" : hint};
}

/// What a person may ask of the datacenter; World::ask knows what each means.
std::vector<std::string> wishes() {
    std::vector<std::string> verbs{"create",       "update",  "delete",     "upload", "attach",
                                   "detach",       "grow",    "revert",     "drain",  "undrain",
                                   "declare-dead", "migrate", "run-balance"};
    for (const auto& each : words(control::PowerVerb{})) verbs.emplace_back(each.word);
    return verbs;
}

/// All that a line can begin with.
std::vector<std::string> verbs() {
    std::vector<std::string> all = wishes();
    for (const char* verb :
         {"hosts", "seed",   "run",   "rest",  "quiet",  "heal",    "crash",   "poweroff",
          "break", "kill",   "stall", "deaf",  "hang",   "bury",    "as",      "reboot",
          "clock", "faults", "store", "ways",  "cut",    "mend",    "lose",    "gap",
          "stick", "skip",   "fill",  "until", "backup", "restore", "release", "disown"})
        all.emplace_back(verb);
    return all;
}

bool is_among(const std::string& word, const std::vector<std::string>& all) {
    return std::find(all.begin(), all.end(), word) != all.end();
}

Error unknown(const std::string& word, const std::string& what,
              const std::vector<std::string>& known) {
    return not_understood("'" + quoted(word, 60) + "' is no " + what + did_you_mean(word, known),
                          "known are " + join(known, ", "));
}

template <class Number = std::int64_t>
Result<Number> number_in(std::string_view digits, std::type_identity_t<Number> least,
                         std::type_identity_t<Number> most) {
    Number number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, failure] = std::from_chars(digits.data(), end, number);
    if (failure == std::errc{} && stopped == end && number >= least && number <= most)
        return number;
    return not_understood("'" + quoted(digits, 60) + "' is no number from " +
                          std::to_string(least) + " to " + std::to_string(most));
}

/// A deliberate defect, for the tests that must catch it.
Result<LeaseFlaw> flaw_named(const std::string& name) {
    for (const auto& each : words(LeaseFlaw{}))
        if (each.word == name) return each.value;
    return not_understood("'" + name + "' is no flaw of leases");
}

Status Player::hosts(Words& words) {
    constexpr std::int64_t hosts_max = 10'000;
    constexpr std::int64_t vcpus_max = 10'000;
    std::string word;
    words >> word;
    options_.hosts = static_cast<int>(TRY(number_in(word, 1, hosts_max)));
    while (words >> word) {
        const std::vector<std::string> pair = split(word, '=');
        if (pair.size() == 2 && pair[0] == "vcpus")
            options_.vcpus = {TRY(number_in(pair[1], 1, vcpus_max))};
        else if (pair.size() == 2 && pair[0] == "memory")
            options_.memory = TRY(parse_mib(pair[1]));
        else if (word == "lease=default" || word == "lease=fast")
            options_.lease =
                word == "lease=fast" ? model::LeaseProfile::fast : model::LeaseProfile::usual;
        else if (word == "tunnels")
            options_.tunnels = true;
        else if (word == "moves")
            options_.moves = true;
        else if (pair.size() == 2 && pair[0] == "flaw")
            options_.flaw = TRY(flaw_named(pair[1]));
        else
            return not_understood(
                "'" + quoted(word, 60) + "' says nothing about hosts",
                "write vcpus=8, memory=8GiB, lease=default, lease=fast, tunnels or moves");
    }
    return {};
}

Status Player::process(const std::string& what, Words& words, bool starts) {
    std::string which;
    if (what == "engine") {
        if (starts)
            world().start_engine();
        else
            world().kill_engine();
        return {};
    }
    if (what != "agent") return unknown(what, "process", {"agent", "engine"});
    words >> which;
    const std::size_t site = TRY(site_named(which));
    if (starts)
        world().start_agent(site);
    else
        world().kill_agent(site);
    return {};
}

std::optional<std::size_t> Player::aimed_end(const std::string& name) {
    const auto& move = world().aimed();
    if (!move) return {};
    if (name == World::sender) return move->from;
    return name == World::receiver ? move->to : std::nullopt;
}

/// Until some move is in a phase.
Status Player::until(Words& words) {
    std::string word;
    words >> word;
    const std::optional<Phase> phase = move_phase(word);
    if (!phase)
        return not_understood("'" + quoted(word, 60) + "' is no phase of a move",
                              "known are arrive, copy, sent, handed and cancel");
    words >> word;
    const Duration most = TRY(parse_duration(word));
    if (world().run_until_moving(*phase, most)) return {};
    return Error{Error::Code::not_found, "no move came so far within " + text(most),
                 "ask for one in the line before it: migrate instance NAME"};
}

Result<std::size_t> Player::site_named(const std::string& name) {
    if (const auto end = aimed_end(name)) return *end;
    std::vector<std::string> known;
    for (std::size_t site = 0; site < world().hosts(); ++site) {
        known.push_back(world().host(site).name());
        if (known.back() == name) return site;
    }
    return Error{Error::Code::not_found,
                 "there is no host '" + quoted(name, 60) + "'" + did_you_mean(name, known),
                 "this story has " + known.front() + " to " + known.back()};
}

using Rates = std::initializer_list<std::pair<const char*, int*>>;

/// "fail=50" into the number of that name.
Status rate(const std::string& word, Rates known) {
    const std::vector<std::string> pair = split(word, '=');
    std::vector<std::string> names;
    for (const auto& [name, number] : known) {
        names.emplace_back(name);
        if (pair[0] != name || pair.size() != 2) continue;
        *number = static_cast<int>(TRY(number_in(pair[1], 0, 1000)));
        return {};
    }
    return not_understood(
        "'" + quoted(word, 60) + "' is no rate of a fault, from 0 to 1000",
        "known are " + join(names, ", ") + "; write for example " + names[0] + "=50");
}

Status rates(Words& words, Rates known) {
    std::string word;
    while (words >> word) TRY(rate(word, known));
    return {};
}

/// Without a lease nobody can know that a host is lost.
static Error without_lease(const std::string& verb) {
    return not_understood("'" + verb + "' is for hosts that live by leases");
}

Status Player::host_fault(const std::string& verb, Words& words) {
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
                             {"slow", &faults.slow_per_mille},
                             {"breaks", &faults.break_per_mille}});
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
    if (verb == "fill") world().fill_disk(site, duration);
    return {};
}

std::optional<Status> Player::fault(const std::string& verb, Words& words) {
    for (const char* known :
         {"faults", "cut", "mend", "stall", "reboot", "clock", "fill", "lose", "bury"})
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
                             {"unsure", &world().store().unknown_per_mille},
                             {"slow", &world().store().slow_per_mille}});
    if (verb != "ways") return {};
    World::Ways& ways = world().ways;
    std::string word;
    while (words >> word) {
        if (!word.starts_with("delay=")) {
            Status obeyed = rate(word, {{"lost", &ways.lost_per_mille},
                                        {"twice", &ways.twice_per_mille},
                                        {"late", &ways.late_per_mille}});
            if (!obeyed.ok()) return obeyed;
            continue;
        }
        const auto delay = parse_duration(word.substr(6));
        if (!delay.ok()) return Status(delay.error());
        ways.delay_most = *delay;
    }
    return Status{};
}

/// What happens to the run of an instance.
using GuestFault = bool (World::*)(const std::string&);
constexpr std::array<std::pair<std::string_view, GuestFault>, 4> guest_faults{{
    {"crash", &World::crash_instance},
    {"poweroff", &World::power_off_guest},
    {"hang", &World::hang_guest},
    {"deaf", &World::deafen_guest},
}};

/// A request to the datacenter; whether it is refused is part of the story.
Status Player::ask(const std::string& verb, const std::string& noun, Words& words,
                   const std::string& project) {
    if (!model::noun_of(noun)) return unknown(noun, "noun", model::all_one_words());
    std::string name;
    words >> name;
    const std::string json = words.rest();
    Json body;
    if (!json.empty()) {
        auto parsed = parse_json(json);
        if (!parsed.ok()) {
            words.skip(model::byte_of(parsed.error()));
            return parsed.error();
        }
        body = std::move(*parsed);
    }
    const auto end = noun == "host" ? aimed_end(name) : std::nullopt;
    world().ask(verb, noun, end ? world().host(*end).name() : name, body, project);
    return {};
}

/// "as PROJECT VERB NOUN NAME"
Status Player::ask_as(Words& words) {
    std::string project;
    std::string verb;
    std::string noun;
    words >> project >> verb;
    if (!is_among(verb, wishes())) return unknown(verb, "wish", wishes());
    words >> noun;
    return ask(verb, noun, words, project);
}

/// Nothing where it is none of these words.
std::optional<Status> Player::of_restore(const std::string& verb, Words& words) {
    std::string word;
    if (verb == "backup") {
        world().back_up();
        return Status{};
    }
    if (verb == "restore") {
        if (!world().has_backup()) return Status(not_understood("there is no backup yet"));
        world().restore();
        return Status{};
    }
    if (verb == "release") {
        std::set<std::string> without;
        while (words >> word) without.insert(word);
        return world().release(without);
    }
    if (verb != "disown") return std::nullopt;
    std::string name;
    words >> word >> name;
    return world().end_stranger(word, name);
}

Status Player::begin(const std::string& verb, Words& words) {
    if (verb == "hosts") return hosts(words);
    if (verb == "as") return ask_as(words);
    std::string noun;
    if (verb == "seed") {
        words >> noun;
        options_.seed = TRY(number_in<std::uint64_t>(noun, 0, ~std::uint64_t{0}));
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
    if (verb == "until") return until(words);
    if (std::optional<Status> obeyed = of_restore(verb, words)) return std::move(*obeyed);
    Words ahead = words;
    ahead >> noun;
    const bool is_wish = verb == "reboot" && model::noun_of(noun);  // of an instance, not of a host
    if (!is_wish)
        if (std::optional<Status> obeyed = fault(verb, words)) return std::move(*obeyed);
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
    const bool of_process = noun == "agent" || noun == "engine";
    if (verb == "kill" || (verb == "start" && of_process))
        return process(noun, words, verb == "start");
    return ask(verb, noun, words);
}

Status Player::obey(const std::string& line) {
    words_ = Words(line);
    std::string word;
    words_ >> word;
    if (!is_among(word, verbs())) return unknown(word, "command", verbs());
    TRY(begin(word, words_));
    if (words_ >> word)
        return not_understood("'" + quoted(word, 60) + "' is a word too many",
                              "end the line before it");
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
                             "line " + std::to_string(number) + ", column " +
                                 std::to_string(player.column()) + ": " + obeyed.error().message,
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
    std::vector<std::size_t> passed_over;
    for (const std::string& line : lines) {
        ++obeyed;
        if (telling == Telling::story && !line.starts_with("run ")) player.tell(line);
        base::check(is_among(line.substr(0, line.find(' ')), verbs()),
                    "a generated line begins with a command");
        if (!player.obey(line).ok()) passed_over.push_back(obeyed - 1);
        if (player.failed()) break;
    }
    Played played = player.played();
    played.lines = obeyed;
    played.passed_over = std::move(passed_over);
    if (telling == Telling::story) played.story = player.story();
    return played;
}

}  // namespace vdc::sim
