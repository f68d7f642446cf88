#include "api/writes.h"

#include <algorithm>

#include "api/items.h"
#include "base/text.h"
#include "model/noun_words.h"
#include "runtime/random.h"

namespace vdc::api {

using base::Error;
using base::Result;
using control::Ask;
using control::Decision;
using model::Snapshot;
using model::Step;

static base::Status check_key(const std::string& key) {
    constexpr std::size_t size_max = 200;
    const bool good = key.size() <= size_max && std::all_of(key.begin(), key.end(), [](char c) {
                          return c > 0x20 && c < 0x7f;
                      });
    if (good) return {};
    return Error{Error::Code::invalid,
                 "the Idempotency-Key must have at most 200 printable characters and no blanks",
                 "a fresh UUID for each request does well"};
}

Result<Ask> ask_of(const Desk& desk, const Call& call) {
    Ask ask;
    ask.actor = call.caller.name;
    ask.project = call.query("project");
    ask.key = call.request.headers.get("Idempotency-Key");
    TRY(check_key(ask.key));
    base::Hasher hasher;
    hasher.add(wire::word(call.request.method)).add(call.request.path);
    for (const auto& field : call.request.query) hasher.add(field.name).add(field.value);
    ask.fingerprint = text(hasher.add(call.request.body).finish());
    ask.fresh = runtime::fresh_uuid();
    ask.now = desk.executor.now();
    return ask;
}

static wire::Response written(const Snapshot& snapshot, const Decision& decision, Kind kind) {
    const auto* operation = snapshot.find<model::Operation>(decision.operation);
    const bool runs =
        operation != nullptr && operation->observed.phase == model::OperationPhase::running;
    wire::Headers headers;
    if (kind == Kind::creation)
        headers.add("Location", "/v1/" + std::string(model::many_word(decision.subject.noun)) +
                                    "/" + text(decision.subject.id));
    constexpr std::size_t usual = 2048;
    std::string json;
    json.reserve(usual);
    json += R"({"operation":)";
    write_subject(json, snapshot, {model::Noun::operation, decision.operation.value});
    json += R"(,"item":)";
    write_subject(json, snapshot, decision.subject);
    json += "}\n";
    const int status = runs ? 202 : kind == Kind::creation ? 201 : 200;
    return json_response(status, std::move(json), std::move(headers));
}

/// The declared revision of a record, or nothing when it is not there.
static std::optional<model::Revision> declared_revision(const Snapshot& snapshot,
                                                        const model::Subject& subject) {
    std::optional<model::Revision> revision;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject.noun) return;
        const R* record = snapshot.find<R>(typename R::Id{subject.id});
        if (record != nullptr) revision = record->declared_revision;
    });
    return revision;
}

namespace {

/// One write on its way through the engine.
struct Pending {
    CallPtr call;
    Ask ask;
    Kind kind;
    Decide decide;
    Decision decision;
    bool outdated = false;  ///< If-Match does not hold

    Result<std::vector<Step>> decided(const Snapshot& snapshot) {
        decision = TRY(decide(snapshot, ask));
        const std::string* wanted = call->request.headers.find("If-Match");
        if (wanted == nullptr || decision.earlier) return std::move(decision.steps);
        const auto present = declared_revision(snapshot, decision.subject);
        outdated = !present || !if_match_holds(*wanted, *present);
        if (!outdated) return std::move(decision.steps);
        return Error{Error::Code::conflict, "it changed since you read it: If-Match does not hold",
                     "read it again and decide anew"};
    }
};

void answer(const std::shared_ptr<Pending>& pending, const Result<model::Revision>& outcome,
            const engine::SnapshotPtr& snapshot) {
    Call& call = *pending->call;
    if (outcome.ok()) return call.answer(written(*snapshot, pending->decision, pending->kind));
    const bool by_if_match = pending->outdated && outcome.error().code == Error::Code::conflict;
    if (by_if_match) return call.refuse(412, outcome.error());
    call.refuse(outcome.error());
}

}  // namespace

void write(Desk& desk, const CallPtr& call, Kind kind, Decide decide) {
    auto ask = ask_of(desk, *call);
    if (!ask.ok()) return call->refuse(ask.error());
    auto pending =
        std::make_shared<Pending>(Pending{call, std::move(*ask), kind, std::move(decide), {}});
    engine::Request request;
    request.actor = pending->ask.actor;
    request.id = call->request.id;
    request.decide = [pending](const Snapshot& snapshot) { return pending->decided(snapshot); };
    request.done = [pending](const Result<model::Revision>& outcome,
                             const engine::SnapshotPtr& snapshot) {
        answer(pending, outcome, snapshot);
    };
    request.home = call->loop();
    desk.engine.submit(std::move(request));
}

}  // namespace vdc::api
