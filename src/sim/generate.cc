#include "sim/generate.h"

#include "base/chance.h"
#include "base/json.h"

namespace vdc::sim {

using namespace base;

namespace {

class Author {
  public:
    explicit Author(std::uint64_t seed) : chance_(seed), seed_(seed) {}
    std::vector<std::string> script();

  private:
    void begin();
    void choose_faults();
    void choose_host_faults(const std::string& host);
    void want_something();
    void want_of_instance();
    void want_of_instance(const std::string& instance);
    void want_in_a_row();
    void want_of_volume();
    void want_of_datacenter();
    void something_fails();
    void cut_something();

    void say(std::string line) { lines_.push_back(std::move(line)); }
    void run(std::int64_t most_ms) {
        say("run " + std::to_string(chance_.between(1, most_ms)) + "ms");
    }
    std::string some(const char* prefix, std::uint64_t among) {
        return prefix + std::to_string(chance_.below(among));
    }
    std::string some_host() { return "h" + std::to_string(1 + chance_.below(hosts_)); }
    std::string some_runner() {
        if (chance_.once_in(1, 2)) return some("i", instances_);
        return some("app", apps_) + "-" + std::to_string(1 + chance_.below(5));
    }
    std::string rate(const char* name, std::int64_t most) {
        if (!chance_.once_in(1, 2)) return {};
        return std::string(" ") + name + "=" + std::to_string(chance_.between(1, most));
    }
    Json instance_body();
    Json app_body();

    Chance chance_;
    const std::uint64_t seed_;
    std::vector<std::string> lines_;
    std::uint64_t hosts_ = 1;
    std::uint64_t instances_ = 6;
    std::uint64_t apps_ = 3;
    std::vector<int> faults_;  ///< that are turned on: cases of something_fails()
};

void Author::begin() {
    hosts_ = 1 + chance_.below(5);
    instances_ = 3 + chance_.below(18);
    apps_ = 1 + chance_.below(5);
    say("hosts " + std::to_string(hosts_) + " vcpus=" + std::to_string(chance_.between(1, 4)) +
        " memory=" + std::to_string(chance_.between(1500, 6000)) + "MiB");
    say("seed " + std::to_string(seed_));
    say("run 100ms");
    for (const char* image : {"image0", "image1"}) {
        say(std::string("create image ") + image);
        say("run 50ms");
        say(std::string("upload image ") + image);
    }
    say("run 5s");
}

void Author::choose_host_faults(const std::string& host) {
    const std::string rates = rate("fail", 100) + rate("lie", 100) + rate("slow", 100);
    if (!rates.empty()) say("faults " + host + rates);
    if (chance_.once_in(1, 4))
        say("clock " + host + " " + std::to_string(chance_.between(1, 60'000)) + "ms");
}

void Author::choose_faults() {
    for (int fault = 0; fault < 8; ++fault)
        if (chance_.once_in(1, 2)) faults_.push_back(fault);
    for (std::uint64_t host = 1; host <= hosts_; ++host)
        choose_host_faults("h" + std::to_string(host));
    const std::string store = rate("fail", 50) + rate("unsure", 50);
    if (!store.empty()) say("store" + store);
    std::string ways = rate("lost", 100) + rate("twice", 100) + rate("late", 100);
    if (chance_.once_in(1, 2)) ways += " delay=" + std::to_string(chance_.between(1, 2000)) + "ms";
    if (!ways.empty()) say("ways" + ways);
}

Json Author::instance_body() {
    static constexpr const char* restarts[] = {"always", "on_failure", "never"};
    return Json::object({{"image", some("image", 2)},
                         {"flavor", chance_.once_in(3, 4) ? "tiny" : "small"},
                         {"restart", restarts[chance_.below(3)]}});
}

Json Author::app_body() {
    Json made_of =
        Json::object({{"image", some("image", 2)}, {"flavor", "tiny"}, {"network", "default"}});
    Json app =
        Json::object({{"replicas", chance_.between(0, 6)}, {"template", std::move(made_of)}});
    if (chance_.once_in(2, 3))
        app.set("front", Json::object({{"port", 80}, {"target_port", 80}, {"protocol", "http"}}));
    return app;
}

void Author::want_of_instance() {
    want_of_instance(some("i", instances_));
}

void Author::want_of_instance(const std::string& instance) {
    static constexpr const char* verbs[] = {"start", "stop", "reboot", "reset", "pause", "resume"};
    switch (chance_.below(8)) {
        case 0:
        case 1:
        case 2: return say("create instance " + instance + " " + dump(instance_body()));
        case 3: return say("delete instance " + instance);
        default: return say(std::string(verbs[chance_.below(6)]) + " instance " + instance);
    }
}

void Author::want_of_volume() {
    const std::string volume = some("v", 5);
    const std::string snapshot = some("s", 4);
    const std::string instance = some("i", instances_);
    switch (chance_.below(10)) {
        case 0: return say("create volume " + volume + R"( {"size": "1GiB"})");
        case 1:
        case 2:
            return say("create volume " + volume + R"( {"size": "1GiB", "instance": ")" + instance +
                       "\"}");
        case 3: return say("delete volume " + volume);
        case 4: return say("attach volume " + volume + R"( {"instance": ")" + instance + "\"}");
        case 5: return say("detach volume " + volume);
        case 6:
            return say("grow volume " + volume + R"( {"size": ")" +
                       std::to_string(chance_.between(1, 4)) + "GiB\"}");
        case 7: return say("create snapshot " + snapshot + R"( {"volume": ")" + volume + "\"}");
        case 8: return say("delete snapshot " + snapshot);
        default: return say("revert volume " + volume + R"( {"snapshot": ")" + snapshot + "\"}");
    }
}

void Author::want_of_datacenter() {
    const std::string app = some("app", apps_);
    switch (chance_.below(12)) {
        case 0:
        case 1:
        case 2:
        case 3: return say("create app " + app + " " + dump(app_body()));
        case 4:
        case 5:
        case 6:
            return say("update app " + app + R"( {"replicas": )" +
                       std::to_string(chance_.between(0, 8)) + "}");
        case 7: return say("delete app " + app);
        case 8:
            return say(R"(update project default {"instances_max": )" +
                       std::to_string(chance_.between(1, 60)) + "}");
        case 9: return say("create image image2");
        case 10: return say(chance_.once_in(1, 2) ? "upload image image2" : "delete image image2");
        default:
            return say("update host " + some_host() + R"( {"schedulable": )" +
                       (chance_.once_in(1, 2) ? "true}" : "false}"));
    }
}

/// Several people want things of one instance at almost the same time.
void Author::want_in_a_row() {
    const std::string instance = some("i", instances_);
    for (std::int64_t wishes = chance_.between(2, 5); wishes > 0; --wishes) {
        want_of_instance(instance);
        run(chance_.once_in(1, 2) ? 50 : 800);
    }
}

void Author::want_something() {
    if (chance_.once_in(1, 8)) return want_in_a_row();
    switch (chance_.below(4)) {
        case 0:
        case 1: return want_of_instance();
        case 2: return want_of_volume();
        default: return want_of_datacenter();
    }
}

void Author::cut_something() {
    static constexpr const char* ways[] = {"up", "down", "both"};
    const std::string host = some_host();
    if (chance_.once_in(1, 2)) return say("mend " + host);
    say("cut " + host + " " + ways[chance_.below(3)]);
}

void Author::something_fails() {
    if (faults_.empty()) return;
    switch (faults_[chance_.below(faults_.size())]) {
        case 0: return say((chance_.once_in(1, 2) ? "kill agent " : "start agent ") + some_host());
        case 1: return say(chance_.once_in(1, 2) ? "kill engine" : "start engine");
        case 2: return say("crash " + some_runner());
        case 3: return say("poweroff " + some_runner());
        case 4:
            return say("stall " + some_host() + " " + std::to_string(chance_.between(1, 40)) + "s");
        case 5:
            return say("reboot " + some_host() + " " + std::to_string(chance_.between(5, 60)) +
                       "s");
        case 6: return say("break " + some("app", apps_));
        default: return cut_something();
    }
}

std::vector<std::string> Author::script() {
    begin();
    choose_faults();
    const std::int64_t minutes = chance_.between(1, 10);
    const std::int64_t steps = minutes * 24;  // one in 2.5 s
    for (std::int64_t step = 0; step < steps; ++step) {
        if (chance_.once_in(2, 3))
            want_something();
        else
            something_fails();
        run(5000);
    }
    say("heal");
    for (std::uint64_t host = 1; host <= hosts_; ++host)
        say("update host h" + std::to_string(host) + R"( {"schedulable": true})");
    say(R"(update project default {"instances_max": 1000})");
    say("rest 5m");
    if (chance_.once_in(1, 16)) say("rest 61m");  // long enough to forget what is over
    return std::move(lines_);
}

}  // namespace

std::vector<std::string> generate(std::uint64_t seed) {
    return Author(seed).script();
}

}  // namespace vdc::sim
