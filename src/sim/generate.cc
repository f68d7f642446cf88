#include "sim/generate.h"

#include "sim/generate_author.h"

namespace vdc::sim {

/// Whether they live by leases, reach each other's networks, and what fails together.
void Author::describe_hosts() {
    hosts_ = 1 + chance_.below(5);
    leased_ = hosts_ > 1 && evenly();
    may_lose_ = leased_ && hosts_ > 2;
    const bool tunnels = hosts_ > 1 && evenly();
    moves_ = hosts_ > 1 && evenly();
    say("hosts " + std::to_string(hosts_) + " vcpus=" + number(1, 4) + " memory=" +
        number(1500, 6000) + "MiB" + (leased_ ? " lease=" + one_of({"default", "fast"}) : "") +
        (tunnels ? " tunnels" : "") + (moves_ ? " moves" : ""));
}

void Author::bring_images() {
    for (const char* image : {"image0", "image1"}) {
        say(std::string("create image ") + image);
        say("run 50ms");
        say(std::string("upload image ") + image);
    }
}

/// A project of others has a network of its own, with the same addresses.
void Author::make_networks() {
    two_projects_ = evenly();
    two_networks_ = seldom();
    if (two_projects_) {
        say("create project other");
        say("run 100ms");
        say(R"(as other create network default {"range": "10.77.0.0/24"})");
    }
    if (two_networks_) say(R"(create network back {"range": "10.88.0.0/24"})");
}

/// Some things are there from the beginning, each volume with the instance of its number: what
/// people want of them finds them.
void Author::furnish() {
    for (std::uint64_t number = 0; number < volumes; ++number) {
        const std::string its = std::to_string(number);
        if (!often()) continue;
        ask("create", "instance", "i" + its, dump(instance_body()));
        run(500);
        ask("create", "volume", "v" + its, volume_body("i" + its));
    }
}

void Author::begin() {
    describe_hosts();
    instances_ = 3 + chance_.below(18);
    applications_ = 1 + chance_.below(5);
    say("seed " + std::to_string(seed_));
    say("run 100ms");
    bring_images();
    make_networks();
    say("run 5s");
    if (leased_ && hosts_ > 3 && evenly())
        for (std::uint64_t host = 1; host <= hosts_; ++host)
            say("update host h" + std::to_string(host) + R"( {"labels": {"rack": "r)" +
                std::to_string(host % 2) + "\"}}");
    furnish();
    balance();
}

/// Where guests move, hosts may be kept equally full. Chosen by a chance of its own: the other
/// lives stay as they are.
void Author::balance() {
    base::Chance chance(seed_ ^ 0xba1a9ce);
    if (!moves_ || chance.once_in(1, 2)) return;
    balances_ = true;
    const char* modes[] = {"act", "act", "act", "advise"};
    say(std::string(R"(create balance default {"mode": ")") + modes[chance.below(4)] +
        R"(", "every": "10s", "rest": ")" + std::to_string(chance.between(0, 60)) +
        R"(s", "moves_max": 4, "moves_per_host": )" + std::to_string(chance.between(1, 3)) +
        R"(, "least_gain": )" + std::to_string(chance.between(10, 200)) + "}");
}

/// Some go on without faults: what is wanted after all came to rest wakes those who wait.
void Author::live_on() {
    for (std::int64_t wishes = chance_.between(3, 8); wishes > 0; --wishes) {
        switch (chance_.below(4)) {
            case 0: want_of_volume(); break;
            case 1: want_of_application(); break;
            default: want_of_instance(some_instance());
        }
        run(5000);
    }
    say(moves_ ? "rest 15m" : "rest 2m");  // a guest that writes fast is on its way for minutes
}

/// All heals, what was closed is opened, and there is time for everything: the storm brake holds a
/// fence for ten minutes. One in sixteen lives goes on until what is over is forgotten.
void Author::end() {
    say("heal");
    for (std::uint64_t host = 1; host <= hosts_; ++host) {
        const std::string name = "host h" + std::to_string(host);
        say("update " + name + R"( {"schedulable": true})");
        if (leased_ || moves_) say("undrain " + name);
    }
    say(R"(update project default {"instances_max": 1000})");
    if (balances_) say("run-balance balance default");
    say(leased_ || moves_ ? "rest 15m" : "rest 5m");
    if (seldom()) live_on();
    if (chance_.once_in(1, 16)) say("rest 61m");
}

std::vector<std::string> Author::script() {
    begin();
    choose_faults();
    const std::int64_t steps = chance_.between(1, 10) * 24;  // in so many minutes: one in 2.5 s
    for (std::int64_t step = 0; step < steps; ++step) {
        if (often())
            want_something();
        else
            something_fails();
        run(5000);
    }
    end();
    return std::move(lines_);
}

std::vector<std::string> generate(std::uint64_t seed) {
    return Author(seed).script();
}

}  // namespace vdc::sim
