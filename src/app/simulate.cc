#include <cstdio>

#include "app/commands.h"
#include "runtime/files.h"
#include "sim/scenario.h"
#include "sim/seeds.h"

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

static void tell(const sim::Lived& lived) {
    for (const sim::Line& line : lived.story)
        std::printf("%10.3f  %s\n",
                    static_cast<double>((line.at - lived.story.front().at).count()) / 1e6,
                    line.text.c_str());
}

int live_seeds(std::uint64_t from, std::uint64_t count) {
    base::Hasher all;
    for (std::uint64_t seed = from; seed < from + count; ++seed) {
        const sim::Lived lived = sim::live(seed);
        if (count == 1 || !lived.violation.empty()) tell(lived);
        if (!lived.violation.empty()) {
            std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                        lived.violation.c_str());
            return 1;
        }
        all.add(lived.hash);
        if (count == 1) {
            std::printf("%s\n", lived.hash.c_str());
            return 0;
        }
    }
    std::printf("%s\n", text(all.finish()).c_str());
    return 0;
}

}  // namespace vdc::app
