#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/faults.h"

/// A story in text: what happens, then "----", then what must come of it, line by line.
///
///     # The QEMU of a replica ends on its own. It is started again at once.
///     hosts 1 vcpus=8 memory=32GiB
///     create image tiny
///     upload image tiny
///     create app web {"replicas": 2, "template": {...}, "front": {...}}
///     run 10s
///     crash web-1
///     run 10s
///     rest
///     ----
///     00:00.000  network default is number 1
///
/// Commands:
///     hosts N [vcpus=N] [memory=SIZE] [lease=default|fast] [tunnels] [moves]
///     seed N                              run DURATION
///         with a lease the hosts reach the pool nas, with tunnels each other's networks, with
///         moves guests can go from one to another while they run; flaw=NAME breaks a rule
///         (sim/leases.h)
///     create|update|delete|start|stop|... NOUN NAME [JSON]
///     as PROJECT create|update|... NOUN NAME [JSON]
///     crash NAME (its QEMU)               poweroff NAME (its guest)     break NAME (its front)
///     hang NAME (its guest)               deaf NAME (its guest hears no button in this run)
///     kill agent hN | engine              start agent hN | engine
///     stall hN DURATION (its agent)       reboot hN DURATION (off for so long)
///     clock hN DURATION (how far it is off)
///     faults hN [fail=N] [lie=N] [slow=N] of 1000 effects    [breaks=N] of 1000 steps of a move
///     fill hN DURATION (its own disks are full for so long)
///     store [fail=N] [unsure=N] [slow=N]  of 1000 commits
///     ways [lost=N] [twice=N] [late=N] [delay=DURATION]             of 1000 messages
///     cut hN up|down|both                 mend hN
///     lose hN (for good)                  drain|undrain|declare-dead host hN
///     migrate instance NAME [{"host": "hN"}]
///     run-balance balance NAME (makes the moves that are worth it, once)
///     bury hN [DURATION] (off for so long or for good, and an operator declares it dead)
///     gap DURATION (of the store, for leases)     stick|skip DURATION (the leader's watch)
///     until arrive|copy|sent|handed|cancel DURATION (until some move is so far, but at most so
///         long; from then on sender and receiver name its two hosts in faults, and its runs there
///         in crash, poweroff, hang and deaf)
///     backup                              restore (of it, as control::restored; hosts live on)
///     release [hN ...] (the restore, without the word of these hosts)
///     disown hN NAME (ends a stranger of that name)
///     heal (all faults end, all that is dead starts)
///     quiet (what was told so far is not part of the story)
///     rest [DURATION] (after so long: check that all is as wanted and nothing changes any more)
namespace vdc::sim {

struct Played {
    std::string story;      ///< the lines that came, as they would stand after "----"
    std::string expected;   ///< the lines that stand there
    std::string hash;       ///< of the whole history
    std::string violation;  ///< the first violated invariant, or empty
    Coverage coverage;      ///< which faults hit in which phases
    std::uint64_t tasks = 0;
    std::size_t lines = 0;                 ///< of generated ones, up to the one with the violation
    std::vector<std::size_t> passed_over;  ///< of those, by number from 0
};

/// Plays the script. Errors name the line that is no command.
base::Result<Played> play(std::string_view script);

/// Plays generated lines: what cannot be done (a crash of what does not run) is passed over, and
/// the first violation ends it. The story is empty when `telling` is Telling::nothing.
enum class Telling { nothing, story };
Played play_lines(const std::vector<std::string>& lines, Telling telling);

}  // namespace vdc::sim
