#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

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
/// Commands: hosts, seed, create|update|delete|start|stop|... NOUN NAME [JSON], run DURATION, crash
/// NAME, poweroff NAME, kill agent hN | engine, start agent hN | engine, quiet (what was told so
/// far is not part of the story), rest (check that all is as wanted and nothing changes any more).
namespace vdc::sim {

struct Played {
    std::string story;      ///< the lines that came, as they would stand after "----"
    std::string expected;   ///< the lines that stand there
    std::string hash;       ///< of the whole history
    std::string violation;  ///< the first violated invariant, or empty
};

/// Plays the script. Errors name the line that is no command.
base::Result<Played> play(std::string_view script);

}  // namespace vdc::sim
