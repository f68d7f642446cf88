#include "base/text.h"
#include "control/known_fields.h"
#include "control/references.h"
#include "control/wish.h"
#include "model/codec.h"

/// Changes of what is declared, and ends.
namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Goal;
using model::Instance;
using model::Power;
using model::Snapshot;
using model::Volume;
using model::word;

namespace {

template <class R>
constexpr bool may_be_declared = base::is_among<model::Declare<R>, model::AnyChange>;
template <class R>
constexpr bool ends_slowly = base::is_among<model::Delete<R>, model::AnyChange>;

/// Merges nested objects too (RFC 7396), so that a patch may name one member of a template.
Json merged(const Json& before, const Json& patch) {
    if (!before.is(Json::Kind::object) || !patch.is(Json::Kind::object)) return patch;
    Json after = before;
    for (const auto& member : patch.members()) {
        if (member.value.is_null())
            after.erase(member.name);
        else
            after.set(member.name, merged(before.at(member.name), member.value));
    }
    return after;
}

void deepen(Json& patch, const Json& before) {
    for (auto& member : patch.members())
        if (member.value.is(Json::Kind::object))
            member.value = merged(before.at(member.name), member.value);
}

/// A document may repeat the name; nothing can change it.
Status drop_name(Json& patch, const std::string& name) {
    for (const char* fixed : {"name", "project"}) {
        const Json* given = patch.find(fixed);
        if (given == nullptr) continue;
        if (fixed == std::string_view("name") && *given != Json(name))
            return Error{Error::Code::invalid, "'name' cannot change after creation",
                         "make a new one with the name wanted"};
        patch.erase(fixed);
    }
    return {};
}

// ---- what follows from a change ----------------------------------------------------------------

/// Fills in what the datacenter counts, and says when the change is done.
Status follow(const Work&, const auto&, auto&, Wish&) {
    return {};
}

Status follow(const Work&, const model::Application&, model::Application&, Wish& wish) {
    wish.goal = Goal::ready;
    wish.reached = false;
    return {};
}

Status follow(const Work&, const Instance& before, Instance& after, Wish& wish) {
    if (before.declared.restart != after.declared.restart) ++after.declared.rules;
    if (before.declared.power == after.declared.power) return {};
    after.declared.stop_hard = false;
    wish.reached = false;
    switch (after.declared.power) {
        case Power::on:
            wish.count = ++after.declared.starts;
            wish.goal = Goal::running;
            break;
        case Power::off: wish.goal = Goal::stopped; break;
        case Power::paused: wish.goal = Goal::paused; break;
    }
    return {};
}

Status follow(const Work& work, const Volume& before, Volume& after, Wish& wish) {
    if (after.declared.size > before.declared.size) wish.goal = Goal::grown;
    if (before.declared.instance != after.declared.instance) {
        wish.goal = after.declared.instance ? Goal::attached : Goal::detached;
        const Instance* instance = after.declared.instance
                                       ? work.snapshot.find<Instance>(*after.declared.instance)
                                       : nullptr;
        const bool root = before.declared.instance && before.declared.slot == 0;
        if (!root)
            after.declared.slot =
                instance != nullptr ? TRY(free_slot(work.snapshot, *instance)) : 0;
    }
    wish.reached = wish.goal == Goal::exists;
    return {};
}

template <class R>
Result<Wish> change_record(const Work& work, const R& before, Json patch) {
    if (!patch.is(Json::Kind::object))
        return Error{Error::Code::invalid, "the patch must be a JSON object"};
    TRY(refuse_unknown<typename R::Declared>(patch, {"name", "project"}));
    TRY(drop_name(patch, before.name));
    TRY(resolve_references<typename R::Declared>(work.snapshot, before.project, patch));
    deepen(patch, part_to_json(before.declared));
    R after = before;
    TRY(merge(after.declared, patch, model::Writing::updating));
    Wish wish = wish_about(before);
    if (before.declared == after.declared) return wish;
    if constexpr (may_be_declared<R>) {
        TRY(follow(work, before, after, wish));
        wish.steps.push_back(
            {model::Declare<R>{before.id, after.declared}, reason(work.ask, "change", before)});
        return wish;
    }
    return Error{Error::Code::conflict,
                 "a " + std::string(model::one_word(R::noun)) + " cannot change after creation",
                 "make a new one"};
}

template <class Decide>
Result<Wish> on_subject(const Snapshot& snapshot, model::Subject subject, Decide decide) {
    Result<Wish> wish = Error{Error::Code::not_found, "there is no such thing any more"};
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject.noun) return;
        if (const R* record = snapshot.find<R>(typename R::Id{subject.id})) wish = decide(*record);
    });
    return wish;
}

}  // namespace

Result<std::int64_t> free_slot(const Snapshot& snapshot, const Instance& instance) {
    constexpr std::int64_t slot_max = 15;
    std::vector<bool> taken(slot_max + 1, false);
    for (const Volume* volume :
         snapshot.linked_records<Volume>(model::Link::instance_volume, instance.id.value))
        taken[static_cast<std::size_t>(volume->declared.slot)] = true;
    for (std::int64_t slot = 1; slot <= slot_max; ++slot)
        if (!taken[static_cast<std::size_t>(slot)]) return slot;
    return Error{Error::Code::exhausted,
                 "instance '" + instance.name + "' has 16 volumes, and no place for another",
                 "detach one first"};
}

Result<Wish> change(const Work& work, model::Subject subject, Json patch) {
    drop_line_end(subject.noun, patch);
    return on_subject(work.snapshot, subject, [&](const auto& record) {
        return change_record(work, record, std::move(patch));
    });
}

// ---- power -------------------------------------------------------------------------------------

static Error is_off(const Instance& instance, std::string_view verb) {
    return {Error::Code::conflict,
            "instance '" + instance.name + "' is off: there is nothing to " + std::string(verb),
            "`vdc instance start " + instance.name + "` starts it"};
}

/// Writes the verb into `declared` and its goal into `wish`.
static Status obey(const Instance& instance, PowerVerb verb, Force force,
                   model::InstanceDeclared& declared, Wish& wish) {
    const bool runs = wanted_power(instance) != Power::off;
    switch (verb) {
        case PowerVerb::start:
            declared.power = Power::on;
            declared.stop_hard = false;
            if (!runs) ++declared.starts;
            wish.goal = Goal::running;
            wish.count = declared.starts;
            return {};
        case PowerVerb::stop:
            declared.power = Power::off;
            declared.stop_hard = force == Force::hard;
            wish.goal = Goal::stopped;
            return {};
        case PowerVerb::reboot:
            if (!runs) return is_off(instance, "reboot");
            if (force == Force::hard)
                return obey(instance, PowerVerb::reset, force, declared, wish);
            wish.goal = Goal::rebooted;
            wish.count = ++declared.reboots;
            return {};
        case PowerVerb::reset:
            if (!runs) return is_off(instance, "reset");
            wish.goal = Goal::reset;
            wish.count = ++declared.resets;
            return {};
        case PowerVerb::pause:
            if (!runs) return is_off(instance, "pause");
            declared.power = Power::paused;
            wish.goal = Goal::paused;
            return {};
        case PowerVerb::resume:
            if (!runs) return is_off(instance, "resume");
            declared.power = Power::on;
            wish.goal = Goal::running;
            wish.count = declared.starts;
            return {};
    }
    base::broken("a power verb without a meaning");
}

Result<Wish> power_wish(const Work& work, const Instance& instance, PowerVerb verb, Force force) {
    Wish wish = wish_about(instance);
    wish.reached = false;
    model::InstanceDeclared declared = instance.declared;
    TRY(obey(instance, verb, force, declared, wish));
    if (declared == instance.declared) return wish;
    const std::string words = (force == Force::hard ? "hard " : "") + std::string(word(verb));
    wish.steps.push_back(
        {model::Declare<Instance>{instance.id, declared}, reason(work.ask, words, instance)});
    return wish;
}

// ---- ends --------------------------------------------------------------------------------------

static Status may_end(const Snapshot&, const auto&) {
    return {};
}

static Status may_end(const Snapshot& snapshot, const Volume& volume) {
    if (!snapshot.has_linked(model::Link::volume_snapshot, volume.id.value)) return {};
    return Error{Error::Code::conflict, "volume '" + volume.name + "' has snapshots",
                 "delete those first: `vdc snapshot list` shows them"};
}

static Status may_end(const Snapshot& snapshot, const model::Port& port) {
    if (!port.declared.instance) return {};
    return Error{Error::Code::conflict,
                 "port '" + port.name + "' belongs to instance '" +
                     snapshot.get<Instance>(*port.declared.instance).name + "'",
                 "it ends with its instance"};
}

static Status may_end(const Snapshot&, const model::Operation&) {
    return Error{Error::Code::unsupported, "operations are not deleted",
                 "finished ones go on their own; a running one can be cancelled"};
}

template <class R>
static Result<Wish> ending(const Work& work, const R& record) {
    TRY(may_end(work.snapshot, record));
    Wish wish = wish_about(record);
    wish.goal = Goal::gone;
    wish.reached = !ends_slowly<R>;
    const std::string why = reason(work.ask, "delete", record);
    if constexpr (ends_slowly<R>) {
        if (!record.deleting) wish.steps.push_back({model::Delete<R>{record.id}, why});
    } else {
        wish.steps.push_back({model::Forget<R>{record.id}, why});
    }
    return wish;
}

Result<Wish> end_of(const Work& work, model::Subject subject) {
    return on_subject(work.snapshot, subject,
                      [&](const auto& record) { return ending(work, record); });
}

}  // namespace vdc::control
