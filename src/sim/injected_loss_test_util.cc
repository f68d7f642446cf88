#include "sim/injected_loss_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "control/recovery.h"
#include "sim/big_datacenter.h"

namespace vdc::sim {

using base::Duration;
using model::Application;
using model::ApplicationId;
using model::Instance;
using namespace std::chrono_literals;

InjectedLoss::InjectedLoss(std::size_t hosts, std::uint64_t seed) {
    World::Options options;
    options.seed = seed;
    options.present = World::Present{
        big_datacenter(hosts, hosts * 20), big_datacenter_time(), {}, /*nobody_rests=*/true};
    options.on_commit = [this](const model::CommitPtr& commit) { note(*commit); };
    world_.emplace(options);
    world_->run_for(5s);
    for (std::size_t app = 1; app < hosts && app < 10; app += 2)
        EXPECT_TRUE(world_->crash_instance("app-" + std::to_string(app) + "-1"));
    lose({"h" + std::to_string(hosts)});
}

api::Forecast InjectedLoss::foresee(const std::set<std::string>& hosts) const {
    api::WhatIf what_if;
    for (const std::string& name : hosts) what_if.fail.push_back("host/" + name);
    return sim::foresee(world_->snapshot(), world_->now(), meter_.speeds(), what_if).value();
}

InjectedLoss::Outcome InjectedLoss::lose(const std::set<std::string>& names) {
    constexpr auto quiet_for = 5s;
    outcome_ = {};
    lost_ = recovered_ = world_->now();
    std::set<model::HostId> hosts;
    for (const std::string& name : names)
        hosts.insert(world_->snapshot()->named<model::Host>({}, name)->id);
    for (const model::HostId id : hosts) world_->lose_host(*world_->place_of(id));
    world_->submit(
        "test", "",
        [&](const model::Snapshot& s) {
            return control::loss_of(s, hosts, model::Evidence::power_off, world_->now());
        },
        [](const base::Error& why) { ADD_FAILURE() << text(why); });
    do world_->run_for(1s);
    while ((!unsettled_.empty() || world_->now() < recovered_ + quiet_for) &&
           world_->now() < lost_ + 2min);
    EXPECT_TRUE(unsettled_.empty()) << unsettled_.size() << " applications did not recover";
    outcome_.recovery = recovered_ - lost_;
    return outcome_;
}

/// Remembers where everybody goes, and which applications are not as declared.
void InjectedLoss::note(const model::Commit& commit) {
    meter_.add(commit);
    if (!world_) return;  // it begins
    const auto now = world_->snapshot();
    std::set<ApplicationId> touched;
    for (const model::Step& step : commit.steps) {
        const model::Subject subject = subject_of(step.change);
        if (subject.noun == model::Noun::application) touched.insert({subject.id});
        if (subject.noun != model::Noun::instance) continue;
        const auto* instance = now->find<Instance>({subject.id});
        if (instance == nullptr) continue;
        if (instance->declared.application) touched.insert(*instance->declared.application);
        const auto* claim = std::get_if<model::Claim<Instance>>(&step.change);
        if (claim != nullptr && claim->claimed.host)
            outcome_.moves[instance->name] = now->get<model::Host>(*claim->claimed.host).name;
    }
    for (const ApplicationId id : touched) look_at(*now, id, commit.at);
}

void InjectedLoss::look_at(const model::Snapshot& now, ApplicationId id, base::Instant at) {
    const auto* application = now.find<Application>(id);
    if (application != nullptr && !settled(now, *application))
        unsettled_.insert(id);
    else if (unsettled_.erase(id) > 0)
        recovered_ = at;
}

static double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

void expect_as_foreseen(const api::Forecast& forecast, const InjectedLoss::Outcome& outcome,
                        double within) {
    EXPECT_EQ(forecast.ended, api::Forecast::End::rest);
    std::map<std::string, std::string> moves;
    for (const auto& move : forecast.moves) moves[move.instance.name] = move.to;
    EXPECT_FALSE(moves.empty());
    EXPECT_EQ(moves, outcome.moves);
    Duration foreseen{};
    for (const auto& each : forecast.recoveries)
        if (each.ready) foreseen = std::max(foreseen, *each.ready);
    const double took = seconds(outcome.recovery);
    EXPECT_NEAR(seconds(foreseen), took, took * within);
    std::cout << moves.size() << " instances moved; recovery foreseen " << seconds(foreseen)
              << " s, took " << took << " s: " << 100 * (seconds(foreseen) / took - 1)
              << " % off\n";
}

void expect_loss_as_foreseen(InjectedLoss& datacenter, const std::set<std::string>& hosts,
                             double within) {
    const api::Forecast forecast = datacenter.foresee(hosts);
    expect_as_foreseen(forecast, datacenter.lose(hosts), within);
}

}  // namespace vdc::sim
