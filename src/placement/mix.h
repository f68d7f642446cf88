#pragma once

#include <array>
#include <vector>

#include "placement/shelves.h"

/// What a room is worth to those who will come.
namespace vdc::placement {

/// Somebody who comes often.
struct Typical {
    Needs needs;
    std::int64_t weight = 1;  ///< how often, beside the others; 1 to weight_max

    friend bool operator==(const Typical&, const Typical&) = default;
};

inline constexpr std::int64_t weight_max = 1'000'000;

/// What a good place is.
enum class Aim : std::uint8_t {
    pack,    ///< what is left serves those who come commonly
    spread,  ///< the emptiest host, so that all have as much to do
    gather,  ///< the lowest name, so that others become empty (with accelerators: as pack)
};

/// What is asked for commonly, and so what room is good for.
struct Mix {
    std::vector<Typical> typical{};
    Aim aim = Aim::pack;

    friend bool operator==(const Mix&, const Mix&) = default;
};

/// A mix for those who know nothing yet: sizes that double, from one processor to `cpus_max`, with
/// `memory` MiB for each processor; those with more than `memory_of_a_cell` are split over two
/// cells.
Mix doubling_sizes(std::int64_t cpus_max, std::int64_t memory, std::int64_t memory_of_a_cell);

/// Says how good it is to sit down somewhere: by what those who come commonly lose by it. Only
/// differences between hosts mean something.
///
/// On hosts with accelerators: thousandths of accelerators that stay idle. Of each typical request,
/// those that it cannot use: all that are idle where it does not fit at all, else those with too
/// little left for it (Weng et al., "Beware of Fragmentation", USENIX ATC 2023). To that is added
/// what is expected to stay idle of each accelerator when those who share one come in random order,
/// until nobody who fits is likely to come. Scores are steps of `step` thousandths; within a step
/// the host whose accelerators are busiest is taken, then the lowest name: what is left stays in
/// one piece.
///
/// On other hosts: how many more of each typical request would find room, by their size; that
/// cells are equally full; and, much less, that full hosts are filled first.
///
/// Where the aim is to spread, on all hosts: the share of processors and memory that stays free, in
/// thousandths of each, 0 to 2000.
class Appraiser {
  public:
    static constexpr std::int64_t step = 50;

    Appraiser() = default;
    explicit Appraiser(Mix mix);

    const Mix& mix() const { return mix_; }

    /// What a room is worth; only differences between rooms of one class mean something.
    std::int64_t worth(const HostClass& host_class, const Room& room) const;

    /// More is better. `worth_before` is that of `before`.
    std::int64_t score(const HostClass& host_class, const Room& before, std::int64_t worth_before,
                       const Room& after) const;

  private:
    std::int64_t idle_in_vain(const HostClass& host_class, const Room& room) const;
    std::int64_t usable(const Room& room) const;
    void foresee_sharing();

    Mix mix_;
    std::int64_t weights_ = 0;
    /// By what is left of one, in thousandths: what is expected to stay idle, times `fine`.
    std::array<std::int64_t, whole + 1> stays_idle_{};
};

}  // namespace vdc::placement
