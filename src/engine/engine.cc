#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>

#include "control/admission.h"
#include "control/reconcile.h"
#include "control/wakes.h"
#include "model/kept.h"

namespace vdc::engine {

using base::Error;
using base::Instant;
using base::Result;
using base::Status;
using model::Commit;
using model::CommitPtr;
using model::Snapshot;
using model::Step;

/// Lives as long as tasks of its loop refer to it.
class Engine::Body : public std::enable_shared_from_this<Body> {
  public:
    Body(runtime::Executor& executor, store::Store& store, Options options)
        : executor_(executor), store_(store), options_(options) {}

    Status start();
    void submit(Request request);
    SnapshotPtr snapshot() const { return std::atomic_load(&published_); }
    std::uint64_t listen(GroupHeard heard);
    void stop_listening(std::uint64_t listener);
    void tell_standing(std::function<void(const Standing&)> told);
    store::Store& store() { return store_; }
    std::uint64_t writes() const { return writes_; }
    void stop() { stopped_ = true; }

  private:
    /// A request whose steps are in the group being made, and the revision they got.
    struct Taken {
        Request request;
        Result<model::Revision> outcome;
    };

    void turn();
    void turn_soon();
    bool gathers();
    void gather(std::size_t answered, base::Duration write);
    std::deque<Request> take_requests();
    Taken decide(Request request);
    Commit next_commit(const std::string& actor, const std::string& request,
                       std::vector<Step> steps) const;
    Status apply_request(const Request& request, std::vector<Step> steps);
    Result<control::Plan> apply_in_place(const Commit& commit, control::Agenda& touched);
    void follow_up();
    void carry_out(control::Plan plan);
    Status make_durable(const Group& group);
    void answer(Taken& taken, const Status& durable);
    void tell(const Group& group);
    void roll_back();
    void publish();
    void sleep_until_wake();
    void compact_if_due();
    model::Revision kept(model::Revision latest);

    runtime::Executor& executor_;
    store::Store& store_;
    const Options options_;

    std::mutex queue_mutex_;
    std::deque<Request> queue_;
    bool turn_posted_ = false;
    std::size_t expected_ = 0;  ///< requests that the next group is worth waiting for,
    Instant gather_until_;      ///< until then
    bool gathering_ = false;    ///< the turn waits for one of the two
    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> writes_ = 0;

    // Of the loop alone.
    Snapshot draft_;                ///< published plus the group being made
    Group group_;                   ///< not durable yet
    control::Agenda agenda_;        ///< what control must look at
    control::Guarantee guarantee_;  ///< has seen the draft
    Standing standing_;             ///< the last that was told
    control::Wakes wakes_;
    std::optional<Instant> timer_at_;  ///< the earliest turn that post_at was asked for
    bool retry_posted_ = false;        ///< a turn after a failed write waits for its moment
    model::Revision compacted_ = 0;

    std::shared_ptr<const Snapshot> published_;
    std::mutex listeners_mutex_;
    std::map<std::uint64_t, GroupHeard> listeners_;
    std::uint64_t next_listener_ = 1;
};

Status Engine::Body::start() {
    draft_ = TRY(store_.latest());
    compacted_ = TRY(store_.past()).newest_snapshot;
    publish();
    agenda_ = control::everything(draft_);
    guarantee_ = control::Guarantee(draft_);
    turn_soon();
    return {};
}

void Engine::Body::submit(Request request) {
    {
        const std::scoped_lock lock(queue_mutex_);
        if (queue_.size() < options_.queue_max) {
            queue_.push_back(std::move(request));
            const bool complete = gathering_ && queue_.size() >= expected_;
            if (complete) gathering_ = false;
            if (std::exchange(turn_posted_, true) && !complete) return;
        }
    }
    if (request.done)  // it was not moved: the queue is full
        return request.done(
            Error{Error::Code::unavailable, "too many requests wait", "try again in a moment"},
            snapshot());
    executor_.post([self = shared_from_this()] { self->turn(); });
}

void Engine::Body::turn_soon() {
    const std::scoped_lock lock(queue_mutex_);
    if (std::exchange(turn_posted_, true)) return;
    executor_.post([self = shared_from_this()] { self->turn(); });
}

std::deque<Request> Engine::Body::take_requests() {
    const std::scoped_lock lock(queue_mutex_);
    turn_posted_ = false;
    gathering_ = false;
    std::deque<Request> taken;
    while (!queue_.empty() && taken.size() < options_.group_max) {
        taken.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return taken;
}

/// Those who were answered a moment ago ask again in a moment. A write that begins without them
/// makes them wait for two: so two halves of the clients take turns, and each group is half as
/// large as it could be. Remembers whom the next write is worth waiting for, and how long: a
/// quarter of the last one. Who is alone waits for nobody, because his own request is all that is
/// expected; and who comes later than that waits no more.
void Engine::Body::gather(std::size_t answered, base::Duration write) {
    constexpr base::Duration most = std::chrono::milliseconds(2);
    const std::scoped_lock lock(queue_mutex_);
    expected_ = std::min(answered + queue_.size(), options_.group_max);
    gather_until_ = executor_.now() + std::clamp(write / 4, base::Duration{}, most);
}

/// Whether this turn is put off until the group is complete.
bool Engine::Body::gathers() {
    const std::scoped_lock lock(queue_mutex_);
    const bool waits = !queue_.empty() && queue_.size() < expected_ && agenda_.empty() &&
                       executor_.now() < gather_until_;
    if (waits && !std::exchange(gathering_, true))
        executor_.post_at(gather_until_, [self = shared_from_this()] { self->turn(); });
    return waits;
}

/// Look, decide, commit, follow up: one group, one durable write.
void Engine::Body::turn() {
    if (stopped_ || gathers()) return;
    std::vector<Taken> taken;
    for (Request& request : take_requests()) taken.push_back(decide(std::move(request)));
    wakes_.take_due(executor_.now(), agenda_);
    follow_up();
    const Group group = std::exchange(group_, {});
    const Instant began = executor_.now();
    const Status durable = make_durable(group);
    const base::Duration write = executor_.now() - began;
    if (!durable.ok()) roll_back();
    for (Taken& each : taken) answer(each, durable);
    if (durable.ok() && !group.empty()) {
        gather(taken.size(), write);
        tell(group);
    }
    compact_if_due();
    bool more = !agenda_.empty() && durable.ok();
    {
        const std::scoped_lock lock(queue_mutex_);
        more = more || !queue_.empty();
    }
    if (more) return turn_soon();
    sleep_until_wake();
}

Engine::Body::Taken Engine::Body::decide(Request request) {
    Result<std::vector<Step>> steps = request.decide(draft_);
    if (!steps.ok()) return {std::move(request), steps.error()};
    if (steps->empty()) return {std::move(request), draft_.revision};
    const model::Revision revision = draft_.revision + 1;
    const Status applied = apply_request(request, std::move(*steps));
    if (!applied.ok()) return {std::move(request), applied.error()};
    return {std::move(request), revision};
}

/// Applies the steps to the draft, or leaves it as it was. What control does next about those that
/// could break the guarantee. A copy to try them on would cost more than all the rest: it ends
/// the right to write in place, so that each request would copy what it changes anew.
Result<control::Plan> Engine::Body::apply_in_place(const Commit& commit, control::Agenda& touched) {
    const control::Admission admission(draft_, commit.steps, guarantee_);
    const model::Revision revision = draft_.revision;
    const Instant committed = draft_.committed;
    std::vector<model::Kept> kept;
    const auto restore = [&] {
        for (std::size_t at = kept.size(); at > 0; --at) {
            kept[at - 1].restore(draft_);
            guarantee_.look(draft_, subject_of(commit.steps[at - 1].change));
        }
        draft_.revision = revision;
        draft_.committed = committed;
    };
    advance(draft_, commit.revision, commit.at);
    for (const Step& step : commit.steps) {
        const model::Subject subject = subject_of(step.change);
        control::touch(draft_, subject, touched);
        kept.emplace_back(draft_, subject);
        const Status applied = model::apply(draft_, step.change);
        if (!applied.ok()) {
            restore();
            return applied.error();
        }
        guarantee_.look(draft_, subject);
        control::touch(draft_, subject, touched);
    }
    Result<control::Plan> admitted = admission.judge(draft_, commit.at);
    if (!admitted.ok()) restore();
    return admitted;
}

Commit Engine::Body::next_commit(const std::string& actor, const std::string& request,
                                 std::vector<Step> steps) const {
    return {draft_.revision + 1, executor_.now(), options_.term, actor, request, std::move(steps)};
}

/// Adds the steps to the group as one commit, wholly or not at all. What the guarantee admitted has
/// its room from now on: control's answer is the next commit, so that the next request of the group
/// finds it there.
Status Engine::Body::apply_request(const Request& request, std::vector<Step> steps) {
    const auto commit =
        std::make_shared<const Commit>(next_commit(request.actor, request.id, std::move(steps)));
    control::Agenda touched;
    control::Plan plan = TRY(apply_in_place(*commit, touched));
    agenda_.merge(touched);
    group_.push_back(commit);
    carry_out(std::move(plan));
    return {};
}

void Engine::Body::follow_up() {
    if (agenda_.empty()) return;
    carry_out(control::reconcile(draft_, executor_.now(), std::exchange(agenda_, {}), guarantee_));
}

/// A plan looked at all that its own steps touch, and showed them to the guarantee.
void Engine::Body::carry_out(control::Plan plan) {
    for (const auto& [when, subject] : plan.wakes) wakes_.ask(when, subject);
    agenda_.merge(plan.rest);
    if (plan.steps.empty()) return;
    const auto commit =
        std::make_shared<const Commit>(next_commit("control", "", std::move(plan.steps)));
    advance(draft_, commit->revision, commit->at);
    for (const Step& step : commit->steps) {
        const Status applied = model::apply(draft_, step.change);
        base::check(applied.ok(), "a plan of control fits the snapshot it was made for");
    }
    group_.push_back(commit);
}

void Engine::Body::tell_standing(std::function<void(const Standing&)> told) {
    executor_.post([self = shared_from_this(), told = std::move(told)] {
        const SnapshotPtr now = self->snapshot();  // between turns the draft is what is published
        if (self->standing_.snapshot != now)
            self->standing_ = {now, std::make_shared<const placement::Standing>(
                                        self->guarantee_.plans().standing())};
        told(self->standing_);
    });
}

Status Engine::Body::make_durable(const Group& group) {
    if (group.empty()) return {};
    TRY(store_.commit(snapshot()->revision, options_.term, group));
    ++writes_;
    publish();
    return {};
}

void Engine::Body::answer(Taken& taken, const Status& durable) {
    if (!taken.request.done) return;
    const bool lost = taken.outcome.ok() && !durable.ok();
    taken.request.done(lost ? Result<model::Revision>(durable.error()) : std::move(taken.outcome),
                       snapshot());
}

void Engine::Body::tell(const Group& group) {
    std::vector<GroupHeard> heard;
    {
        const std::scoped_lock lock(listeners_mutex_);
        for (const auto& [id, listener] : listeners_) heard.push_back(listener);
    }
    const SnapshotPtr now = snapshot();
    for (const GroupHeard& listener : heard) listener(group, now);
}

/// The write failed, or nobody knows whether it did: what the store has now is the truth.
void Engine::Body::roll_back() {
    constexpr auto pause = std::chrono::seconds(1);
    const model::Revision known = snapshot()->revision;
    Result<Snapshot> stored = store_.latest();
    draft_ = stored.ok() ? std::move(*stored) : *snapshot();
    publish();
    if (draft_.revision > known) {
        auto made_all_the_same = store_.log(known, options_.group_max * 2 + 1);
        if (made_all_the_same.ok()) tell(*made_all_the_same);
    }
    agenda_ = control::everything(draft_);
    guarantee_ = control::Guarantee(draft_);
    // One waits at a time: each turn that fails would leave another one behind, so that the longer
    // the store is away, the more often it is asked.
    if (std::exchange(retry_posted_, true)) return;
    executor_.post_at(executor_.now() + pause, [self = shared_from_this()] {
        self->retry_posted_ = false;
        self->turn_soon();
    });
}

void Engine::Body::publish() {
    std::atomic_store(&published_, std::make_shared<const Snapshot>(draft_));
}

void Engine::Body::sleep_until_wake() {
    const std::optional<Instant> next = wakes_.next();
    if (!next || (timer_at_ && *timer_at_ <= *next && *timer_at_ > executor_.now())) return;
    timer_at_ = *next;
    executor_.post_at(*next, [self = shared_from_this()] { self->turn_soon(); });
}

void Engine::Body::compact_if_due() {
    const SnapshotPtr now = snapshot();
    if (now->revision < compacted_ + options_.compact_every) return;
    compacted_ = now->revision;
    // A failed compaction costs disk space, not data: the next one tries again.
    (void)store_.compact(*now, kept(now->revision));
}

/// Revisions before the latest one whose commits stay.
model::Revision Engine::Body::kept(model::Revision latest) {
    model::Revision keep = options_.log_kept;
    const auto long_ago = store_.revision_at(executor_.now() - options_.log_kept_for);
    // Nothing is known of so long ago: all of the log is younger.
    keep = std::max(keep, long_ago.ok() ? latest - std::min(latest, *long_ago) : latest);
    keep = std::min(keep, latest);
    const auto size = store_.size();
    if (!size.ok() || *size <= options_.log_bytes_max) return keep;
    constexpr std::uint64_t mib = 1 << 20;
    return keep * (options_.log_bytes_max / mib) / (*size / mib + 1);
}

std::uint64_t Engine::Body::listen(GroupHeard heard) {
    const std::scoped_lock lock(listeners_mutex_);
    listeners_.emplace(next_listener_, std::move(heard));
    return next_listener_++;
}

void Engine::Body::stop_listening(std::uint64_t listener) {
    const std::scoped_lock lock(listeners_mutex_);
    listeners_.erase(listener);
}

Engine::Engine(runtime::Executor& executor, store::Store& store, Options options)
    : body_(std::make_shared<Body>(executor, store, options)) {}
Engine::~Engine() {
    body_->stop();
}
Status Engine::start() {
    return body_->start();
}
void Engine::submit(Request request) {
    body_->submit(std::move(request));
}
SnapshotPtr Engine::snapshot() const {
    return body_->snapshot();
}
std::uint64_t Engine::listen(GroupHeard heard) {
    return body_->listen(std::move(heard));
}
void Engine::stop_listening(std::uint64_t listener) {
    body_->stop_listening(listener);
}
void Engine::tell_standing(std::function<void(const Standing&)> told) {
    body_->tell_standing(std::move(told));
}
store::Store& Engine::store() {
    return body_->store();
}
std::uint64_t Engine::writes() const {
    return body_->writes();
}

}  // namespace vdc::engine
