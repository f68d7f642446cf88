#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/guarantee.h"
#include "model/change.h"

/// Moving a running instance to another host (docs/migration.md): whether, where to, how long, and
/// the steps by which it begins and ends. Pure.
///
///     no move --begin--> ordered --(sent and arrived)--> handed over
///                           |
///                           +--(any failure, a wish against it, time over)--> no move
///
/// Each arrow is one commit, made on the snapshot that it was decided on. So it is known to all who
/// read the claim whether the guest may go on where it was, or where it came to, and never both.
namespace vdc::control {

/// What a move of the instance would be now.
struct MovePlan {
    std::optional<model::HostId> to;  ///< none: it cannot be begun, and `why` says why
    std::string to_name;
    model::Duration takes{};  ///< at most about that long
    model::Duration pause{};  ///< for which the guest stands still, about
    model::Bytes bytes{};     ///< to send: its memory, and its disks as large as they may be
    std::string why;          ///< why there, or why not
};

/// `only`: the host to go to; none: the best one, by the same rules as for one that starts, and
/// without leaving anybody without a place after some loss. `guarantee` has seen the datacenter and
/// is left as it is.
MovePlan move_plan(Guarantee& guarantee, const model::Snapshot& datacenter,
                   const model::Instance& instance, std::optional<model::HostId> only = {});
MovePlan move_plan(const model::Snapshot& datacenter, const model::Instance& instance,
                   std::optional<model::HostId> only = {});

/// As move_plan() for one whose host is drained: also where the room that it takes was kept for
/// some loss, as for the loss of its own host it was.
MovePlan move_plan_of_drain(Guarantee& guarantee, const model::Snapshot& datacenter,
                            const model::Instance& instance);

/// Why the instance cannot be moved while it runs, wherever to; empty: it can. As long as one moves
/// already, that is the reason.
std::string immovable_because(const model::Snapshot& datacenter, const model::Instance& instance);

/// Why it cannot come to that host, whatever room that has; empty: it can.
std::string kept_out_because(const model::Snapshot& datacenter, const model::Instance& instance,
                             const model::Host& host);

/// What a move of it copies at most: its memory, and its disks as large as they may be.
model::Bytes bytes_to_move(const model::Snapshot& datacenter, const model::Instance& instance);
/// About how long that takes.
model::Duration time_to_move(model::Bytes bytes);

// ---- its steps ---------------------------------------------------------------------------------

/// What begins the move that was planned, to `plan.to`. It has a time: then the guest is stopped
/// until all is sent, and when that does not end either, the move is given up.
std::vector<model::Step> begin_move(const model::Snapshot& datacenter,
                                    const model::Instance& instance, const MovePlan& plan,
                                    model::MoveCause cause, model::Instant now);

/// Why the move under way cannot go on.
struct MoveEnd {
    std::string why;
    bool is_failure = true;  ///< false: somebody wants something else
};
std::optional<MoveEnd> end_of_move(const model::Snapshot& datacenter,
                                   const model::Instance& instance, model::Instant now);

/// The instance goes on where it is. Its host hears of it by this step alone. What the other host
/// was to have is not needed there any more.
model::Step cancel_move(const model::Instance& instance, const MoveEnd& end, model::Instant now);

/// The instance and its volumes are the other host's, in one commit. Only when
/// model::can_be_handed_over().
std::vector<model::Step> hand_over(const model::Snapshot& datacenter,
                                   const model::Instance& instance);

}  // namespace vdc::control
