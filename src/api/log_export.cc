#include "api/log_export.h"

namespace vdc::api {

using base::Result;
using model::Snapshot;

LogExport::LogExport(store::Store& store, Snapshot from, model::LogHead head)
    : store_(store), base_(std::move(from)), head_(std::move(head)), written_(head_.from) {}

bool LogExport::write_records(std::string& out, std::size_t size) {
    bool paused = false;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (paused || R::noun < next_.noun) return;
        const auto& table = base_.all<R>();
        const bool here = R::noun == next_.noun;
        auto each = here ? table.lower_bound(typename R::Id{next_.id}) : table.begin();
        for (; each != table.end(); ++each) {
            if (out.size() >= size) {
                next_ = each->second->subject();
                paused = true;
                return;
            }
            write_log_record(out, *each->second);
            ++counts_.records;
        }
    });
    return !paused;
}

Result<bool> LogExport::write_commits(std::string& out, std::size_t size) {
    constexpr std::size_t at_once = 200;
    while (written_ < head_.to) {
        if (out.size() >= size) return false;
        const auto left = static_cast<std::size_t>(head_.to - written_);
        for (const model::CommitPtr& commit : TRY(store_.log(written_, std::min(at_once, left)))) {
            write_log_commit(out, *commit);
            written_ = commit->revision;
            ++counts_.commits;
        }
    }
    return true;
}

Result<bool> LogExport::write(std::string& out, std::size_t size) {
    if (ended_) return true;
    if (!std::exchange(begun_, true)) write_log_head(out, head_);
    if (!records_done_) records_done_ = write_records(out, size);
    if (!records_done_) return false;
    if (!TRY(write_commits(out, size))) return false;
    write_log_end(out, counts_);
    ended_ = true;
    return true;
}

}  // namespace vdc::api
