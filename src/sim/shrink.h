#pragma once

#include <string>
#include <vector>

namespace vdc::sim {

struct Shrunk {
    std::vector<std::string> script;  ///< empty: the given one does not fail
    std::string violation;            ///< of the given script
    int plays = 0;                    ///< what it took
};

/// A script that fails with the same invariant as the given one, and is as short and plain as was
/// found: no line can be taken from it (delta debugging: Zeller, Hildebrandt: Simplifying and
/// isolating failure-inducing input, 2002), nor a word or a member of a body; adjacent runs are
/// one, times are round, counts low, faults often. A script that fails at rest keeps its healing,
/// and whatever a wish closed before is opened again. Every line of it can be obeyed, so that
/// play() fails alike. Gives up after `plays_max` plays, or 20
/// million tasks, with the shortest so far.
Shrunk shrink(const std::vector<std::string>& script, int plays_max = 3000);

}  // namespace vdc::sim
