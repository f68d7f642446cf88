#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/guarantee.h"
#include "control/plan.h"
#include "placement/level.h"

/// Which running instances had better be on other hosts, and why not now (docs/balancing.md). Pure.
/// What comes of it: reconcile_balance.cc.
namespace vdc::control {

/// So many moves has a plan at most; what is left then is the next one's.
inline constexpr std::size_t balance_moves_max = 64;

/// Why nothing is to be balanced now; empty: it may be. As long as hosts are suspected, fenced
/// (which the storm brake may hold for minutes) or drained, or somebody waits whose host was lost,
/// room is theirs.
std::string unrest_because(const model::Snapshot& datacenter);

/// How unequally full hosts are, in thousandths: see placement::Levels.
std::int64_t unevenness(const model::Snapshot& datacenter);

struct BalancePlan {
    std::vector<model::BalanceStep> steps;  ///< in an order of which every beginning is valid
    std::int64_t before = 0;                ///< how uneven hosts are, in thousandths
    std::int64_t predicted = 0;             ///< and after all steps
};

/// The moves that are worth it by these rules. First hosts that have more claimed than they may are
/// relieved, then replicas of an application that share a host while another has fewer are set
/// apart, then hosts are made equally full by claimed memory and processors. Who moves can move
/// now, fits where he goes with all moves before, comes beside no more replicas of his application
/// than he leaves, and leaves nobody without a place after any loss, neither then nor on his way.
/// One gains `least_gain` at least, and twice that if his copy takes ten minutes; so a move back
/// is never worth it before others come or go. `guarantee` has seen the datacenter and is left as
/// it is.
BalancePlan balance_plan(Guarantee& guarantee, const model::Snapshot& datacenter,
                         const model::BalanceDeclared& rules, Instant now);

/// The rules that the datacenter's balance declares; the usual ones where there is none.
model::BalanceDeclared balance_rules(const model::Snapshot& datacenter);

struct BalanceColumns;

/// Hosts that take part: up, not drained, and guests move between them. Those who move are counted
/// where they go.
class BalanceHosts {
  public:
    explicit BalanceHosts(const model::Snapshot& datacenter);

    const std::vector<model::HostId>& ids() const { return ids_; }
    placement::Levels& levels() { return levels_; }
    std::optional<std::size_t> number(model::HostId host) const;

    /// By how many thousandths `to` is emptier than `from`, the instance counted on neither; below
    /// all that can be asked for when one of them takes no part.
    std::int64_t gain(const model::Instance& instance, model::HostId from, model::HostId to) const;

    /// The instance goes there.
    void move(const model::Instance& instance, model::HostId from, model::HostId to);

  private:
    explicit BalanceHosts(BalanceColumns columns);

    std::vector<model::HostId> ids_;  ///< in order
    placement::Levels levels_;
};

/// What a move of it has to gain at least, in thousandths.
std::int64_t gain_needed(const model::BalanceDeclared& rules, model::Bytes bytes);

}  // namespace vdc::control
