#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/chance.h"
#include "base/json.h"

namespace vdc::sim {

/// Who writes the script of a life (generate.h). All that it chooses comes from its seed.
class Author {
  public:
    explicit Author(std::uint64_t seed) : chance_(seed), seed_(seed) {}
    std::vector<std::string> script();

  private:
    // generate.cc
    void begin();
    void describe_hosts();
    void bring_images();
    void end();

    // generate_wishes.cc
    void want_something();
    void want_of_instance(const std::string& instance);
    void change_instance(const std::string& instance);
    void want_in_a_row();
    void want_of_volume();
    void want_of_application();
    void change_application(const std::string& application);
    void want_of_datacenter();
    void want_of_host();
    void want_of_quota();
    base::Json instance_body();
    base::Json application_body();
    std::string volume_body(const std::string& instance);

    // generate_faults.cc
    using Fault = void (Author::*)();
    void choose_faults();
    void choose_host_faults(const std::string& host);
    void something_fails();
    void agent_fails();
    void engine_fails();
    void instance_ends();
    void guest_fails();
    void agent_stalls();
    void host_reboots();
    void front_breaks();
    void way_is_cut();
    void store_is_away();
    void watch_fails();
    void host_is_lost();

    void say(std::string line) { lines_.push_back(std::move(line)); }
    void run(std::int64_t most_ms) {
        say("run " + std::to_string(chance_.between(1, most_ms)) + "ms");
    }
    bool often() { return chance_.once_in(2, 3); }
    bool evenly() { return chance_.once_in(1, 2); }
    bool seldom() { return chance_.once_in(1, 3); }
    std::string number(std::int64_t low, std::int64_t high) {
        return std::to_string(chance_.between(low, high));
    }
    std::string seconds(std::int64_t low, std::int64_t high) { return number(low, high) + "s"; }
    std::string one_of(std::initializer_list<const char*> all) {
        return *(all.begin() + chance_.below(all.size()));
    }
    std::string some(const char* prefix, std::uint64_t among) {
        return prefix + std::to_string(chance_.below(among));
    }
    std::string some_instance() { return some("i", instances_); }
    std::string some_application() { return some("app", applications_); }
    std::string some_host() { return "h" + std::to_string(1 + chance_.below(hosts_)); }
    std::string some_runner() {
        return evenly() ? some_instance() : some_application() + "-" + number(1, 5);
    }
    std::string rate(const char* name, std::int64_t most) {
        return evenly() ? std::string(" ") + name + "=" + number(1, most) : std::string();
    }

    base::Chance chance_;
    const std::uint64_t seed_;
    std::vector<std::string> lines_;
    std::uint64_t hosts_ = 1;
    std::uint64_t instances_ = 6;
    std::uint64_t applications_ = 3;
    bool leased_ = false;        ///< the hosts live by leases and reach a shared pool
    bool may_lose_ = false;      ///< one of them may still be lost for good
    std::vector<Fault> faults_;  ///< that are turned on
};

}  // namespace vdc::sim
