#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/change.h"
#include "model/runs.h"

/// Leases of hosts: when a host ends what fences itself, and when a leader may take that as proven.
/// Pure; each half is told its own clock's time, and no two clocks are ever compared.
///
///     host:    send renewal at s -- committed and answered --> D = max(D, s + L)
///              now >= D: the guards freeze and kill what fences itself
///     leader:  nothing new seen for G --> if the renewal's revision is unchanged and the term is
///              mine: fenced
///
/// Rules (docs/decisions/0012-leases-and-fencing.md; their lemma is there):
///  1. D counts from the moment at which the renewal was sent, never from its answer;
///  2. G covers L, the guards' lateness J, the freeze K, and both clocks' rates;
///  3. a fence is a transaction that fails when the host renewed, seen or not;
///  4. a new leader, and one whose store was away, begins at zero for all hosts;
///  5. in ten minutes at most 30 % of a failure domain are fenced, and none while less than half of
///     all hosts are heard.
namespace vdc::control {

using base::Duration;
using base::Instant;

/// The figures of a profile. The clocks' rates may be wrong by `rate_error` in a million.
struct LeaseFigures {
    Duration renew_every{};     ///< r
    Duration answer_within{};   ///< w: a renewal without an answer by then is given up
    Duration lease{};           ///< L
    Duration guard_lateness{};  ///< J: from D to the guard's act
    Duration freeze{};          ///< K: from the act until the last write was issued
    Duration pulse_gap{};       ///< g: a longer pause between two pulses was an outage of the store
    Duration suspect_after{};   ///< silence until instances are no longer placed there
    std::int64_t rate_error = 1000;
};

/// `none` has no figures: a mistake of ours to ask.
LeaseFigures figures_of(model::LeaseProfile profile);

/// G: how long a leader waits since it saw the last renewal, on its own clock.
Duration fence_after(const LeaseFigures& figures);

// ---- the host's half ---------------------------------------------------------------------------

/// Of one epoch. Begins without a lease: D is the beginning.
class LeaseHolder {
  public:
    LeaseHolder(const LeaseFigures& figures, model::Epoch epoch, Instant now)
        : figures_(figures), epoch_(epoch), deadline_(now), next_(now) {}

    struct Renewal {
        model::Epoch epoch = 0;
        std::uint64_t number = 0;
    };

    /// The renewal to send now, if it is time. It counts as sent at `now`.
    std::optional<Renewal> renew(Instant now);

    /// The renewal of that number was committed. Late answers count too: from when it was sent.
    void answered(std::uint64_t number);

    /// The epoch is over, or is another's: the lease ends now.
    void ended(Instant now) { deadline_ = std::min(deadline_, now), over_ = true; }

    /// D: at this moment the guards act. It only rises, until the epoch ends.
    Instant deadline() const { return deadline_; }
    bool over() const { return over_; }

    /// Whether an instance of that class may be started now. What fences itself needs time enough
    /// to be frozen if it came to that.
    bool may_start(model::RunClass run, Instant now) const;

    Instant wake_at() const { return next_; }
    model::Epoch epoch() const { return epoch_; }

  private:
    LeaseFigures figures_;
    model::Epoch epoch_;
    Instant deadline_;
    Instant next_;
    bool over_ = false;
    std::uint64_t number_ = 0;
    std::map<std::uint64_t, Instant> sent_;  ///< without an answer, young enough to matter
};

// ---- the leader's half -------------------------------------------------------------------------

/// A fence to try: a transaction that holds if the host's life has this revision and the term is
/// ours.
struct FenceOrder {
    model::HostId host;
    model::Epoch epoch = 0;
    std::uint64_t revision = 0;  ///< of the last renewal that was seen; 0: none
};

struct LeasePlan {
    std::vector<model::Step> steps;  ///< to commit: hosts that are silent, or heard again
    std::vector<FenceOrder> fences;  ///< to try
    std::optional<Instant> wake_at;  ///< when to look again though nothing was heard
};

/// What one leader has heard, in its memory only. Made anew with each term.
class LeaseWatch {
  public:
    /// `took_office`: silence counts from here at the earliest.
    explicit LeaseWatch(Instant took_office) : since_(took_office), pulse_(took_office) {}

    /// A renewal was seen, on whatever way: `revision` of the host's life as stored. One that is
    /// not newer than the newest seen says nothing.
    void saw(model::HostId host, std::uint64_t revision, Instant now);

    /// A write of ours was committed at `now`. After a pause longer than `gap` everything counts
    /// from zero: an outage of the store is never followed by a fence of all hosts.
    void pulsed(Instant now, Duration gap);

    /// The fence was refused: the host renewed, or the term is over. Silence counts on from the
    /// last renewal that is seen.
    void refused(const FenceOrder& order, Instant now);

    /// What to do now about the hosts that live by a lease, in the order of their ids.
    LeasePlan look(const model::Snapshot& datacenter, Instant now) const;

    /// How long nothing new was seen of the host.
    Duration silence(model::HostId host, Instant now) const;

  private:
    struct Heard {
        std::uint64_t revision = 0;
        Instant at;
        Instant not_before;  ///< of the next try to fence
    };
    const Heard* heard(model::HostId host) const;
    bool is_heard(const model::Host& host, Instant now) const;
    bool most_are_silent(const model::Snapshot& datacenter, Instant now) const;

    Instant since_;
    Instant pulse_;
    std::map<model::HostId, Heard> heard_;
};

/// The claim that the host's present epoch is over, with that evidence: what follows a fence.
model::Step host_down(const model::Host& host, model::Evidence evidence, const std::string& detail,
                      Instant now);

/// What a fence that holds leads to: the claim above, or nothing when the host was forgotten, is
/// down already, or has begun another epoch.
std::vector<model::Step> fenced(const model::Snapshot& datacenter, const FenceOrder& order,
                                Instant now);

/// Why one more host of this failure domain may not be fenced by its lease now; empty: it may.
/// At most max(1, 30 %) of a domain in ten minutes, by what is on record, whichever leader did it.
std::string storm_brake(const model::Snapshot& datacenter, const model::Host& host, Instant now);

}  // namespace vdc::control
