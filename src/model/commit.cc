#include "model/commit.h"

namespace vdc::model {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

Json to_json(const Commit& commit) {
    Json steps = Json::array();
    for (const Step& step : commit.steps) {
        Json entry = change_to_json(step.change);
        entry.set("reason", step.reason);
        steps.push(std::move(entry));
    }
    return Json::object({{"revision", static_cast<std::int64_t>(commit.revision)},
                         {"at", text(commit.at)},
                         {"term", static_cast<std::int64_t>(commit.term)},
                         {"actor", commit.actor},
                         {"request", commit.request},
                         {"steps", std::move(steps)}});
}

Result<Commit> commit_from_json(const Json& json) {
    Commit commit;
    commit.revision = static_cast<Revision>(json.integer_at("revision"));
    commit.at = TRY(base::parse_instant(json.text_at("at")));
    commit.term = static_cast<std::uint64_t>(json.integer_at("term"));
    commit.actor = json.text_at("actor");
    commit.request = json.text_at("request");
    if (!json.at("steps").is(Json::Kind::array))
        return Error{Error::Code::corrupt, "a stored commit has no steps"};
    for (const Json& entry : json.at("steps").items())
        commit.steps.push_back({TRY(change_from_json(entry)), entry.text_at("reason")});
    return commit;
}

Status replay(Snapshot& snapshot, const Commit& commit) {
    if (commit.revision != snapshot.revision + 1)
        return Error{Error::Code::corrupt,
                     "the log has revision " + std::to_string(commit.revision) +
                         " after revision " + std::to_string(snapshot.revision)};
    advance(snapshot, commit.revision, commit.at);
    for (const Step& step : commit.steps) TRY(apply(snapshot, step.change));
    return {};
}

}  // namespace vdc::model
