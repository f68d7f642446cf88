#include "sim/rerun.h"

#include "model/codec.h"
#include "model/log_text.h"
#include "sim/world.h"

namespace vdc::sim {

using namespace base;
using model::Change;
using model::Commit;
using model::Snapshot;
using model::Step;

Result<OtherPolicy> read_policy(const Json& json) {
    OtherPolicy policy;
    if (!json.is(Json::Kind::object))
        return Error{Error::Code::invalid,
                     "a policy is an object with the members host and project"};
    for (const auto& member : json.members()) {
        if (member.name != "host" && member.name != "project")
            return Error{Error::Code::invalid, "'" + member.name + "' is no part of a policy",
                         "its parts are host (what each host declares) and project (quotas)"};
        (member.name == "host" ? policy.host : policy.project) = member.value;
    }
    model::HostDeclared host;
    model::ProjectDeclared project;
    TRY(merge(host, policy.host, model::Writing::creating));
    TRY(merge(project, policy.project, model::Writing::creating));
    return policy;
}

namespace {

/// Something that came from outside.
struct Input {
    Instant at;
    std::string actor;
    std::string request;
    std::vector<Step> steps;   ///< what was asked for; or, when there are none:
    model::ProjectId project;  ///< whose run ended: by name, for replicas have new ids each time
    std::string instance;
    model::RunEnd how = model::RunEnd::none;
};

struct Inputs {
    Instant begin;
    Instant end;
    std::vector<World::Machine> machines;
    std::vector<Input> inputs;
    Sums then;
};

bool comes_from_outside(const std::string& actor) {
    return actor != "control" && !actor.starts_with("host ");
}

/// What a step means when somebody asks for it anew: without what was decided and seen then.
template <class R>
Change wish_of(const R& record) {
    R wish;
    wish.id = record.id;
    wish.project = record.project;
    wish.name = record.name;
    wish.declared = record.declared;
    return model::Create<R>{std::make_shared<const R>(std::move(wish))};
}

template <class R>
void add_wishes(const Snapshot& from, std::vector<Step>& steps) {
    for (const auto& [id, record] : from.all<R>())
        if (!record->deleting) steps.push_back({wish_of(*record), "it was so at the beginning"});
}

/// A datacenter as the wishes that make it, each after what it refers to.
std::vector<Step> wishes_of(const Snapshot& from) {
    std::vector<Step> steps;
    add_wishes<model::Project>(from, steps);
    add_wishes<model::Flavor>(from, steps);
    add_wishes<model::KeyPair>(from, steps);
    add_wishes<model::Image>(from, steps);
    add_wishes<model::Network>(from, steps);
    add_wishes<model::Application>(from, steps);
    add_wishes<model::Instance>(from, steps);
    add_wishes<model::Volume>(from, steps);
    add_wishes<model::Port>(from, steps);
    add_wishes<model::Balance>(from, steps);
    return steps;
}

/// Reads the log, and takes the inputs out of it.
class Gatherer {
  public:
    Status take(std::string_view line) {
        const Commit* commit = TRY(replay_.take(line));
        if (commit == nullptr) return {};
        if (!tally_) begin(*commit);
        gather(*commit);
        TRY(tally_->add(*commit));
        gathered_.end = commit->at;
        return replay_.apply();
    }

    Result<Inputs> finish() {
        TRY(replay_.finish());
        if (!tally_)
            return Error{Error::Code::invalid, "this log holds no commit: nothing can be compared"};
        if (gathered_.machines.empty())
            return Error{Error::Code::invalid, "no host joined in this log"};
        gathered_.end = std::max(gathered_.end, replay_.head()->until);
        gathered_.then = tally_->finish(gathered_.end);
        return std::move(gathered_);
    }

  private:
    void begin(const Commit& first) {
        const Snapshot& from = replay_.snapshot();
        tally_.emplace(from);
        gathered_.begin = from.revision > 0 ? from.committed : first.at;
        for (const auto& [id, host] : from.all<model::Host>()) note_host(*host, host->observed);
        if (from.revision > 0)
            gathered_.inputs.push_back({gathered_.begin, "vdc", "", wishes_of(from), {}, {}, {}});
    }

    void note_host(const model::Host& host, const model::HostObserved& observed) {
        for (const World::Machine& known : gathered_.machines)
            if (known.id == host.id) return;
        if (observed.capacity.memory.count == 0) return;
        gathered_.machines.push_back(
            {host.id, host.name, observed.capacity.vcpus, observed.capacity.memory});
    }

    void gather(const Commit& commit) {
        for (const Step& step : commit.steps) note_outside(commit, step);
        if (!comes_from_outside(commit.actor)) return;
        gathered_.inputs.push_back(
            {commit.at, commit.actor, commit.request, commit.steps, {}, {}, {}});
    }

    void note_outside(const Commit& commit, const Step& step) {
        const Snapshot& before = tally_->snapshot();
        if (const auto* made = std::get_if<model::Create<model::Host>>(&step.change))
            joining_ = made->record;
        if (const auto* seen = std::get_if<model::Observe<model::Host>>(&step.change)) {
            const model::Host* host = before.find<model::Host>(seen->id);
            if (host == nullptr && joining_ && joining_->id == seen->id) host = joining_.get();
            if (host != nullptr) note_host(*host, seen->observed);
        }
        const auto* seen = std::get_if<model::Observe<model::Instance>>(&step.change);
        if (seen == nullptr) return;
        const model::Instance* instance = before.find<model::Instance>(seen->id);
        const model::InstanceObserved& now = seen->observed;
        if (instance == nullptr) return;
        const bool crashed = now.crashes > instance->observed.crashes;
        const bool powered_off = now.ended == model::RunEnd::guest_off &&
                                 now.phase == model::InstancePhase::stopped &&
                                 instance->observed.phase == model::InstancePhase::running &&
                                 model::wanted_power(*instance) == model::Power::on;
        if (crashed || powered_off)
            gathered_.inputs.push_back({commit.at,
                                        "",
                                        "",
                                        {},
                                        instance->project,
                                        instance->name,
                                        crashed ? model::RunEnd::crashed : now.ended});
    }

    model::LogReplay replay_;
    std::optional<Tally> tally_;
    model::Shared<model::Host> joining_;
    Inputs gathered_;
};

/// Whether what every host or project declares is to be patched, done to one step.
void patch(Step& step, const OtherPolicy& policy) {
    const auto merged = [](auto& declared, const Json& with) {
        const Status fits = merge(declared, with, model::Writing::creating);
        base::check(fits.ok(), "a policy that was read fits");
    };
    if (auto* host = std::get_if<model::Declare<model::Host>>(&step.change))
        merged(host->declared, policy.host);
    if (auto* project = std::get_if<model::Declare<model::Project>>(&step.change))
        merged(project->declared, policy.project);
    if (auto* made = std::get_if<model::Create<model::Project>>(&step.change)) {
        model::Project project = *made->record;
        merged(project.declared, policy.project);
        made->record = std::make_shared<const model::Project>(std::move(project));
    }
}

/// The present settings of all records of a kind, patched.
template <class R>
void add_patched(const Snapshot& snapshot, const OtherPolicy& policy, std::vector<Step>& steps) {
    for (const auto& [id, record] : snapshot.all<R>()) {
        Step step{model::Declare<R>{id, record->declared}, "the policy says so"};
        patch(step, policy);
        steps.push_back(std::move(step));
    }
}

/// Lives through the inputs once.
class Life {
  public:
    Life(const Inputs& inputs, const OtherPolicy& policy) : inputs_(inputs), policy_(policy) {
        World::Options options;
        options.machines = inputs.machines;
        options.begins_empty = true;
        options.on_commit = [this](const model::CommitPtr& commit) {
            const Status fits = tally_.add(*commit);
            base::check(fits.ok(), "what the simulator commits follows on what it committed");
        };
        world_.emplace(options);
    }

    Run live() {
        constexpr Duration joining = std::chrono::seconds(1);
        world_->run_for(joining);
        if (!policy_.host.members().empty())
            submit("vdc", "", [this](const Snapshot& s) {
                std::vector<Step> steps;
                add_patched<model::Host>(s, policy_, steps);
                return steps;
            });
        const Instant begin = world_->now();
        for (const Input& input : inputs_.inputs) {
            run_until(begin + (input.at - inputs_.begin));
            happen(input);
        }
        run_until(begin + (inputs_.end - inputs_.begin));
        run_.sums = tally_.finish(world_->now());
        run_.violation = world_->violation();
        return std::move(run_);
    }

  private:
    void run_until(Instant when) {
        if (when > world_->now()) world_->run_for(when - world_->now());
    }

    void submit(const std::string& actor, const std::string& request,
                std::function<std::vector<Step>(const Snapshot&)> steps) {
        world_->submit(actor, request, std::move(steps), [this, request, actor](const Error& why) {
            if (run_.refused++ == 0) run_.first_refusal = actor + ": " + text(why);
        });
    }

    void happen(const Input& input) {
        if (input.steps.empty()) {
            const auto snapshot = world_->snapshot();
            const auto* instance = snapshot->named<model::Instance>(input.project, input.instance);
            if (instance == nullptr || !world_->end_run(instance->id, input.how))
                ++run_.not_running;
            return;
        }
        std::vector<Step> steps = input.steps;
        for (Step& step : steps) patch(step, policy_);
        submit(input.actor, input.request, [steps](const Snapshot&) { return steps; });
    }

    const Inputs& inputs_;
    const OtherPolicy& policy_;
    Tally tally_{Snapshot{}};
    Run run_;
    std::optional<World> world_;
};

}  // namespace

std::vector<Step> patched(const Snapshot& snapshot, const OtherPolicy& policy) {
    std::vector<Step> steps;
    if (!policy.host.members().empty()) add_patched<model::Host>(snapshot, policy, steps);
    if (!policy.project.members().empty()) add_patched<model::Project>(snapshot, policy, steps);
    return steps;
}

Result<Comparison> compare(const NextLine& next, const OtherPolicy& policy) {
    Gatherer gatherer;
    for (std::string_view line; next(line);) TRY(gatherer.take(line));
    const Inputs inputs = TRY(gatherer.finish());
    Comparison comparison;
    comparison.lasted = inputs.end - inputs.begin;
    comparison.hosts = inputs.machines.size();
    for (const Input& input : inputs.inputs)
        ++(input.steps.empty() ? comparison.ends : comparison.requests);
    comparison.then = inputs.then;
    comparison.present = Life(inputs, {}).live();
    comparison.other = Life(inputs, policy).live();
    return comparison;
}

}  // namespace vdc::sim
