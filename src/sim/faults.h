#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/effects.h"
#include "model/change.h"

/// The faults that seeds inject, the phases in which they hit, and the count of each pair.
namespace vdc::sim {

enum class Fault {
    agent_dies,
    agent_stalls,
    engine_dies,
    host_reboots,
    qemu_crashes,
    guest_goes_off,
    front_breaks,
    effect_fails,  ///< without having done anything
    effect_lies,   ///< it is done, and reported as failed
    effect_slow,   ///< takes up to 20 s
    store_fails,   ///< the commit is not made
    store_unsure,  ///< the commit is made, and its answer lost
    store_slow,    ///< the engine does nothing for up to 5 s after the commit
    message_lost,
    message_twice,
    message_late,   ///< others overtake it
    cut,            ///< of a message that a partition swallowed
    store_gap,      ///< no renewal and no fence is committed for a while
    watch_stuck,    ///< the leader sees no renewal for a while, and then all of them
    watch_skips,    ///< the leader never sees the renewals of a while; then it reads all lives anew
    host_lost,      ///< its power goes for good
    declared_dead,  ///< its power goes, and somebody answers for it that nothing runs there
    guest_hangs,    ///< it answers nobody and hears no button
    guest_deaf,     ///< it hears no button
    disk_full,      ///< nothing more can be written to the host's own disks for a while
};
constexpr std::size_t fault_count = 25;

/// What was going on where the fault hit: effects under way on the host, moves of which it is one
/// end, or what a message or a commit speaks of.
enum class Phase {
    quiet,
    image,
    volume,
    network,
    front,
    start,
    stop,
    arrive,  ///< of a move: it was ordered, and its receiver is not ready
    copy,    ///< it is being sent
    sent,    ///< all of it is at both ends, and stands still
    handed,  ///< it is the receiver's, and does not go on there yet
    cancel,  ///< it came to nothing, and one of its ends has not heard of that
};
constexpr std::size_t phase_count = 12;
/// The word of a phase of a move; none: of another phase, or of none.
std::optional<Phase> move_phase(std::string_view word);

Phase phase_of(const control::Effect& effect);
Phase phase_of(const model::Change& change);

class Coverage {
  public:
    void hit(Fault fault, Phase phase) { ++hits_[index(fault)][index(phase)]; }
    /// In every phase that is under way; in `quiet` when nothing is.
    void hit(Fault fault, const std::set<Phase>& phases);
    Coverage& operator+=(const Coverage& other);

    /// One line for each fault, one column for each phase.
    std::string table() const;
    /// Pairs that can be hit and never were: "cut x image".
    std::vector<std::string> never() const;

  private:
    static std::size_t index(auto value) { return static_cast<std::size_t>(value); }
    std::array<std::array<std::uint64_t, phase_count>, fault_count> hits_{};
};

}  // namespace vdc::sim
