#include <array>

#include "sim/generate_author.h"

/// What goes wrong in a life. Each turns on a random half of the faults (swarm testing): those that
/// all do at once hide each other.
namespace vdc::sim {

void Author::choose_host_faults(const std::string& host) {
    std::string rates = rate("fail", 100) + rate("lie", 100) + rate("slow", 100);
    if (moves_) rates += rate("breaks", 300);
    if (!rates.empty()) say("faults " + host + rates);
    if (chance_.once_in(1, 4)) say("clock " + host + " " + number(1, 60'000) + "ms");
}

void Author::choose_faults() {
    for (const Fault fault : {&Author::agent_fails, &Author::engine_fails, &Author::instance_ends,
                              &Author::guest_fails, &Author::agent_stalls, &Author::host_reboots,
                              &Author::front_breaks, &Author::way_is_cut, &Author::disk_fills})
        if (evenly()) faults_.push_back(fault);
    if (leased_)
        for (const Fault fault :
             {&Author::store_is_away, &Author::watch_fails, &Author::host_is_lost})
            if (evenly()) faults_.push_back(fault);
    for (std::uint64_t host = 1; host <= hosts_; ++host)
        choose_host_faults("h" + std::to_string(host));
    const std::string store = rate("fail", 50) + rate("unsure", 50) + rate("slow", 50);
    if (!store.empty()) say("store" + store);
    std::string ways = rate("lost", 100) + rate("twice", 100) + rate("late", 100);
    if (evenly()) ways += " delay=" + number(1, 2000) + "ms";
    if (!ways.empty()) say("ways" + ways);
}

void Author::something_fails() {
    if (moves_ && chance_.once_in(1, 3)) return strike_a_move();
    some_fault();
}

void Author::some_fault() {
    if (!faults_.empty()) (this->*faults_[chance_.below(faults_.size())])();
}

void Author::agent_fails() {
    say((evenly() ? "kill agent " : "start agent ") + some_host());
}

/// Sometimes the next leader is there at once.
void Author::engine_fails() {
    const bool ends = evenly();
    if (ends) say("kill engine");
    if (!ends || seldom()) say("start engine");
}

void Author::instance_ends() {
    say((evenly() ? "crash " : "poweroff ") + some_runner());
}

void Author::guest_fails() {
    say((evenly() ? "hang " : "deaf ") + some_runner());
}

void Author::agent_stalls() {
    say("stall " + some_host() + " " + seconds(1, 40));
}

void Author::host_reboots() {
    say("reboot " + some_host() + " " + seconds(5, 60));
}

void Author::front_breaks() {
    say("break " + some_application());
}

/// For long, or again and again for a moment.
void Author::way_is_cut() {
    const std::string host = some_host();
    if (chance_.once_in(1, 8)) {
        for (std::int64_t times = chance_.between(2, 4); times > 0; --times) {
            say("cut " + host + " both");
            run(400);
            say("mend " + host);
            run(400);
        }
    } else if (evenly()) {
        say("mend " + host);
    } else {
        say("cut " + host + " " + one_of({"up", "down", "both"}));
    }
}

void Author::disk_fills() {
    say("fill " + some_host() + " " + seconds(1, 60));
}

void Author::store_is_away() {
    say("gap " + seconds(1, 20));
}

void Author::watch_fails() {
    say((evenly() ? "stick " : "skip ") + seconds(1, 20));
}

/// At most one is lost for good in a life; others come back after a while. Where guests move it is
/// mostly one of the two hosts of a move.
void Author::host_is_lost() {
    const std::string host = some_host();
    const bool comes_back = seldom() || (moves_ && aim_.empty() && often());
    if (comes_back || !std::exchange(may_lose_, false))
        return say("bury " + host + " " + seconds(5, 90));
    say((evenly() ? "lose " : "bury ") + host);
}

}  // namespace vdc::sim
