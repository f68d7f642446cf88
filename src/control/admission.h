#pragma once

#include "control/reconcile.h"

/// What a request may not do, because the standing guarantee would be broken by it
/// (docs/guarantee.md).
namespace vdc::control {

/// Judges the steps of a request. Made before they are applied, asked afterwards.
class Admission {
  public:
    /// `guarantee` has seen the datacenter as it is before the steps, and sees each of them.
    Admission(const model::Snapshot& before, const std::vector<model::Step>& steps,
              Guarantee& guarantee);

    /// Whether the steps, just applied, may stay: the plan by which control answers them, to be
    /// carried out at once, for `guarantee` has seen its steps, too. Refused (exhausted) is
    ///  - what leaves an instance without a place after some loss, where it had one before;
    ///  - what asks for an instance or a replica that control could place only so;
    ///  - a drain after which somebody had no place, once all have left who can.
    /// What finds no room at all is not refused: it waits, as before. Nor are ends, and what hosts
    /// say: the plan for those is empty, and control looks at them in its turn. After a refusal
    /// `guarantee` is as it was before the call.
    base::Result<Plan> judge(const model::Snapshot& datacenter, Instant now,
                             const Policy& policy = {}) const;

  private:
    base::Status judge_steps(const model::Snapshot& datacenter) const;
    base::Status judge_answer(const model::Snapshot& datacenter, const Plan& plan,
                              const std::set<placement::Gap>& gaps_before) const;

    const std::vector<model::Step>& steps_;
    Guarantee& guarantee_;
    bool asks_ = false;  ///< for something that could break it
    std::vector<model::HostId> drains_;
};

}  // namespace vdc::control
