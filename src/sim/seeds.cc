#include "sim/seeds.h"

#include "sim/generate.h"
#include "sim/scenario.h"

namespace vdc::sim {

static Lived lived(std::uint64_t seed, Telling telling) {
    Played played = play_lines(generate(seed), telling);
    return {
        seed,         std::move(played.hash), std::move(played.violation), std::move(played.story),
        played.tasks, played.coverage};
}

Lived live(std::uint64_t seed) {
    return lived(seed, Telling::nothing);
}

Lived tell(std::uint64_t seed) {
    return lived(seed, Telling::story);
}

}  // namespace vdc::sim
