#include "sim/seeds.h"

#include <algorithm>

#include "base/text.h"
#include "sim/generate.h"
#include "sim/scenario.h"

namespace vdc::sim {

using base::split;

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

// ---- shrinking ---------------------------------------------------------------------------------

namespace {

using Lines = std::vector<std::string>;

/// The sentence without what may change in it: words with digits, names of things.
std::string kind_of(const std::string& violation) {
    std::string kind;
    for (const std::string& word : split(violation, ' '))
        if (kind.empty() || word.find_first_of("0123456789") == std::string::npos)
            kind += word + " ";
    return kind;
}

class Shrinker {
  public:
    Shrinker(std::string kind, Lines ending, int plays_max)
        : kind_(std::move(kind)), ending_(std::move(ending)), left_(plays_max) {}

    Lines shortest(Lines lines) {
        for (std::size_t chunk = std::max<std::size_t>(lines.size() / 2, 1); left_ > 0;) {
            const std::size_t before = lines.size();
            lines = without_chunks(std::move(lines), chunk);
            if (chunk == 1 && lines.size() == before) break;
            if (chunk > 1) chunk = chunk / 2;
        }
        return whole(std::move(lines));
    }

  private:
    /// Everything heals before rest is judged: those lines stay.
    Lines whole(Lines lines) const {
        lines.insert(lines.end(), ending_.begin(), ending_.end());
        return lines;
    }

    bool fails(const Lines& lines) {
        --left_;
        const Played played = play_lines(whole(lines), Telling::nothing);
        return !played.violation.empty() && kind_of(played.violation) == kind_;
    }

    /// Takes out each stretch of that many lines that is not needed, from the end on.
    Lines without_chunks(Lines lines, std::size_t chunk) {
        for (std::size_t end = lines.size(); end > 0 && left_ > 0;) {
            const std::size_t begin = end > chunk ? end - chunk : 0;
            Lines fewer(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(begin));
            fewer.insert(fewer.end(), lines.begin() + static_cast<std::ptrdiff_t>(end),
                         lines.end());
            if (!fewer.empty() && fails(fewer)) lines = std::move(fewer);
            end = begin;
        }
        return lines;
    }

    std::string kind_;
    Lines ending_;
    int left_;
};

}  // namespace

std::vector<std::string> shrink(std::uint64_t seed, int plays_max) {
    Lines lines = generate(seed);
    const std::string violation = play_lines(lines, Telling::nothing).violation;
    if (violation.empty()) return {};
    const auto healing = std::find(lines.begin(), lines.end(), "heal");
    Lines ending(healing, lines.end());
    lines.erase(healing, lines.end());
    Shrinker shrinker(kind_of(violation), std::move(ending), plays_max);
    return shrinker.shortest(std::move(lines));
}

}  // namespace vdc::sim
