#include "sim/foresee.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "control/lease.h"
#include "control/recovery.h"
#include "control/references.h"
#include "control/registration.h"
#include "control/requests.h"
#include "model/codec.h"
#include "sim/forecast_book.h"
#include "sim/question.h"
#include "sim/rerun.h"
#include "sim/world.h"

namespace vdc::sim {

using namespace base;
using api::Forecast;
using api::WhatIf;
using model::Instance;
using model::Snapshot;
using model::Step;

namespace {

/// One look ahead.
class Look {
  public:
    Look(const engine::SnapshotPtr& datacenter, Instant now, const Speeds& speeds,
         const WhatIf& what_if, const Question& question, const Bounds& bounds)
        : what_if_(what_if),
          question_(question),
          bounds_(bounds),
          began_(std::chrono::steady_clock::now()),
          datacenter_(datacenter),
          boot_time_(speeds[Pace::boot].takes),
          book_(datacenter, now) {
        World::Options options;
        options.seed = what_if.seed;
        options.present = World::Present{datacenter, now, speeds};
        options.machines = question.added;
        options.on_commit = [this](const model::CommitPtr& commit) {
            book_.learn(*commit, world_->snapshot());
        };
        world_.emplace(options);
    }

    Result<Forecast> run();

  private:
    using Steps = std::function<Result<std::vector<Step>>(const Snapshot&)>;
    using Decide = std::function<Result<control::Decision>(const Snapshot&, const control::Ask&)>;

    Status change_settings();
    Status add_hosts();
    Status run_documents();
    Status change_flavors();
    Status change_flavor_of(const Question::Resize& resize);
    Status lose();
    Status prove_losses();
    Status drain();
    Status submit(const Steps& steps);
    Status request(const Decide& decide);
    control::Ask ask();
    bool within_bounds() const;
    Forecast::End come_to_rest();
    bool run_until(const std::function<bool()>& holds, Duration most);

    const WhatIf& what_if_;
    const Question& question_;
    const Bounds& bounds_;
    const std::chrono::steady_clock::time_point began_;
    const engine::SnapshotPtr datacenter_;
    const Duration boot_time_;
    ForecastBook book_;
    std::uint64_t asked_ = 0;
    std::vector<std::string> happened_;
    std::optional<World> world_;
};

// ---- asking ------------------------------------------------------------------------------------

control::Ask Look::ask() {
    const Uuid fresh = make_uuid(Hasher{}.add("what if").add(what_if_.seed).add(++asked_).finish());
    return {"what if", what_if_.project, "", "what if", fresh, world_->now()};
}

/// Has steps committed; what is against the rules is the answer.
Status Look::submit(const Steps& steps) {
    Status outcome;
    world_->submit("what if", "", steps, [&](const Error& why) { outcome = why; });
    world_->run_for(1ms);
    return outcome;
}

Status Look::request(const Decide& decide) {
    return submit([&](const Snapshot& s) -> Result<std::vector<Step>> {
        return TRY(decide(s, ask())).steps;
    });
}

// ---- what is made new --------------------------------------------------------------------------

Status Look::change_settings() {
    if (!question_.policy) return {};
    happened_.emplace_back("hosts and projects declare what the policy says");
    return submit([&](const Snapshot& s) { return patched(s, *question_.policy); });
}

Status Look::add_hosts() {
    if (question_.added.empty()) return {};
    const model::Host& like = datacenter_->get<model::Host>(*question_.like);
    happened_.push_back(std::to_string(question_.added.size()) + " hosts like " + like.name +
                        " join: " + question_.added.front().name + " to " +
                        question_.added.back().name);
    return submit([&](const Snapshot& s) {
        std::vector<Step> all;
        for (const World::Machine& machine : question_.added) {
            model::HostObserved observed = like.observed;
            observed.boot_id = "what-if-" + machine.name;
            auto steps = control::registration(s, machine.id, machine.name, observed);
            std::move(steps.begin(), steps.end(), std::back_inserter(all));
            all.push_back({model::Declare<model::Host>{machine.id, like.declared},
                           machine.name + " is like " + like.name});
        }
        return all;
    });
}

Status Look::run_documents() {
    if (what_if_.run.empty()) return {};
    happened_.push_back(std::to_string(what_if_.run.size()) + " documents are applied");
    return submit([&](const Snapshot& s) -> Result<std::vector<Step>> {
        return TRY(control::apply_documents(s, ask(), what_if_.run)).steps;
    });
}

/// An instance is given another size while it is off: it stops, changes, and starts where there is
/// room for it.
Status Look::change_flavor_of(const Question::Resize& resize) {
    const model::InstanceId id = resize.instance;
    const std::string name = text(id);
    TRY(request([&](const Snapshot& s, const control::Ask& asked) {
        return control::power(s, asked, name, control::PowerVerb::stop, control::Force::soft);
    }));
    const bool off =
        run_until([&] { return !world_->snapshot()->get<Instance>(id).claimed.host; }, 10min);
    if (!off)
        return Error{Error::Code::timed_out, "it did not stop within 10 minutes of virtual time"};
    TRY(submit([&](const Snapshot& s) {
        model::InstanceDeclared declared = s.get<Instance>(id).declared;
        declared.flavor = resize.flavor.name;
        declared.vcpus = resize.flavor.vcpus;
        declared.memory = resize.flavor.memory;
        return std::vector<Step>{
            {model::Declare<Instance>{id, declared}, "its flavor is " + resize.flavor.name}};
    }));
    return request([&](const Snapshot& s, const control::Ask& asked) {
        return control::power(s, asked, name, control::PowerVerb::start, control::Force::soft);
    });
}

Status Look::change_flavors() {
    for (const Question::Roll& roll : question_.rolls) {
        happened_.push_back("application " + roll.name + " gets flavor " + roll.flavor);
        const Json patch = Json::object({{"template", Json::object({{"flavor", roll.flavor}})}});
        TRY(request([&](const Snapshot& s, const control::Ask& asked) {
            return control::update(s, asked, model::Noun::application, text(roll.application),
                                   patch);
        }));
    }
    for (const Question::Resize& resize : question_.resizes) {
        happened_.push_back("instance " + resize.name + " gets flavor " + resize.flavor.name +
                            ": it stops, changes, and starts");
        TRY(change_flavor_of(resize));
    }
    return {};
}

// ---- what goes wrong ---------------------------------------------------------------------------

Status Look::lose() {
    for (const model::InstanceId id : question_.crashes) {
        const Instance& instance = world_->snapshot()->get<Instance>(id);
        happened_.push_back("the QEMU of " + instance.name + " ends on its own");
        if (!world_->end_run(id, model::RunEnd::crashed))
            return Error{Error::Code::conflict,
                         instance.name + " does not run by then: it cannot crash"};
    }
    for (const model::HostId id : question_.losses) {
        const std::string name = world_->snapshot()->get<model::Host>(id).name;
        happened_.push_back("host " + name + " loses power, and does not come back");
        world_->lose_host(*world_->place_of(id));
        book_.host_lost(id, world_->now());
    }
    return prove_losses();
}

/// The leader's wait until a lost host can be taken for dead, and the proof; of a host that lives
/// by no lease, the word of its power switch, at once.
Status Look::prove_losses() {
    std::map<Duration, std::set<model::HostId>> waits;
    for (const model::HostId id : question_.losses) {
        const auto lease = world_->snapshot()->get<model::Host>(id).claimed.lease;
        const bool none = lease == model::LeaseProfile::none;
        waits[none ? Duration{} : control::fence_after(control::figures_of(lease))].insert(id);
    }
    const Instant lost = world_->now();
    for (const auto& [wait, hosts] : waits) {
        if (lost + wait > world_->now()) world_->run_for(lost + wait - world_->now());
        const auto evidence =
            wait == Duration{} ? model::Evidence::power_off : model::Evidence::lease_elapsed;
        TRY(submit([&](const Snapshot& s) {
            return control::loss_of(s, hosts, evidence, world_->now());
        }));
    }
    return {};
}

Status Look::drain() {
    for (const model::HostId id : question_.drains) {
        happened_.push_back("host " + world_->snapshot()->get<model::Host>(id).name +
                            " is drained");
        TRY(request([&](const Snapshot& s, const control::Ask& asked) {
            return control::drain(s, asked, text(id), control::Drain::begin);
        }));
    }
    return {};
}

// ---- time --------------------------------------------------------------------------------------

bool Look::within_bounds() const {
    return std::chrono::steady_clock::now() - began_ < bounds_.works &&
           world_->tasks_run() < bounds_.tasks;
}

bool Look::run_until(const std::function<bool()>& holds, Duration most) {
    const Instant end = world_->now() + most;
    while (!holds() && world_->now() < end && within_bounds()) world_->run_for(100ms);
    return holds();
}

/// Nothing changes for a while, and nothing is on its way; where something seems to be, but nothing
/// comes of it, it is waited for longer.
Forecast::End Look::come_to_rest() {
    constexpr Duration quiet_for = 5s;
    const Duration stuck_for = std::max<Duration>(2min, 3 * boot_time_);
    const Instant end = world_->now() + what_if_.within;
    while (world_->now() < end) {
        if (!within_bounds()) return Forecast::End::limit;
        world_->run_for(250ms);
        const Duration quiet = world_->now() - book_.last_change();
        if (quiet >= stuck_for || (quiet >= quiet_for && !book_.under_way()))
            return Forecast::End::rest;
    }
    return Forecast::End::horizon;
}

Result<Forecast> Look::run() {
    world_->run_for(1s);  // what is due by itself happens first
    TRY(change_settings());
    TRY(add_hosts());
    TRY(run_documents());
    TRY(change_flavors());
    Forecast::End ended = come_to_rest();
    if (question_.loses()) {
        for (const model::InstanceId id : question_.crashes) world_->wake(id);
        world_->run_for(1s);
        book_.count_from(world_->now());
        TRY(drain());
        TRY(lose());
        if (ended != Forecast::End::limit) ended = come_to_rest();
    }
    Forecast forecast = book_.finish(world_->now());
    forecast.happened = std::move(happened_);
    forecast.ended = ended;
    return forecast;
}

}  // namespace

Result<Forecast> foresee(const engine::SnapshotPtr& datacenter, Instant now, const Speeds& speeds,
                         const WhatIf& what_if, const Bounds& bounds) {
    const Question question = TRY(understand(*datacenter, what_if));
    Forecast forecast = TRY(Look(datacenter, now, speeds, what_if, question, bounds).run());
    for (const auto& pace : words(Pace{}))
        forecast.speeds.push_back(
            {std::string(pace.word), speeds[pace.value].takes, speeds[pace.value].samples});
    return forecast;
}

/// Reads on from where the last question ended. Only the latest part of the log is looked at: what
/// was true long ago says little.
Result<Speeds> Foreseer::measured(model::Revision up_to) {
    constexpr model::Revision looked_at = 20'000;
    constexpr std::size_t page = 1000;
    const std::lock_guard lock(mutex_);
    const model::Revision first = TRY(store_.log_range()).first;
    read_ = std::max({read_, first > 0 ? first - 1 : 0, up_to - std::min(up_to, looked_at)});
    while (read_ < up_to) {
        const auto commits = TRY(store_.log(read_, page));
        for (const model::CommitPtr& commit : commits) meter_.add(*commit);
        if (commits.empty()) break;
        read_ = commits.back()->revision;
    }
    return meter_.speeds();
}

Result<Forecast> Foreseer::foresee(const engine::SnapshotPtr& datacenter, Instant now,
                                   const WhatIf& what_if) {
    const Speeds speeds = TRY(measured(datacenter->revision));
    return sim::foresee(datacenter, now, speeds, what_if);
}

}  // namespace vdc::sim
