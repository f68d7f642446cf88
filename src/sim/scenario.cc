#include "sim/scenario.h"

#include <array>
#include <cstdio>
#include <memory>
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

  private:
    Status hosts(std::istringstream& words);
    Status process(std::istringstream& words, bool starts);

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

Status Player::hosts(std::istringstream& words) {
    std::string word;
    words >> options_.hosts;
    while (words >> word) {
        const std::vector<std::string> pair = split(word, '=');
        if (pair.size() == 2 && pair[0] == "vcpus")
            options_.vcpus = {std::atoi(pair[1].c_str())};
        else if (pair.size() == 2 && pair[0] == "memory")
            options_.memory = TRY(parse_mib(pair[1]));
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
    for (std::size_t site = 0; what == "agent" && site < world().hosts(); ++site) {
        if (world().host(site).name() != which) continue;
        if (starts)
            world().start_agent(site);
        else
            world().kill_agent(site);
        return {};
    }
    return not_understood("'" + what + " " + which + "' is no process");
}

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
        world().check_at_rest();
        return {};
    }
    words >> noun;
    if (verb == "run") {
        world().run_for(TRY(parse_duration(noun)));
        return {};
    }
    if (verb == "crash" || verb == "poweroff") {
        const bool done =
            verb == "crash" ? world().crash_instance(noun) : world().power_off_guest(noun);
        return done ? Status{} : Status(not_understood("'" + noun + "' does not run"));
    }
    if (noun == "agent" || noun == "engine") {
        std::istringstream rest(line.substr(verb.size()));
        return process(rest, verb == "start");
    }
    std::string name;
    words >> name;
    std::string json;
    std::getline(words, json);
    const bool bare = json.find_first_not_of(' ') == std::string::npos;
    world().ask(verb, noun, name, bare ? Json{} : TRY(parse_json(json)));
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
    played.story = player.story();
    played.hash = text(player.world().history_hash());
    played.violation = player.world().violation();
    return played;
}

}  // namespace vdc::sim
