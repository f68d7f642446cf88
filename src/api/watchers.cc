#include "api/watchers.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>

#include "api/items.h"
#include "model/noun_words.h"
#include "runtime/loop.h"
#include "wire/events.h"

namespace vdc::api {

using base::Error;
using base::Json;
using engine::SnapshotPtr;
using model::CommitPtr;
using model::Revision;

namespace {

constexpr std::size_t queued_max = 512 << 10;  ///< bytes on their way to one reader
constexpr std::size_t log_batch = 64;          ///< commits read from the log at once
constexpr auto tick = std::chrono::seconds(15);

/// One stream. Only the loop of the watchers touches it.
struct Watcher {
    wire::Stream stream;
    Watchers::Wanted wanted;
    Revision sent;                     ///< all commits up to this one are through
    std::deque<CommitPtr> ahead = {};  ///< the next ones, beginning with sent + 1
    std::size_t step = 0;              ///< of the first one ahead, the next to send
    Revision told = 0;                 ///< the last id that the reader has
    bool waits = false;                ///< until its queue has run empty
};

bool matches(const Watchers::Wanted& wanted, const model::Subject& subject) {
    if (wanted.noun && *wanted.noun != subject.noun) return false;
    return !wanted.subject || *wanted.subject == subject;
}

std::string change_event(const model::Commit& commit, const model::Step& step,
                         const model::Snapshot& snapshot, bool last) {
    const model::Subject subject = subject_of(step.change);
    std::string data = R"({"revision":)" + std::to_string(commit.revision) + R"(,"at":")" +
                       text(commit.at) + R"(","actor":)";
    base::dump_text_to(data, commit.actor);
    data += R"(,"verb":")" + std::string(verb_of(step.change)) + R"(","noun":")" +
            std::string(model::one_word(subject.noun)) + R"(","id":")" + text(subject.id) +
            R"(","reason":)";
    base::dump_text_to(data, step.reason);
    data += R"(,"item":)";
    write_subject(data, snapshot, subject);
    data += '}';
    return wire::text({last ? std::to_string(commit.revision) : "", "change", std::move(data)});
}

}  // namespace

class Watchers::Body : public std::enable_shared_from_this<Body> {
  public:
    explicit Body(engine::Engine& engine) : engine_(engine) {}

    void start() {
        latest_ = engine_.snapshot()->revision;
        listener_ = engine_.listen(
            [weak = weak_from_this()](const Group& group, const SnapshotPtr& snapshot) {
                if (const auto self = weak.lock()) self->heard(group, snapshot);
            });
        loop_.start();
        post_tick();
    }

    /// No call of the engine or of the loop comes after this.
    void stop() {
        engine_.stop_listening(listener_);
        loop_.stop();
        loop_.join();
        watchers_.clear();
    }

    void add(CallPtr call, const Wanted& wanted) {
        loop_.post([this, call = std::move(call), wanted] { begin(call, wanted); });
    }

  private:
    using Group = engine::Engine::Group;

    // The loop is ours and ends before us: its tasks may hold `this`.
    void heard(const Group& group, const SnapshotPtr& snapshot) {
        if (!watched_) return;
        loop_.post([this, group, snapshot] {
            for (const CommitPtr& commit : group) on_commit(commit, snapshot);
        });
    }

    void begin(const CallPtr& call, const Wanted& wanted);
    void on_commit(const CommitPtr& commit, const SnapshotPtr& snapshot);
    void pump(std::uint64_t id, Watcher& watcher, const model::Snapshot& snapshot);
    bool send_first(std::uint64_t id, Watcher& watcher, const model::Snapshot& snapshot);
    bool read_ahead(Watcher& watcher);
    void wait_for_room(std::uint64_t id, Watcher& watcher);
    void on_room(std::uint64_t id);
    void post_tick();
    void on_tick();

    engine::Engine& engine_;
    std::uint64_t listener_ = 0;
    Revision latest_ = 0;  ///< heard of
    std::uint64_t last_id_ = 0;
    /// Whether anybody watches. What is committed while nobody does is not heard of: whoever begins
    /// sets this first and looks at the snapshot afterwards, which is published before it is told.
    std::atomic<bool> watched_ = false;
    std::map<std::uint64_t, Watcher> watchers_;
    runtime::Loop loop_{"api-watchers"};
};

// ---- beginning ---------------------------------------------------------------------------------

void Watchers::Body::begin(const CallPtr& call, const Wanted& wanted) {
    watched_ = true;
    const SnapshotPtr snapshot = engine_.snapshot();
    latest_ = std::max(latest_, snapshot->revision);
    if (wanted.after > snapshot->revision)
        return call->refuse(410,
                            Error{Error::Code::not_found,
                                  "revision " + std::to_string(wanted.after) + " has not been yet",
                                  "list again, and watch after the revision of that"});
    auto first = engine_.store().log(wanted.after, log_batch);
    if (!first.ok() && first.error().code == Error::Code::not_found)
        return call->refuse(410, Error{Error::Code::not_found, first.error().message,
                                       "list again, and watch after the revision of that"});
    if (!first.ok()) return call->refuse(first.error());
    const std::uint64_t id = ++last_id_;
    const wire::Headers headers{{"Content-Type", "text/event-stream"},
                                {"Cache-Control", "no-store"},
                                {"X-Accel-Buffering", "no"}};
    const auto at =
        watchers_.emplace(id, Watcher{call->stream(200, headers), wanted, wanted.after});
    Watcher& watcher = at.first->second;
    watcher.told = wanted.after;
    watcher.ahead.assign(first->begin(), first->end());
    watcher.stream.write("retry: 1000\n\n");
    watcher.stream.on_closed([weak = weak_from_this(), id] {
        const auto self = weak.lock();
        if (self) self->loop_.post([body = self.get(), id] { body->watchers_.erase(id); });
    });
    pump(id, watcher, *snapshot);
}

// ---- going on ----------------------------------------------------------------------------------

void Watchers::Body::on_commit(const CommitPtr& commit, const SnapshotPtr& snapshot) {
    latest_ = std::max(latest_, commit->revision);
    for (auto& [id, watcher] : watchers_) {
        // Who is behind reads this one from the log; who read ahead of us has it.
        const bool next = watcher.ahead.empty() && watcher.sent + 1 == commit->revision;
        if (!next) continue;
        watcher.ahead.push_back(commit);
        pump(id, watcher, *snapshot);
    }
}

/// Sends what is ahead until nothing is left or the reader has enough to read.
void Watchers::Body::pump(std::uint64_t id, Watcher& watcher, const model::Snapshot& snapshot) {
    while (!watcher.waits && !watcher.stream.closed()) {
        if (watcher.ahead.empty() && (watcher.sent >= latest_ || !read_ahead(watcher))) return;
        if (!send_first(id, watcher, snapshot)) return;
    }
}

/// The steps of the first commit ahead. False when its reader must read first.
bool Watchers::Body::send_first(std::uint64_t id, Watcher& watcher,
                                const model::Snapshot& snapshot) {
    const CommitPtr commit = watcher.ahead.front();
    const auto wanted = [&](const model::Step& step) {
        return matches(watcher.wanted, subject_of(step.change));
    };
    std::size_t last = commit->steps.size();
    while (last > 0 && !wanted(commit->steps[last - 1])) --last;
    for (; watcher.step < last; ++watcher.step) {
        const model::Step& step = commit->steps[watcher.step];
        if (!wanted(step)) continue;
        if (watcher.stream.queued() > queued_max) {
            wait_for_room(id, watcher);
            return false;
        }
        const bool is_last = watcher.step + 1 == last;
        if (is_last) watcher.told = commit->revision;
        watcher.stream.write(change_event(*commit, step, snapshot, is_last));
    }
    watcher.sent = commit->revision;
    watcher.step = 0;
    watcher.ahead.pop_front();
    return true;
}

bool Watchers::Body::read_ahead(Watcher& watcher) {
    const auto batch = engine_.store().log(watcher.sent, log_batch);
    if (!batch.ok()) {  // compacted meanwhile: resuming tells the reader so
        watcher.stream.close();
        return false;
    }
    watcher.ahead.assign(batch->begin(), batch->end());
    return !watcher.ahead.empty();
}

void Watchers::Body::wait_for_room(std::uint64_t id, Watcher& watcher) {
    watcher.waits = true;
    watcher.stream.on_drained([weak = weak_from_this(), id] {
        const auto self = weak.lock();
        if (self) self->loop_.post([body = self.get(), id] { body->on_room(id); });
    });
    if (watcher.stream.queued() == 0)  // it ran empty before we asked to be told
        loop_.post([this, id] { on_room(id); });
}

void Watchers::Body::on_room(std::uint64_t id) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end() || !std::exchange(found->second.waits, false)) return;
    pump(id, found->second, *engine_.snapshot());
}

// ---- quiet times -------------------------------------------------------------------------------

void Watchers::Body::post_tick() {
    loop_.post_at(loop_.now() + tick, [this] { on_tick(); });
}

/// Keeps connections alive, and tells readers of one noun how far they are.
void Watchers::Body::on_tick() {
    for (auto& [id, watcher] : watchers_) {
        if (watcher.waits) continue;
        if (watcher.told < watcher.sent && watcher.ahead.empty()) {
            watcher.told = watcher.sent;
            const std::string revision = std::to_string(watcher.sent);
            watcher.stream.write(
                wire::text({revision, "bookmark", R"({"revision":)" + revision + "}"}));
        } else {
            watcher.stream.write(std::string(wire::keep_alive_comment()));
        }
    }
    watched_ = !watchers_.empty();
    post_tick();
}

// ---- the outside -------------------------------------------------------------------------------

Watchers::Watchers(engine::Engine& engine) : body_(std::make_shared<Body>(engine)) {
    body_->start();
}

Watchers::~Watchers() {
    body_->stop();
}

void Watchers::add(CallPtr call, Wanted wanted) {
    body_->add(std::move(call), wanted);
}

}  // namespace vdc::api
