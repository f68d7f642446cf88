#include "runtime/log.h"
#include "runtime/random.h"
#include "store/etcd/follower.h"
#include "store/etcd/snapshots.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::CommitPtr;
using model::Revision;
using model::Snapshot;
using Code = Error::Code;

namespace {

/// What a commit may leave undone here once etcd has it.
Error made_but_not_kept(const Error& error) {
    return {Code::unavailable, "committed, but not kept on this controller: " + error.message,
            error.hint};
}

/// Begins a datacenter in an etcd that holds none; finds the one that is there otherwise.
Result<EtcdPair> find_or_make_head(EtcdClient& client) {
    for (;;) {
        if (auto found = TRY(client.get(etcd_head_key))) return *found;
        const EtcdHead first{text(runtime::random_uuid()), {}};
        const EtcdGuard none{etcd_head_key, 0};
        const EtcdWrite begin{etcd_head_key, text(first)};
        TRY(client.write({&none, 1}, {&begin, 1}));
    }
}

/// etcd decides, the follower remembers. What etcd has committed is appended to the follower at
/// once, or caught up with before the store is used again.
class EtcdStore final : public SharedStore {
  public:
    EtcdStore(std::unique_ptr<EtcdClient> client, std::unique_ptr<Followers> followers)
        : client_(std::move(client)), followers_(std::move(followers)), keeper_(*client_) {}

    Result<Snapshot> latest() override {
        TRY(begin());
        return present()->latest();
    }

    Result<Revision> follow() override {
        TRY(begin());
        return head_.latest.revision;
    }

    Status commit(Revision after, std::uint64_t term, std::span<const CommitPtr> commits) override {
        TRY(check_follows(head_.latest, after, term, commits));
        if (commits.empty()) return {};
        EtcdHead next = head_;
        next.latest = {after + commits.size(), term};
        const auto modified = TRY(write(commits, next));
        if (!modified)
            return Error{Code::conflict,
                         "another controller has written since revision " +
                             std::to_string(head_.latest.revision),
                         "read the latest state and decide again"};
        head_ = std::move(next);
        modified_ = *modified;
        const Status kept = present()->commit(after, term, commits);
        if (!kept.ok()) return made_but_not_kept(kept.error());
        return {};
    }

    Status compact(const Snapshot& snapshot, Revision keep) override {
        TRY(present()->compact(snapshot, keep));
        return keeper_.compact(snapshot, std::min(keep, etcd_log_kept));
    }

    Status settle() override {
        TRY(present()->settle());
        return keeper_.settle();
    }

    Result<std::string> note(const std::string& name) override {
        const auto found = TRY(client_->get(etcd_note_keys + name));
        return found ? found->value : std::string();
    }

    Status set_note(const std::string& name, const std::string& value) override {
        const EtcdWrite write{etcd_note_keys + name, value};
        TRY(client_->write({}, {&write, 1}));
        return {};
    }

    Result<std::map<std::string, std::string>> notes() override {
        constexpr std::int64_t at_once = 1000;
        std::map<std::string, std::string> all;
        std::string from = etcd_note_keys;
        for (bool more = true; more;) {
            EtcdClient::Page page = TRY(client_->range(from, end_of(etcd_note_keys), at_once));
            more = page.more;
            for (EtcdPair& pair : page.pairs) {
                from = pair.key + '\0';
                if (pair.value.empty()) continue;
                all.emplace(pair.key.substr(etcd_note_keys.size()), std::move(pair.value));
            }
        }
        return all;
    }

    Result<std::pair<Revision, Revision>> log_range() override { return present()->log_range(); }
    Result<std::vector<CommitPtr>> log(Revision after, std::size_t limit) override {
        return present()->log(after, limit);
    }
    Result<Snapshot> at(Revision revision) override { return present()->at(revision); }
    Result<Revision> revision_at(model::Instant when) override {
        return present()->revision_at(when);
    }
    Result<Past> past() override { return present()->past(); }
    Result<std::uint64_t> size() override { return present()->size(); }
    Result<std::vector<Entry>> history(const Query& query) override {
        return present()->history(query);
    }

    Status begin() {
        TRY(look());
        return catch_up();
    }

  private:
    /// Reads etcd's head; refuses a folder that does not belong to it.
    Status look() {
        const EtcdPair pair = TRY(find_or_make_head(*client_));
        head_ = TRY(parse_head(pair.value));
        modified_ = pair.modified;
        const std::string whose = TRY(present()->note(etcd_datacenter_note));
        if (whose.empty()) return begin_unmarked();
        if (whose != head_.datacenter)
            return Error{Code::conflict,
                         followers_->folder() + " holds another datacenter than etcd does",
                         "give an empty folder, or the addresses of the etcd that it belongs to"};
        const Revision here = TRY(log_range()).second;
        if (here > head_.latest.revision)
            return Error{Code::conflict,
                         followers_->folder() + " knows revision " + std::to_string(here) +
                             ", but etcd is at " + std::to_string(head_.latest.revision),
                         "etcd was set back to a backup: give an empty folder to go on from there"};
        return {};
    }

    /// The pieces but the last one go ahead: they count only once the head has moved, and the
    /// write that moves it is guarded by each of them. The revision of etcd that it made, or
    /// nothing when a guard did not hold.
    Result<std::optional<std::int64_t>> write(std::span<const CommitPtr> commits,
                                              const EtcdHead& next) {
        const std::string lines = lines_of(commits);
        const auto pieces = pieces_of(lines);
        if (pieces.size() >= etcd_writes_max)
            return Error{Code::too_large,
                         "a group of commits of " + std::to_string(lines.size() >> 20) +
                             " MiB is more than etcd takes at once",
                         "change less in one request"};
        std::vector<EtcdGuard> guards = {{etcd_head_key, modified_}};
        const auto key = [&](std::size_t number) {
            const PieceKey piece{head_.latest.revision + 1, number, pieces.size()};
            return text(etcd_log_keys, piece);
        };
        for (std::size_t number = 0; number + 1 < pieces.size(); ++number) {
            const EtcdWrite ahead{key(number), std::string(pieces[number])};
            const auto modified = TRY(client_->write({guards.data(), 1}, {&ahead, 1}));
            if (!modified) return std::optional<std::int64_t>();
            guards.push_back({key(number), *modified});
        }
        const EtcdWrite writes[] = {{key(pieces.size() - 1), std::string(pieces.back())},
                                    {etcd_head_key, text(next)}};
        return client_->write(guards, writes);
    }

    /// Tells the follower what etcd has and it has not.
    Status catch_up() {
        Revision here = TRY(log_range()).second;
        while (here < head_.latest.revision) {
            const Revision before = here;
            here = TRY(follow(here));
            if (here == before) {
                TRY(begin_with_snapshot());
                here = TRY(log_range()).second;
            }
            base::check(here >= before, "a follower that begins anew knows no less");
        }
        return {};
    }

    /// Appends groups that follow a revision; how far that led. Not a step when etcd has dropped
    /// the next one.
    Result<Revision> follow(Revision here) {
        constexpr std::int64_t at_once = 16;
        std::string from = text(etcd_log_keys, PieceKey{here + 1, 0, 0});
        std::optional<Pieces> pieces(std::in_place);
        for (bool more = true; more;) {
            const EtcdClient::Page page = TRY(client_->range(from, end_of(etcd_log_keys), at_once));
            more = page.more;
            for (const EtcdPair& pair : page.pairs) {
                const PieceKey key = TRY(parse_piece_key(etcd_log_keys, pair.key));
                from = pair.key + '\0';
                if (key.revision <= here) continue;  // left over from a leader that did not end
                if (key.revision > here + 1 || here >= head_.latest.revision) return here;
                const auto lines = pieces->add(key, pair.value);
                if (!lines) continue;
                here = TRY(append(here, *lines));
                pieces.emplace();
            }
        }
        return here;
    }

    /// Appends a group; the revision that it leads to.
    Result<Revision> append(Revision here, const std::string& lines) {
        const auto commits = TRY(commits_of(lines));
        const bool follows = !commits.empty() && commits.front()->revision == here + 1 &&
                             commits.back()->revision == here + commits.size();
        if (!follows)
            return Error{
                Code::corrupt,
                "etcd's commits after revision " + std::to_string(here) + " do not follow it",
                "restore etcd from a backup"};
        TRY(present()->commit(here, commits.back()->term, commits));
        return commits.back()->revision;
    }

    /// The follower has missed more than etcd's log reaches back: it begins anew with etcd's
    /// snapshot.
    Status begin_with_snapshot() {
        auto snapshot = TRY(read_etcd_snapshot(*client_));
        const Revision here = TRY(log_range()).second;
        if (!snapshot || snapshot->revision <= here)
            return Error{Code::corrupt,
                         "etcd has neither the commits after revision " + std::to_string(here) +
                             " nor a later snapshot",
                         "restore etcd from a backup"};
        runtime::log().warning("store", "has missed the commits after revision " +
                                            std::to_string(here) + "; begins anew at " +
                                            std::to_string(snapshot->revision));
        return begin_anew(std::move(*snapshot));
    }

    /// A follower without the note is one that was never begun, or not to the end.
    Status begin_unmarked() {
        if (TRY(log_range()).second > 0) return begin_anew({});
        return present()->set_note(etcd_datacenter_note, head_.datacenter);
    }

    /// The note comes last: a follower without one is not finished.
    Status begin_anew(Snapshot snapshot) {
        TRY(followers_->begin_anew(std::move(snapshot)));
        return present()->set_note(etcd_datacenter_note, head_.datacenter);
    }

    std::shared_ptr<Store> present() const { return followers_->present(); }

    std::unique_ptr<EtcdClient> client_;
    std::unique_ptr<Followers> followers_;
    EtcdHead head_;
    std::int64_t modified_ = 0;  ///< etcd's revision of the head
    EtcdKeeper keeper_;
};

}  // namespace

Result<std::unique_ptr<SharedStore>> open_etcd_store(const EtcdServers& servers,
                                                     const std::string& folder) {
    std::unique_ptr<EtcdClient> client = TRY(EtcdClient::open(servers));
    auto store = std::make_unique<EtcdStore>(std::move(client), TRY(Followers::open(folder)));
    TRY(store->begin());
    return std::unique_ptr<SharedStore>(std::move(store));
}

}  // namespace vdc::store
