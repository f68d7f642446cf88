#include "control/admission.h"

#include <algorithm>

#include "control/reconcile.h"

namespace vdc::control {

using base::Error;
using base::Status;
using model::Step;

template <class C, class... Guarded>
static constexpr bool one_of = (std::is_same_v<C, Guarded> || ...);

static bool is_wish(const model::Change& change) {
    return std::visit(
        []<class C>(const C&) {
            return one_of<C, model::Create<model::Instance>, model::Create<model::Application>,
                          model::Declare<model::Host>, model::Declare<model::Project>,
                          model::Declare<model::Instance>, model::Declare<model::Application>,
                          model::Declare<model::Volume>, model::Forget<model::Host>>;
        },
        change);
}

bool may_break_guarantee(const model::Snapshot& datacenter, const std::vector<Step>& steps) {
    if (datacenter.all<model::Host>().size() < 2) return false;
    return std::any_of(steps.begin(), steps.end(),
                       [](const Step& step) { return is_wish(step.change); });
}

/// The instance that the step leaves waiting for want of a guarantee, or nullptr.
static const model::Claim<model::Instance>* waits_for_it(const Step& step) {
    const auto* claim = std::get_if<model::Claim<model::Instance>>(&step.change);
    const bool waits =
        claim != nullptr && !claim->claimed.host && kept_out(claim->claimed.placement);
    return waits ? claim : nullptr;
}

static Status judge(const std::vector<Step>& plan) {
    for (const Step& step : plan)
        if (const auto* claim = waits_for_it(step))
            return Error{Error::Code::exhausted, claim->claimed.placement.sentence};
    return {};
}

Status admit(const model::Snapshot& datacenter, Instant now, const std::vector<Step>& steps,
             Guarantee& guarantee) {
    if (const auto refusal = guarantee.broken_now(datacenter))
        return Error{Error::Code::exhausted, refusal->sentence, refusal->hint};
    Agenda asked;
    for (const Step& step : steps) asked.insert(subject_of(step.change));
    const Plan plan = reconcile(datacenter, now, std::move(asked), guarantee);
    for (const Step& step : plan.steps) guarantee.look(datacenter, subject_of(step.change));
    return judge(plan.steps);
}

}  // namespace vdc::control
