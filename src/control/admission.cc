#include "control/admission.h"

#include <algorithm>

#include "control/recovery.h"

namespace vdc::control {

using base::Error;
using base::Result;
using base::Status;
using model::Host;
using model::Instance;
using model::Snapshot;
using model::Step;

template <class C, class... Guarded>
static constexpr bool one_of = (std::is_same_v<C, Guarded> || ...);

static bool is_wish(const model::Change& change) {
    return std::visit(
        []<class C>(const C&) {
            return one_of<C, model::Create<Instance>, model::Create<model::Application>,
                          model::Declare<Host>, model::Declare<model::Project>,
                          model::Declare<Instance>, model::Declare<model::Application>,
                          model::Declare<model::Volume>, model::Forget<Host>>;
        },
        change);
}

/// The host that the step begins to drain, if it does.
static std::optional<model::HostId> drained_by(const Snapshot& before, const Step& step) {
    const auto* declares = std::get_if<model::Declare<Host>>(&step.change);
    if (declares == nullptr || !declares->declared.drain) return {};
    const Host* host = before.find<Host>(declares->id);
    const bool begins = host != nullptr && !is_left(*host);
    return begins ? std::optional(declares->id) : std::nullopt;
}

Admission::Admission(const Snapshot& before, const std::vector<Step>& steps, Guarantee& guarantee)
    : steps_(steps), guarantee_(guarantee) {
    if (before.all<Host>().size() < 2) return;
    asks_ = std::any_of(steps.begin(), steps.end(),
                        [](const Step& step) { return is_wish(step.change); });
    for (const Step& step : steps)
        if (const auto host = drained_by(before, step)) drains_.push_back(*host);
    if (asks_) guarantee.plans();
}

static Error refused(const Refusal& refusal, const std::string& when = {}) {
    return {Error::Code::exhausted, when + refusal.sentence, refusal.hint};
}

Status Admission::judge_steps(const Snapshot& datacenter) const {
    if (const auto refusal = guarantee_.broken_now(datacenter)) return refused(*refusal);
    for (const model::HostId host : drains_)
        if (const auto refusal = guarantee_.broken_by_drain(datacenter, host))
            return refused(*refusal, "once " + datacenter.get<Host>(host).name + " is drained, ");
    return {};
}

/// The instance that the step leaves waiting for want of a guarantee, or nullptr.
static const model::Claim<Instance>* waits_for_it(const Step& step) {
    const auto* claim = std::get_if<model::Claim<Instance>>(&step.change);
    const bool waits =
        claim != nullptr && !claim->claimed.host && kept_out(claim->claimed.placement);
    return waits ? claim : nullptr;
}

/// Whether the step gives a host to an instance that was asked for.
static bool places(const Snapshot& after, const Step& step, const Agenda& asked) {
    const auto* claim = std::get_if<model::Claim<Instance>>(&step.change);
    if (claim == nullptr || !claim->claimed.host) return false;
    const Instance* instance = after.find<Instance>(claim->id);
    if (instance == nullptr) return false;
    const auto& application = instance->declared.application;
    return asked.contains(instance->subject()) ||
           (application && asked.contains({model::Noun::application, application->value}));
}

static Agenda subjects_of(const std::vector<Step>& steps) {
    Agenda subjects;
    for (const Step& step : steps) subjects.insert(subject_of(step.change));
    return subjects;
}

/// While a host is lost, control places without asking who comes from there; a request may not
/// profit by that.
Status Admission::judge_answer(const Snapshot& datacenter, const Plan& plan,
                               const std::set<placement::Gap>& gaps_before) const {
    for (const Step& step : plan.steps)
        if (const auto* claim = waits_for_it(step))
            return Error{Error::Code::exhausted, claim->claimed.placement.sentence};
    if (guarantee_.plans().gaps() == gaps_before) return {};
    Snapshot after = datacenter;
    for (const Step& step : plan.steps)
        base::check(model::apply(after, step.change).ok(), "a plan fits its snapshot");
    const Agenda asked = subjects_of(steps_);
    if (std::none_of(plan.steps.begin(), plan.steps.end(),
                     [&](const Step& step) { return places(after, step, asked); }))
        return {};
    const auto refusal = guarantee_.broken_since(after, gaps_before);
    return refusal ? Status(refused(*refusal)) : Status{};
}

Result<Plan> Admission::judge(const Snapshot& datacenter, Instant now, const Policy& policy) const {
    if (!asks_) return Plan{};
    TRY(judge_steps(datacenter));
    const std::set<placement::Gap> gaps_before = guarantee_.plans().gaps();
    Plan plan = reconcile(datacenter, now, subjects_of(steps_), guarantee_, policy);
    const Status judged = judge_answer(datacenter, plan, gaps_before);
    if (judged.ok()) return plan;
    for (const Step& step : plan.steps) guarantee_.look(datacenter, subject_of(step.change));
    return judged.error();
}

}  // namespace vdc::control
