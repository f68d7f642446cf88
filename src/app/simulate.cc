#include <cstdio>
#include <ctime>

#include "app/commands.h"
#include "runtime/files.h"
#include "sim/faults.h"
#include "sim/generate.h"
#include "sim/scenario.h"
#include "sim/seeds.h"
#include "sim/shrink.h"

namespace vdc::app {

int play_file(const std::string& path) {
    const auto script = runtime::read_file(path, 4 << 20);
    const auto played =
        script.ok() ? sim::play(*script) : base::Result<sim::Played>(script.error());
    if (!played.ok()) {
        std::fprintf(stderr, "error: %s: %s\n", path.c_str(), text(played.error()).c_str());
        return 2;
    }
    std::printf("%s", played->story.c_str());
    if (!played->violation.empty())
        std::fprintf(stderr, "violated: %s\n", played->violation.c_str());
    const bool other = !played->expected.empty() && played->expected != played->story;
    if (other) std::fprintf(stderr, "the story is not the one that stands in %s\n", path.c_str());
    std::printf("%s\n", played->hash.c_str());
    return other || !played->violation.empty() ? 1 : 0;
}

/// The story, then the shortest script that fails alike, then the sentence.
static int tell_failure(std::uint64_t seed) {
    const sim::Lived lived = sim::tell(seed);
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed),
                 lived.violation.c_str());
    const std::clock_t began = std::clock();
    const sim::Shrunk shrunk = sim::shrink(sim::generate(seed));
    const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    std::printf("%s\n", lived.story.c_str());
    std::printf(
        "The shortest script that was found to fail alike, %zu lines after %d plays in %.1f s:\n\n",
        shrunk.script.size(), shrunk.plays, seconds);
    for (const std::string& line : shrunk.script) std::printf("%s\n", line.c_str());
    std::printf("\nseed %llu: %s\n", static_cast<unsigned long long>(seed),
                lived.violation.c_str());
    return 1;
}

static int tell_one(std::uint64_t seed) {
    const sim::Lived lived = sim::tell(seed);
    if (!lived.violation.empty()) return tell_failure(seed);
    std::printf("%s%s\n", lived.story.c_str(), lived.hash.c_str());
    return 0;
}

int live_seeds(std::uint64_t from, std::uint64_t count) {
    if (count == 1) return tell_one(from);
    base::Hasher all;
    sim::Coverage coverage;
    for (std::uint64_t seed = from; seed < from + count; ++seed) {
        const sim::Lived lived = sim::live(seed);
        if (!lived.violation.empty()) return tell_failure(seed);
        all.add(lived.hash);
        coverage += lived.coverage;
    }
    std::printf("How often each fault hit in each phase:\n\n%s\n", coverage.table().c_str());
    for (const std::string& pair : coverage.never()) std::printf("never hit: %s\n", pair.c_str());
    std::printf("%s\n", text(all.finish()).c_str());
    return 0;
}

}  // namespace vdc::app
