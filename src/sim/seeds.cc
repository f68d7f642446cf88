#include "sim/seeds.h"

namespace vdc::sim {

using namespace base;

namespace {

class Life {
  public:
    explicit Life(std::uint64_t seed) : chance_(seed), world_(options(chance_, seed)) {}
    Lived lived(std::uint64_t seed);

  private:
    static World::Options options(Chance& chance, std::uint64_t seed);
    void choose_faults();
    void begin();
    void step();
    void want_something();
    void something_fails();
    void heal();

    std::string some_name(const char* prefix, std::uint64_t among) {
        return prefix + std::to_string(chance_.below(among));
    }
    Json instance_body();
    Json app_body();

    Chance chance_;
    World world_;
    bool agents_die_ = false;
    bool engine_dies_ = false;
    bool guests_crash_ = false;
    bool guests_power_off_ = false;
};

World::Options Life::options(Chance& chance, std::uint64_t seed) {
    World::Options options;
    options.seed = seed;
    options.hosts = static_cast<int>(chance.between(1, 5));
    options.vcpus = {chance.between(1, 4)};
    options.memory = {chance.between(1500, 6000)};
    return options;
}

/// Swarm testing: each fault is on in half of the seeds (Groce et al., Swarm Testing, 2012).
void Life::choose_faults() {
    agents_die_ = chance_.once_in(1, 2);
    engine_dies_ = chance_.once_in(1, 2);
    guests_crash_ = chance_.once_in(1, 2);
    guests_power_off_ = chance_.once_in(1, 2);
    for (std::size_t host = 0; host < world_.hosts(); ++host) {
        HostFaults& faults = world_.host(host).faults;
        if (chance_.once_in(1, 2))
            faults.fail_per_mille = static_cast<int>(chance_.between(1, 100));
        if (chance_.once_in(1, 2))
            faults.lose_per_mille = static_cast<int>(chance_.between(1, 100));
        if (chance_.once_in(1, 2))
            faults.slow_per_mille = static_cast<int>(chance_.between(1, 100));
    }
    if (chance_.once_in(1, 2))
        world_.store().fail_per_mille = static_cast<int>(chance_.between(1, 50));
    if (chance_.once_in(1, 2))
        world_.store().unknown_per_mille = static_cast<int>(chance_.between(1, 50));
    if (chance_.once_in(1, 2)) world_.set_delay(Duration(chance_.between(1'000, 2'000'000)));
}

void Life::begin() {
    world_.run_for(100ms);
    for (int image = 0; image < 2; ++image) {
        const std::string name = "image" + std::to_string(image);
        world_.ask("create", "image", name, {});
        world_.run_for(50ms);
        world_.ask("upload", "image", name, {});
    }
}

Json Life::instance_body() {
    static constexpr const char* restarts[] = {"always", "on_failure", "never"};
    return Json::object({{"image", some_name("image", 2)},
                         {"flavor", chance_.once_in(1, 2) ? "tiny" : "small"},
                         {"restart", restarts[chance_.below(3)]}});
}

Json Life::app_body() {
    Json made_of = Json::object(
        {{"image", some_name("image", 2)}, {"flavor", "tiny"}, {"network", "default"}});
    Json app =
        Json::object({{"replicas", chance_.between(0, 4)}, {"template", std::move(made_of)}});
    if (chance_.once_in(2, 3))
        app.set("front", Json::object({{"port", 80}, {"target_port", 80}, {"protocol", "http"}}));
    return app;
}

void Life::want_something() {
    const std::string instance = some_name("i", 6);
    const std::string volume = some_name("v", 4);
    const std::string app = some_name("app", 3);
    static constexpr const char* verbs[] = {"start", "stop", "reboot", "reset", "pause", "resume"};
    switch (chance_.below(16)) {
        case 0:
        case 1: return world_.ask("create", "instance", instance, instance_body());
        case 2: return world_.ask("delete", "instance", instance, {});
        case 3:
        case 4:
        case 5: return world_.ask(verbs[chance_.below(6)], "instance", instance, {});
        case 6: return world_.ask("create", "app", app, app_body());
        case 7:
            return world_.ask("update", "app", app,
                              Json::object({{"replicas", chance_.between(0, 4)}}));
        case 8: return world_.ask("delete", "app", app, {});
        case 9: return world_.ask("create", "volume", volume, Json::object({{"size", "1GiB"}}));
        case 10: return world_.ask("delete", "volume", volume, {});
        case 11:
            return world_.ask("attach", "volume", volume, Json::object({{"instance", instance}}));
        case 12: return world_.ask("detach", "volume", volume, {});
        case 13:
            return world_.ask(
                "grow", "volume", volume,
                Json::object({{"size", std::to_string(chance_.between(1, 4)) + "GiB"}}));
        case 14:
            return world_.ask("create", "snapshot", some_name("s", 4),
                              Json::object({{"volume", volume}}));
        default: break;
    }
    if (chance_.once_in(1, 2)) return world_.ask("delete", "snapshot", some_name("s", 4), {});
    world_.ask("revert", "volume", volume, Json::object({{"snapshot", some_name("s", 4)}}));
}

void Life::something_fails() {
    const auto host = static_cast<std::size_t>(chance_.below(world_.hosts()));
    switch (chance_.below(4)) {
        case 0:
            if (!agents_die_) return;
            if (world_.agent_lives(host))
                world_.kill_agent(host);
            else
                world_.start_agent(host);
            return world_.tell("the agent of " + world_.host(host).name() +
                               (world_.agent_lives(host) ? " starts" : " dies"));
        case 1:
            if (!engine_dies_) return;
            if (world_.engine_lives())
                world_.kill_engine();
            else
                world_.start_engine();
            return world_.tell(world_.engine_lives() ? "the engine starts" : "the engine dies");
        default: break;
    }
    const auto& running = world_.host(host).running;
    if (running.empty()) return;
    auto at = running.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(chance_.below(running.size())));
    const std::string name = at->second.spec.name;
    if (guests_crash_ && chance_.once_in(1, 2) && world_.host(host).crash(at->first))
        world_.tell("the QEMU of " + name + " crashes");
    else if (guests_power_off_ && world_.host(host).power_off(at->first))
        world_.tell("the guest of " + name + " powers off");
}

void Life::step() {
    if (chance_.once_in(2, 3))
        want_something();
    else
        something_fails();
    world_.run_for(Duration(chance_.between(0, 5'000'000)));
}

void Life::heal() {
    world_.tell("everything heals");
    for (std::size_t host = 0; host < world_.hosts(); ++host) world_.host(host).faults = {};
    world_.store().fail_per_mille = world_.store().unknown_per_mille = 0;
    world_.start_engine();
    for (std::size_t host = 0; host < world_.hosts(); ++host) world_.start_agent(host);
    world_.run_for(5min);
}

Lived Life::lived(std::uint64_t seed) {
    begin();
    world_.run_for(5s);
    choose_faults();
    const std::uint64_t steps = 20 + chance_.below(80);
    for (std::uint64_t each = 0; each < steps && world_.violation().empty(); ++each) step();
    heal();
    if (world_.violation().empty()) world_.check_at_rest();
    return {seed, text(world_.history_hash()), world_.violation(), world_.story(),
            world_.tasks_run()};
}

}  // namespace

Lived live(std::uint64_t seed) {
    return Life(seed).lived(seed);
}

}  // namespace vdc::sim
