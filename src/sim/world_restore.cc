#include "control/restored.h"
#include "sim/world.h"

/// The records are lost and restored from a backup, while hosts and guests live on
/// (docs/decisions/0021-after-a-restore-hosts-speak-first.md).
namespace vdc::sim {

using base::Error;
using base::Result;
using base::Status;
using model::Snapshot;

void World::restore() {
    base::check(kept_ != nullptr, "a backup was made");
    kill_engine();
    const Snapshot begins = control::restored(*kept_, now());
    lost_stores_.push_back(std::move(store_));
    store_ = std::make_unique<PretendStore>(store::make_memory_store(begins), chance_.next());
    store_->coverage = &coverage_;
    store_->hold_up = [this](base::Duration time) { store_clock_.stalled_until = now() + time; };
    lives_ = {};
    went_off_.clear();
    log_begins_ = acknowledged_ = begins.revision;
    checked_ = 0;
    run_oracle_.restored(begins);
    tell("the records are restored from a backup");
    start_engine();
}

/// The engine decides when it comes to it, so what is answered is looked at beforehand, too.
Status World::ask_of_restore(std::function<Steps(const Snapshot&)> decide) {
    if (!engine_) return Error{Error::Code::unavailable, "no engine lives"};
    TRY(decide(*engine_->snapshot()));
    engine_->submit({"admin", "", std::move(decide), {}});
    return {};
}

Status World::release(const std::set<std::string>& without) {
    return ask_of_restore(
        [without](const Snapshot& s) { return control::release(s, without, "admin"); });
}

Status World::end_stranger(const std::string& host, const std::string& name) {
    return ask_of_restore([host, name](const Snapshot& s) -> Steps {
        for (const control::FoundRun& each : control::view_restore(s).strangers)
            if (each.run.name == name && s.get<model::Host>(each.host).name == host)
                return control::end_stranger(s, host, text(each.run.instance), "admin");
        return Error{Error::Code::not_found, "no stranger '" + name + "' runs on " + host};
    });
}

}  // namespace vdc::sim
