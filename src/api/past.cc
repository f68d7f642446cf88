#include "api/past.h"

#include <algorithm>

#include "api/desk.h"
#include "base/moment.h"

namespace vdc::api {

using base::Error;
using base::Result;
using engine::SnapshotPtr;
using model::Revision;

static Result<Revision> revision_at(engine::Engine& engine, base::Instant now, base::Instant when) {
    if (when > now)
        return Error{Error::Code::not_found, text(when) + " is in the future: it is " + text(now),
                     "`vdc at` looks back only"};
    const SnapshotPtr latest = engine.snapshot();
    if (when >= latest->committed) return latest->revision;
    return engine.store().revision_at(when);
}

Result<Revision> Past::revision(const std::string& words) {
    const base::Moment moment = TRY(base::parse_moment(words));
    if (const auto* named = std::get_if<base::AtRevision>(&moment)) return named->revision;
    const base::Instant now = executor_.now();
    if (const auto* instant = std::get_if<base::AtInstant>(&moment))
        return revision_at(engine_, now, instant->instant);
    return revision_at(engine_, now, now - std::get<base::Ago>(moment).duration);
}

Result<SnapshotPtr> Past::at(Revision revision) {
    constexpr std::size_t remembered_max = 4;
    if (const SnapshotPtr latest = engine_.snapshot(); latest->revision == revision) return latest;
    {
        const std::lock_guard lock(mutex_);
        const auto known = std::find_if(
            rebuilt_.begin(), rebuilt_.end(),
            [&](const SnapshotPtr& snapshot) { return snapshot->revision == revision; });
        if (known != rebuilt_.end()) {
            std::rotate(known, known + 1, rebuilt_.end());
            return rebuilt_.back();
        }
    }
    auto rebuilt = std::make_shared<const model::Snapshot>(TRY(engine_.store().at(revision)));
    const std::lock_guard lock(mutex_);
    if (rebuilt_.size() == remembered_max) rebuilt_.erase(rebuilt_.begin());
    rebuilt_.push_back(rebuilt);
    return SnapshotPtr(std::move(rebuilt));
}

void look(Desk& desk, const CallPtr& call, std::function<void(const SnapshotPtr&)> show) {
    const std::string* words = call->request.query.find("at");
    if (words == nullptr) return show(desk.snapshot());
    desk.read_slowly(call, [&desk, call, words = *words, show = std::move(show)] {
        const auto revision = desk.past.revision(words);
        if (!revision.ok()) return call->refuse(revision.error());
        const auto snapshot = desk.past.at(*revision);
        if (!snapshot.ok()) return call->refuse(snapshot.error());
        show(*snapshot);
    });
}

wire::Headers revision_header(const model::Snapshot& snapshot) {
    return {{"Vdc-Revision", std::to_string(snapshot.revision)}};
}

}  // namespace vdc::api
