#include "control/requests.h"
#include "control/balance.h"
#include "control/moves.h"
#include "control/places.h"

#include "base/text.h"
#include "control/references.h"
#include "control/wish.h"
#include "model/runs.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using model::Noun;
using model::Operation;
using model::OperationPhase;
using model::ProjectId;
using model::Snapshot;
using model::Step;

Result<ProjectId> context_of(const Snapshot& snapshot, const Ask& ask, const Json& body) {
    const Json& named = body.at("project");
    if (named.is(Json::Kind::text)) return find_project(snapshot, named.text());
    if (!named.is_null())
        return Error{Error::Code::invalid, "'project' must be the name or the id of a project"};
    if (!ask.project.empty()) return find_project(snapshot, ask.project);
    const auto fallback = find_project(snapshot, "default");
    return fallback.ok() ? *fallback : ProjectId{};
}

// ---- operations --------------------------------------------------------------------------------

Step operation_step(const Work& work, const Wish& wish, model::OperationId id, std::string name) {
    Operation operation;
    operation.id = id;
    operation.project = work.project;
    operation.name = std::move(name);
    operation.declared = {wish.subject.noun, wish.subject.id, wish.name,           wish.goal,
                          wish.count,        work.ask.actor,  work.ask.fingerprint};
    if (wish.reached) operation.observed = {OperationPhase::done, {}, work.ask.now};
    const std::string about = std::string(model::one_word(wish.subject.noun)) + " " + wish.name;
    return {model::Create<Operation>{std::make_shared<const Operation>(std::move(operation))},
            work.ask.actor + " asked for " + about + " to be " + std::string(word(wish.goal))};
}

static model::OperationId operation_id(const Work& work) {
    return {base::derive_uuid(work.ask.fresh, "operation", work.ordinal)};
}

/// The operation of an earlier request with the same key, if there was one.
static Result<const Operation*> earlier_operation(const Work& work, const std::string& name) {
    if (work.ask.key.empty()) return nullptr;
    const Operation* found = work.snapshot.named<Operation>(work.project, name);
    if (found == nullptr || found->declared.request == work.ask.fingerprint) return found;
    return Error{
        Error::Code::conflict,
        "the idempotency key '" + base::quoted(work.ask.key, 80) + "' was used by another request",
        "use a fresh key for each request; repeat a key only with the same request"};
}

/// Decides once per key.
template <class Decide>
static Result<Decision> once(const Snapshot& snapshot, const Ask& ask, const Json& body,
                             Decide decide) {
    const Work work{snapshot, ask, TRY(context_of(snapshot, ask, body))};
    if (const Operation* earlier = TRY(earlier_operation(work, ask.key)))
        return Decision{{},
                        {earlier->declared.noun, earlier->declared.subject},
                        earlier->id,
                        /*earlier=*/true};
    Wish wish = TRY(decide(work));
    const model::OperationId id = operation_id(work);
    wish.steps.push_back(operation_step(work, wish, id, ask.key.empty() ? text(id) : ask.key));
    return Decision{std::move(wish.steps), wish.subject, id};
}

// ---- requests ----------------------------------------------------------------------------------

Result<Decision> create(const Snapshot& snapshot, const Ask& ask, Noun noun, const Json& body) {
    return once(snapshot, ask, body, [&](const Work& work) { return creation(work, noun, body); });
}

Result<Decision> update(const Snapshot& snapshot, const Ask& ask, Noun noun,
                        std::string_view name_or_id, const Json& patch) {
    return once(snapshot, ask, {}, [&](const Work& work) -> Result<Wish> {
        const auto subject = TRY(find_subject(snapshot, noun, work.project, name_or_id));
        if (noun != Noun::instance) return change(work, subject, patch);
        return change_instance(work, snapshot.get<model::Instance>({subject.id}), patch);
    });
}

Result<Decision> remove(const Snapshot& snapshot, const Ask& ask, Noun noun,
                        std::string_view name_or_id) {
    return once(snapshot, ask, {}, [&](const Work& work) -> Result<Wish> {
        return end_of(work, TRY(find_subject(snapshot, noun, work.project, name_or_id)));
    });
}

template <class R>
static Result<Decision> on(const Snapshot& snapshot, const Ask& ask, std::string_view name_or_id,
                           auto decide) {
    return once(snapshot, ask, {}, [&](const Work& work) -> Result<Wish> {
        return decide(work, *TRY(find_record<R>(snapshot, work.project, name_or_id)));
    });
}

Result<Decision> power(const Snapshot& snapshot, const Ask& ask, std::string_view instance,
                       PowerVerb verb, Force force) {
    return on<model::Instance>(snapshot, ask, instance,
                               [&](const Work& work, const model::Instance& found) {
                                   return power_wish(work, found, verb, force);
                               });
}

static Error cannot_move(const model::Instance& instance, const std::string& why) {
    return {Error::Code::conflict, "instance '" + instance.name + "' cannot move now: " + why,
            "stopped and started, it goes where its disks are"};
}

/// Whether it moves there for the sake of the balance.
static bool is_balanced_to(const model::Instance& instance, std::optional<model::HostId> host) {
    const auto& move = instance.claimed.move;
    return move && move->cause == model::MoveCause::balanced && (!host || host == move->to);
}

/// The move that is under way is the asker's from now on.
static Wish taken_over(const Work& work, const model::Instance& instance) {
    Wish wish = wish_about(instance);
    model::InstanceClaimed claimed = instance.claimed;
    claimed.move->cause = model::MoveCause::asked;
    wish.goal = model::Goal::moved;
    wish.count = claimed.move->generation;
    wish.reached = false;
    wish.steps.push_back({model::Claim<model::Instance>{instance.id, std::move(claimed)},
                          work.ask.actor + " asked for the move that is under way"});
    return wish;
}

Result<Decision> migrate(const Snapshot& snapshot, const Ask& ask, std::string_view instance,
                         std::string_view host) {
    return on<model::Instance>(
        snapshot, ask, instance,
        [&](const Work& work, const model::Instance& found) -> Result<Wish> {
            std::optional<model::HostId> only;
            if (!host.empty())
                only = TRY(find_record<model::Host>(snapshot, work.project, host))->id;
            if (is_balanced_to(found, only)) return taken_over(work, found);
            const MovePlan plan = move_plan(snapshot, found, only);
            if (!plan.to) return cannot_move(found, plan.why);
            Wish wish = wish_about(found);
            wish.goal = model::Goal::moved;
            wish.count = next_generation(found.claimed);
            wish.reached = false;
            wish.steps = begin_move(snapshot, found, plan, model::MoveCause::asked, ask.now);
            return wish;
        });
}

Result<Decision> attach(const Snapshot& snapshot, const Ask& ask, std::string_view volume,
                        std::string_view instance) {
    return on<model::Volume>(
        snapshot, ask, volume, [&](const Work& work, const model::Volume& found) {
            return change(work, found.subject(), Json::object({{"instance", instance}}));
        });
}

Result<Decision> detach(const Snapshot& snapshot, const Ask& ask, std::string_view volume) {
    return on<model::Volume>(
        snapshot, ask, volume, [&](const Work& work, const model::Volume& found) {
            return change(work, found.subject(), Json::object({{"instance", nullptr}}));
        });
}

Result<Decision> grow(const Snapshot& snapshot, const Ask& ask, std::string_view volume,
                      model::MiB size) {
    return on<model::Volume>(
        snapshot, ask, volume, [&](const Work& work, const model::Volume& found) {
            return change(work, found.subject(), Json::object({{"size", text(size)}}));
        });
}

Result<Decision> revert(const Snapshot& snapshot, const Ask& ask, std::string_view volume,
                        std::string_view volume_snapshot) {
    return on<model::Volume>(
        snapshot, ask, volume, [&](const Work&, const model::Volume& found) -> Result<Wish> {
            const auto& past =
                *TRY(find_record<model::VolumeSnapshot>(snapshot, found.project, volume_snapshot));
            if (past.declared.volume != found.id)
                return Error{
                    Error::Code::invalid,
                    "snapshot '" + past.name + "' is of another volume than '" + found.name + "'",
                    "`vdc snapshot list` shows which is of which"};
            if (past.observed.presence != model::Presence::ready || past.deleting)
                return Error{Error::Code::conflict, "snapshot '" + past.name + "' is not ready",
                             "`vdc why snapshot " + past.name + "` says why"};
            Wish wish = wish_about(found);
            model::VolumeDeclared declared = found.declared;
            declared.revert_to = past.id;
            wish.count = ++declared.reverts;
            wish.goal = model::Goal::reverted;
            wish.reached = false;
            wish.steps.push_back({model::Declare<model::Volume>{found.id, declared},
                                  reason(ask, "revert to " + past.name + ":", found)});
            return wish;
        });
}

// ---- images ------------------------------------------------------------------------------------

static base::Status may_arrive(const model::Image& image) {
    if (image.deleting)
        return Error{Error::Code::conflict, "image '" + image.name + "' is being deleted"};
    if (image.declared.uploaded)
        return Error{Error::Code::conflict, "image '" + image.name + "' has its bytes already",
                     "images do not change; create another one"};
    return {};
}

Result<const model::Image*> image_to_upload(const Snapshot& snapshot, std::string_view project,
                                            std::string_view name_or_id) {
    ProjectId context;
    if (!project.empty()) context = TRY(find_project(snapshot, project));
    if (project.empty() && find_project(snapshot, "default").ok())
        context = *find_project(snapshot, "default");
    const auto* image = TRY(find_record<model::Image>(snapshot, context, name_or_id));
    TRY(may_arrive(*image));
    return image;
}

/// The image is imported where its bytes are.
static void import_there(const Snapshot& snapshot, const model::Image& image, model::HostId host,
                         std::vector<model::Step>& steps) {
    const auto* record = snapshot.find<model::Host>(host);
    if (record == nullptr || image.claimed.host == host) return;
    model::ImageClaimed claimed = needed_there(image.claimed, host);
    claimed.host = host;
    steps.push_back({model::Claim<model::Image>{image.id, std::move(claimed)},
                     "image " + image.name + " came to " + record->name});
}

Result<Decision> image_arrived(const Snapshot& snapshot, const Ask& ask, model::ImageId id,
                               std::optional<model::HostId> host) {
    return on<model::Image>(
        snapshot, ask, text(id), [&](const Work&, const model::Image& image) -> Result<Wish> {
            TRY(may_arrive(image));
            Wish wish = wish_about(image);
            model::ImageDeclared declared = image.declared;
            declared.uploaded = true;
            wish.goal = model::Goal::ready;
            wish.reached = false;
            if (host) import_there(snapshot, image, *host, wish.steps);
            wish.steps.push_back(
                {model::Declare<model::Image>{image.id, declared}, reason(ask, "import", image)});
            return wish;
        });
}

// ---- hosts -------------------------------------------------------------------------------------

Result<Decision> drain(const Snapshot& snapshot, const Ask& ask, std::string_view host,
                       Drain what) {
    return on<model::Host>(
        snapshot, ask, host, [&](const Work&, const model::Host& found) -> Result<Wish> {
            Wish wish = wish_about(found);
            model::HostDeclared declared = found.declared;
            declared.drain = what == Drain::begin;
            if (declared.drain) wish.goal = model::Goal::drained;
            wish.reached = !declared.drain;
            if (declared.drain != found.declared.drain)
                wish.steps.push_back(
                    {model::Declare<model::Host>{found.id, declared},
                     reason(ask, what == Drain::begin ? "drain" : "end the drain of", found)});
            return wish;
        });
}

static base::Status may_be_dead(const model::Host& host) {
    if (host.claimed.health != model::HostHealth::up) return {};
    return Error{Error::Code::conflict, "host '" + host.name + "' is up: it was heard a moment ago",
                 "power it off first, or empty it with `vdc host drain " + host.name + "`"};
}

Result<Decision> declare_dead(const Snapshot& snapshot, const Ask& ask, std::string_view host) {
    return on<model::Host>(
        snapshot, ask, host, [&](const Work&, const model::Host& found) -> Result<Wish> {
            TRY(may_be_dead(found));
            Wish wish = wish_about(found);
            wish.goal = model::Goal::declared_dead;
            wish.reached = false;
            model::HostDeclared declared = found.declared;
            declared.dead_epoch = found.claimed.epoch;
            declared.dead_says = ask.actor;
            if (declared.dead_epoch != found.declared.dead_epoch)
                wish.steps.push_back({model::Declare<model::Host>{found.id, declared},
                                      ask.actor + " says that host " + found.name +
                                          " is dead, and that nothing of it runs"});
            return wish;
        });
}

Result<Decision> run_balance(const Snapshot& snapshot, const Ask& ask, std::string_view balance) {
    return on<model::Balance>(
        snapshot, ask, balance, [&](const Work&, const model::Balance& found) -> Result<Wish> {
            if (const std::string why = unrest_because(snapshot); !why.empty())
                return Error{Error::Code::conflict, "hosts cannot be balanced now: " + why,
                             "`vdc balance plan` says what waits"};
            Wish wish = wish_about(found);
            model::BalanceDeclared declared = found.declared;
            wish.count = ++declared.runs;
            wish.goal = model::Goal::balanced;
            wish.reached = false;
            wish.steps.push_back(
                {model::Declare<model::Balance>{found.id, declared}, reason(ask, "run", found)});
            return wish;
        });
}

// ---- cancel ------------------------------------------------------------------------------------

Result<Decision> cancel(const Snapshot& snapshot, const Ask& ask, std::string_view name_or_id) {
    const ProjectId project = TRY(context_of(snapshot, ask, {}));
    const Operation& operation = *TRY(find_record<Operation>(snapshot, project, name_or_id));
    Decision decision{{}, operation.subject(), operation.id};
    const OperationPhase phase = operation.observed.phase;
    if (phase == OperationPhase::cancelled) return decision;
    if (phase != OperationPhase::running)
        return Error{Error::Code::conflict, "the operation is over: " + std::string(word(phase)),
                     "only a running one can be cancelled"};
    decision.steps.push_back(
        {model::Observe<Operation>{operation.id, {OperationPhase::cancelled, {}, ask.now}},
         ask.actor + " waits no longer for " +
             std::string(model::one_word(operation.declared.noun)) + " " +
             operation.declared.subject_name});
    return decision;
}

}  // namespace vdc::control
