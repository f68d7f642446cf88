#include "control/turns_test_util.h"

#include "base/hash.h"
#include "control/admission.h"
#include "control/registration.h"

namespace vdc::control::testing {

base::Status Turns::apply(const std::vector<model::Step>& steps) {
    if (steps.empty()) return {};
    if (before_apply) before_apply(steps);
    model::Snapshot trial = snapshot;
    Agenda touched;
    model::advance(trial, trial.revision + 1, now);
    for (const model::Step& step : steps) {
        Touch touch(trial, subject_of(step.change), touched);
        TRY(model::apply(trial, step.change));
        touch.changed(trial);
    }
    snapshot = std::move(trial);
    agenda.merge(touched);
    look(steps);
    return {};
}

void Turns::look(const std::vector<model::Step>& steps) {
    for (const model::Step& step : steps) guarantee.look(snapshot, subject_of(step.change));
}

base::Status Turns::apply_request(const std::vector<model::Step>& steps) {
    const Admission admission(snapshot, steps, guarantee);
    const model::Snapshot before = snapshot;
    const Agenda agenda_before = agenda;
    TRY(apply(steps));
    base::Result<Plan> answer = admission.judge(snapshot, now, policy);
    if (answer.ok()) return carry_out(std::move(*answer));
    snapshot = before;
    agenda = agenda_before;
    look(steps);
    return answer.error();
}

base::Status Turns::carry_out(Plan plan) {
    for (const auto& [when, subject] : plan.wakes) wakes.ask(when, subject);
    Agenda waiting = std::exchange(agenda, {});
    const base::Status applied = apply(plan.steps);
    base::check(applied.ok(), "a plan fits the snapshot that it was made for");
    agenda = std::move(waiting);
    agenda.merge(plan.rest);
    return {};
}

void Turns::pass(Duration duration) {
    now += duration;
    wakes.take_due(now, agenda);
}

std::vector<std::string> Turns::follow_up() {
    std::vector<std::string> reasons;
    for (int round = 0; !agenda.empty(); ++round) {
        base::check(round < 100, "control comes to rest");
        Plan plan = after_changes();
        agenda.clear();
        for (const model::Step& step : plan.steps) reasons.push_back(step.reason);
        base::check(carry_out(std::move(plan)).ok(), "a plan is carried out");
    }
    return reasons;
}

Ask Turns::fresh_ask() {
    ++asked_;
    return {"admin", "", "", "", base::derive_uuid({3, 4}, "ask", asked_), now};
}

base::Status Turns::create(model::Noun noun, const std::string& json) {
    return ask(control::create, noun, base::parse_json(json).value());
}

void Turns::begin_host(const std::string& name, model::Resources capacity, base::Ipv4 underlay) {
    model::HostObserved observed;
    observed.capacity = capacity;
    observed.boot_id = name;
    observed.underlay = underlay;
    const auto begun = apply(registration(snapshot, host_id("test", name), name, observed));
    base::check(begun.ok(), "a host may always begin");
}

}  // namespace vdc::control::testing
