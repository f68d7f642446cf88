#include "base/text.h"
#include "control/references.h"
#include "control/wish.h"
#include "model/apply.h"
#include "model/codec.h"

/// Documents: a wanted part of the datacenter, as text. Works on a copy of the snapshot, so that
/// later documents see what earlier ones make.
namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Instance;
using model::Noun;
using model::Snapshot;

namespace {

Result<Noun> kind_of(const Json& document) {
    if (!document.is(Json::Kind::object))
        return Error{Error::Code::invalid, "must be an object with 'kind' and 'name'"};
    const Json& kind = document.at("kind");
    const std::string known = base::join(model::all_one_words(), ", ");
    if (!kind.is(Json::Kind::text))
        return Error{Error::Code::invalid, "'kind' is missing", "kinds are " + known};
    if (const auto noun = model::noun_of(kind.text())) return *noun;
    return Error{Error::Code::invalid,
                 "there is no kind '" + base::quoted(kind.text(), 60) + "'" +
                     base::did_you_mean(kind.text(), model::all_one_words()),
                 "kinds are " + known};
}

/// The record that a document is about, if it is there.
template <class R>
const R* present(const Work& work, const std::string& name) {
    if (const R* found = work.snapshot.named<R>(work.project, name)) return found;
    return work.snapshot.named<R>({}, name);
}

// ---- differences -------------------------------------------------------------------------------

void compare(const std::string& path, const Json& from, const Json& to,
             std::vector<Difference>& differences) {
    if (from == to) return;
    if (!from.is(Json::Kind::object) || !to.is(Json::Kind::object)) {
        differences.push_back({path, from, to});
        return;
    }
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const auto& member : from.members())
        compare(prefix + member.name, member.value, to.at(member.name), differences);
    for (const auto& member : to.members())
        if (!from.has(member.name))
            compare(prefix + member.name, nullptr, member.value, differences);
}

/// What the steps declare anew, with names in the place of ids; counters say nothing to people.
std::vector<Difference> differences_of(const Snapshot& snapshot,
                                       const std::vector<model::Step>& steps) {
    std::vector<Difference> differences;
    const auto add = [&]<class R>(const model::Declare<R>& declare) {
        Json from = part_to_json(snapshot.get<R>(declare.id).declared);
        Json to = part_to_json(declare.declared);
        name_references<typename R::Declared>(snapshot, from);
        name_references<typename R::Declared>(snapshot, to);
        model::for_each_field<typename R::Declared>([&](const auto& field) {
            if (field.mutability == model::Mutability::computed) return;
            compare(std::string(field.name), from.at(field.name), to.at(field.name), differences);
        });
    };
    for (const model::Step& step : steps)
        std::visit(
            [&](const auto& change) {
                if constexpr (requires { change.declared; }) add(change);
            },
            step.change);
    return differences;
}

// ---- one document ------------------------------------------------------------------------------

struct Judged {
    DocumentResult result;
    Wish wish;
};

Judged judged(const Snapshot& snapshot, Action action, Wish wish) {
    Judged judged{{wish.subject.noun, wish.subject.id, wish.name, action, {}}, {}};
    if (action == Action::update && wish.steps.empty()) judged.result.action = Action::none;
    if (action == Action::update) judged.result.differences = differences_of(snapshot, wish.steps);
    judged.wish = std::move(wish);
    return judged;
}

template <class R>
Result<Judged> judge_as(const Work& work, Json document) {
    const std::string name = document.text_at("name");
    const R* found = present<R>(work, name);
    if (found == nullptr)
        return judged(work.snapshot, Action::create,
                      TRY(creation(work, R::noun, std::move(document))));
    if (found->deleting)
        return Error{Error::Code::conflict, "it is being deleted", "wait for its end"};
    if constexpr (std::is_same_v<R, Instance>)
        return judged(work.snapshot, Action::update,
                      TRY(change_instance(work, *found, std::move(document))));
    else
        return judged(work.snapshot, Action::update,
                      TRY(change(work, found->subject(), std::move(document))));
}

Result<Judged> judge(const Snapshot& snapshot, const Ask& ask, std::uint64_t ordinal,
                     Json document) {
    const Noun noun = TRY(kind_of(document));
    const Work work{snapshot, ask, TRY(context_of(snapshot, ask, document)), ordinal};
    document.erase("kind");
    Result<Judged> result = Error{};
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun == noun) result = judge_as<R>(work, std::move(document));
    });
    return result;
}

/// "document 2 (app hello): ..."
Error about(std::size_t index, const Json& document, const Error& error) {
    std::string which = "document " + std::to_string(index + 1);
    if (!document.text_at("name").empty())
        which += " (" + base::quoted(document.text_at("kind"), 40) + " " +
                 base::quoted(document.text_at("name"), 80) + ")";
    return {error.code, which + ": " + error.message, error.hint};
}

/// The operations of one apply carry the key with their number.
std::string key_of(const Ask& ask, std::size_t index) {
    return ask.key + "/" + std::to_string(index + 1);
}

/// The operations that an earlier request with this key left; nothing when there was none.
Result<std::vector<model::OperationId>> earlier_operations(const Snapshot& snapshot, const Ask& ask,
                                                           model::ProjectId project,
                                                           std::size_t count) {
    std::vector<model::OperationId> found;
    if (ask.key.empty()) return found;
    for (std::size_t index = 0; index < count; ++index) {
        const auto* operation = snapshot.named<model::Operation>(project, key_of(ask, index));
        if (operation == nullptr) continue;
        if (operation->declared.request != ask.fingerprint)
            return Error{Error::Code::conflict,
                         "the idempotency key '" + base::quoted(ask.key, 80) +
                             "' was used by another request",
                         "use a fresh key for each request"};
        found.push_back(operation->id);
    }
    return found;
}

/// Puts a wish and its operation into the copy and into what is answered.
Status take(Snapshot& copy, const Work& work, Wish wish, Applied& applied) {
    const model::OperationId id{base::derive_uuid(work.ask.fresh, "operation", work.ordinal)};
    const std::string name = work.ask.key.empty() ? text(id) : key_of(work.ask, work.ordinal);
    wish.steps.push_back(operation_step(work, wish, id, name));
    for (model::Step& step : wish.steps) {
        TRY(model::apply(copy, step.change));
        applied.steps.push_back(std::move(step));
    }
    applied.operations.push_back(id);
    return {};
}

}  // namespace

Result<Applied> apply_documents(const Snapshot& snapshot, const Ask& ask,
                                const std::vector<Json>& documents) {
    if (documents.size() > documents_max)
        return Error{Error::Code::too_large,
                     "more than " + std::to_string(documents_max) + " documents",
                     "apply them in parts"};
    Snapshot copy = snapshot;
    const model::ProjectId project = TRY(context_of(snapshot, ask, {}));
    Applied applied;
    applied.operations = TRY(earlier_operations(snapshot, ask, project, documents.size()));
    for (std::size_t index = 0; index < documents.size(); ++index) {
        auto judged = judge(copy, ask, index, documents[index]);
        if (!judged.ok()) return about(index, documents[index], judged.error());
        if (judged->result.action != Action::none) {
            const Work work{copy, ask, project, index};
            const Status taken = take(copy, work, std::move(judged->wish), applied);
            if (!taken.ok()) return about(index, documents[index], taken.error());
        }
        applied.results.push_back(std::move(judged->result));
    }
    return applied;
}

}  // namespace vdc::control
