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
    void make_networks();
    void furnish();
    void balance();
    void end();
    void live_on();

    // generate_wishes.cc
    void want_something();
    void want_of_instance(const std::string& instance);
    void change_instance(const std::string& instance);
    void want_of_move(const std::string& instance);
    void want_in_a_row();
    void want_of_volume();
    void want_of_volume(const std::string& volume, const std::string& instance);
    void go_back(const std::string& volume, const std::string& snapshot);
    void want_of_application();
    void change_application(const std::string& application);
    void want_of_datacenter();
    void want_of_host();
    void want_of_quota();
    void want_of_network();
    base::Json instance_body();
    base::Json application_body();
    std::string volume_body(const std::string& instance);

    // generate_faults.cc
    using Fault = void (Author::*)();
    void choose_faults();
    void choose_host_faults(const std::string& host);
    void something_fails();
    void some_fault();
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
    void disk_fills();
    void host_is_lost();

    // generate_moves.cc
    void strike_a_move();
    std::string begin_some_moves();
    void interfere(const std::string& instance);
    void strike_an_end();
    void want_against(const std::string& instance);
    void leave_it_alone();

    void say(std::string line) { lines_.push_back(std::move(line)); }
    /// A wish about the thing of that name, in the project whose it is: by its last digit.
    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const std::string& body = {}) {
        const bool is_other = two_projects_ && (name.back() - '0') % 3 == 2;
        say((is_other ? "as other " : "") + verb + " " + noun + " " + name +
            (body.empty() ? "" : " " + body));
    }
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
    /// Evenly the one that it had at the beginning.
    std::string instance_for(const std::string& volume) {
        return evenly() ? "i" + volume.substr(1) : some_instance();
    }
    /// The one that it had at the beginning, or any.
    std::string volume_for(const std::string& instance) {
        const bool had_one = instance.size() == 2 && instance[1] < '0' + static_cast<int>(volumes);
        return had_one ? "v" + instance.substr(1) : some("v", volumes);
    }
    std::string some_application() { return some("app", applications_); }
    std::string some_host() {
        return aim_.empty() ? "h" + std::to_string(1 + chance_.below(hosts_)) : aim_;
    }
    std::string some_runner() {
        if (!aim_.empty()) return aim_;
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
    static constexpr std::uint64_t volumes = 4;
    bool leased_ = false;          ///< the hosts live by leases and reach a shared pool
    bool moves_ = false;           ///< guests can move while they run
    bool balances_ = false;        ///< the datacenter moves them by itself
    bool may_lose_ = false;        ///< one of them may still be lost for good
    bool two_projects_ = false;    ///< "default" and "other", with the same addresses
    bool two_networks_ = false;    ///< "default" and "back", of project "default"
    std::vector<Fault> faults_;    ///< that are turned on
    bool was_left_alone_ = false;  ///< a move, for minutes
    std::string drained_;          ///< a host that a strike drained; empty: none
    std::string aim_;              ///< the end of a move that the next fault hits; empty: any host
};

}  // namespace vdc::sim
