#include <algorithm>

#include "sim/generate_author.h"

/// What hits a guest while it moves. A move takes a few seconds, and each of its phases less: what
/// shall meet one is said when some move is so far ("until copy 5s").
namespace vdc::sim {

/// Of one guest, of several at once, or of all on a host. The name of one that is asked to move.
std::string Author::begin_some_moves() {
    const std::string instance = some_instance();
    if (seldom()) {
        drained_ = some_host();
        say("drain host " + drained_);
        return instance;
    }
    want_of_move(instance);
    for (std::int64_t others = chance_.between(0, 3); others > 0; --others) {
        run(100);
        want_of_move(some_instance());
    }
    return instance;
}

/// A fault of those that are turned on, at one of the two hosts.
void Author::strike_an_end() {
    aim_ = one_of({"sender", "receiver"});
    const bool is_on = std::find(faults_.begin(), faults_.end(), &Author::host_is_lost) !=
                       faults_.end();  // it happens once in a life
    if (is_on && may_lose_ && seldom())
        host_is_lost();
    else
        some_fault();
    aim_.clear();
}

/// People want something that ends the move, or that waits for it.
void Author::want_against(const std::string& instance) {
    switch (chance_.below(6)) {
        case 0: return say("undrain host sender");
        case 1: return say(one_of({"drain host receiver", "drain host sender"}));
        case 2: return want_of_volume(volume_for(instance), instance);
        case 3: return want_of_move(instance);
        default:
            return ask(one_of({"stop", "reboot", "reset", "pause", "delete"}), "instance",
                       instance);
    }
}

/// Nobody sees to one of its ends for as long as a move may take: its time is over then. Once in a
/// life, which shall be shorter than the hour after which operations are forgotten.
void Author::leave_it_alone() {
    was_left_alone_ = true;
    const std::string end = one_of({"sender", "receiver"});
    const bool dies = evenly();
    say(dies ? "kill agent " + end : "cut " + end + " " + one_of({"up", "both"}));
    say("run " + seconds(150, 420));
    say(dies ? "start agent " + end : "mend " + end);
}

void Author::interfere(const std::string& instance) {
    if (!was_left_alone_ && chance_.once_in(1, 12)) return leave_it_alone();
    if (often())
        strike_an_end();
    else
        want_against(instance);
}

void Author::strike_a_move() {
    const std::string instance = begin_some_moves();
    say("until " + one_of({"arrive", "copy", "copy", "sent", "handed", "cancel"}) + " " +
        seconds(2, 6));
    if (seldom()) run(400);
    interfere(instance);
    if (seldom()) {
        run(600);
        interfere(instance);
    }
    if (drained_.empty()) return;
    run(3000);
    if (often()) say("undrain host " + drained_);
    drained_.clear();
}

}  // namespace vdc::sim
