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
    Body(runtime::Executor& executor, runtime::Executor& writer, store::Store& store,
         Options options)
        : executor_(executor), writer_(writer), store_(store), options_(options) {}

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
    /// A request that was decided, and the revision that its steps got.
    struct Taken {
        Request request;
        Result<model::Revision> outcome;
    };

    /// What was decided since the last group went to the store.
    struct Next {
        Group group;
        std::vector<Taken> taken;
    };

    /// A group at the store, and the datacenter as of its end.
    struct Write {
        std::shared_ptr<const Group> group;
        std::vector<Taken> taken;
        SnapshotPtr after;
    };

    void turn();
    void turn_soon();
    std::deque<Request> take_requests();
    Taken decide(Request request);
    Commit next_commit(const std::string& actor, const std::string& request,
                       std::vector<Step> steps) const;
    Status apply_request(const Request& request, std::vector<Step> steps);
    Result<control::Plan> apply_in_place(const Commit& commit, control::Agenda& touched);
    void follow_up();
    void carry_out(control::Plan plan);
    bool gathers();
    void gather(std::size_t answered, base::Duration write);
    void hand_over();
    void written(const Status& durable, base::Duration took);
    void wake(const std::shared_ptr<runtime::Mailbox>& home);
    void answer(std::vector<Taken> taken, const Status& durable);
    void tell(const Group& group);
    void roll_back();
    void publish(SnapshotPtr durable);
    void tell_standing_if_durable();
    void go_on();
    bool more_wait();
    void sleep_until_wake();
    void compact_if_due();
    model::Revision kept(model::Revision latest);

    runtime::Executor& executor_;
    runtime::Executor& writer_;
    store::Store& store_;
    const Options options_;

    std::mutex queue_mutex_;
    std::deque<Request> queue_;
    bool turn_posted_ = false;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> writes_ = 0;

    // Of the loop alone.
    Snapshot draft_;                ///< published, what is being written, and what is next
    std::optional<Write> writing_;  ///< meanwhile the loop itself leaves the store alone
    Next next_;                     ///< goes there when it has come back
    control::Agenda agenda_;        ///< what control must look at
    control::Guarantee guarantee_;  ///< has seen the draft
    control::Wakes wakes_;
    std::optional<Instant> timer_at_;  ///< the earliest turn that post_at was asked for
    bool retry_posted_ = false;        ///< a turn after a failed write waits for its moment
    model::Revision compacted_ = 0;
    std::size_t expected_ = 0;  ///< requests that the next group is worth waiting for,
    Instant gather_until_;      ///< until then
    bool quick_ = false;        ///< the last write took less time than to gather is worth
    Instant gather_posted_;     ///< the last of these moments that a turn was posted for
    std::vector<std::function<void(const Standing&)>> standing_asked_;
    Standing standing_;  ///< the last that was told

    std::shared_ptr<const Snapshot> published_;
    std::mutex listeners_mutex_;
    std::map<std::uint64_t, GroupHeard> listeners_;
    std::uint64_t next_listener_ = 1;
};

Status Engine::Body::start() {
    draft_ = TRY(store_.latest());
    compacted_ = TRY(store_.past()).newest_snapshot;
    publish(std::make_shared<const Snapshot>(draft_));
    agenda_ = control::everything(draft_);
    guarantee_ = control::Guarantee(draft_);
    turn_soon();
    return {};
}

void Engine::Body::submit(Request request) {
    const std::shared_ptr<runtime::Mailbox> home = request.home;
    {
        const std::scoped_lock lock(queue_mutex_);
        if (queue_.size() < options_.queue_max) {
            queue_.push_back(std::move(request));
            if (std::exchange(turn_posted_, true)) return;
        }
    }
    if (request.done)  // it was not moved: the queue is full
        return request.done(
            Error{Error::Code::unavailable, "too many requests wait", "try again in a moment"},
            snapshot());
    wake(home);
}

/// A turn, once whoever asked has nothing more at hand; also when his loop has ended and drops what
/// is posted to it.
void Engine::Body::wake(const std::shared_ptr<runtime::Mailbox>& home) {
    const auto turn = [self = shared_from_this()] {
        self->executor_.post([self] { self->turn(); });
    };
    if (home == nullptr) return turn();
    const std::shared_ptr<void> letter(nullptr, [turn](void*) { turn(); });
    home->post([letter] {});
}

void Engine::Body::turn_soon() {
    const std::scoped_lock lock(queue_mutex_);
    if (std::exchange(turn_posted_, true)) return;
    executor_.post([self = shared_from_this()] { self->turn(); });
}

/// As many as the next group has room for; where writes are quick only a part of them at a time,
/// so that the writer begins with it while others are decided, and finds the loop at once when it
/// comes back. Who wants to hear how the plans stand gets a moment in which the draft is durable:
/// until then nothing more is decided on top of what is being written.
std::deque<Request> Engine::Body::take_requests() {
    const std::scoped_lock lock(queue_mutex_);
    turn_posted_ = false;
    std::deque<Request> taken;
    if (writing_ && !standing_asked_.empty()) return taken;
    const std::size_t room = options_.group_max - next_.taken.size();
    constexpr std::size_t a_few = 16;
    const std::size_t part = std::max(a_few, queue_.size() / 4);
    const std::size_t most = writing_ || quick_ ? std::min(room, part) : room;
    while (!queue_.empty() && taken.size() < most) {
        taken.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return taken;
}

/// Look and decide, also on top of what is being written; the group goes to the store when the one
/// before has come back.
void Engine::Body::turn() {
    if (stopped_) return;
    std::deque<Request> requests = take_requests();
    for (Request& request : requests) next_.taken.push_back(decide(std::move(request)));
    if (!writing_ && !gathers()) {
        hand_over();
        go_on();
    } else if (!requests.empty() && more_wait()) {
        turn_soon();
    }
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
        control::Touch touch(draft_, subject, touched);
        kept.emplace_back(draft_, subject);
        const Status applied = model::apply(draft_, step.change);
        if (!applied.ok()) {
            restore();
            return applied.error();
        }
        guarantee_.look(draft_, subject);
        touch.changed(draft_);
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
    next_.group.push_back(commit);
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
    next_.group.push_back(commit);
}

/// Those who were answered a moment ago ask again in a moment. A write that begins without them
/// makes them wait for two: so two halves of the clients take turns, and each group is half as
/// large as it could be. Where writes are slow, that halves what they carry; so the next one waits
/// for those who are expected, a quarter of the last one at most. Where they are quick, the two
/// halves are what keeps both the store and the loop at work. Who is alone waits for nobody,
/// because his own request is all that is expected; and who comes later than that waits no more.
void Engine::Body::gather(std::size_t answered, base::Duration write) {
    constexpr base::Duration quick = std::chrono::milliseconds(1);
    constexpr base::Duration most = std::chrono::milliseconds(2);
    const std::scoped_lock lock(queue_mutex_);
    expected_ = std::min(answered + next_.taken.size() + queue_.size(), options_.group_max);
    gather_until_ = executor_.now();
    quick_ = write < quick;
    if (!quick_) gather_until_ += std::min(write / 4, most);
}

/// Whether the write is put off until its group is complete.
bool Engine::Body::gathers() {
    const bool waits =
        !next_.taken.empty() && next_.taken.size() < expected_ && executor_.now() < gather_until_;
    if (waits && std::exchange(gather_posted_, gather_until_) != gather_until_)
        executor_.post_at(gather_until_, [self = shared_from_this()] { self->turn(); });
    return waits;
}

/// Lets control follow up, and the writer begin. Nothing is being written.
void Engine::Body::hand_over() {
    wakes_.take_due(executor_.now(), agenda_);
    follow_up();
    Next next = std::exchange(next_, {});
    if (next.group.empty())  // all are refused, or there is nothing to do
        return answer(std::move(next.taken), Status{});
    const auto group = std::make_shared<const Group>(std::move(next.group));
    const model::Revision known = snapshot()->revision;
    writing_ = {group, std::move(next.taken), std::make_shared<const Snapshot>(draft_)};
    writer_.post([self = shared_from_this(), group, known] {
        if (self->stopped_) return;
        const Instant began = self->writer_.now();
        const Status durable = self->store_.commit(known, self->options_.term, *group);
        self->executor_.post(
            [self, durable, took = self->writer_.now() - began] { self->written(durable, took); });
    });
}

/// The writer has come back. What was decided meanwhile goes to the store before anybody is told:
/// so it is written while answers are. If the write failed, that falls with it: it was decided on
/// what may never have been.
void Engine::Body::written(const Status& durable, base::Duration took) {
    if (stopped_) return;
    Write done = std::move(*std::exchange(writing_, std::nullopt));
    if (durable.ok()) {
        ++writes_;
        publish(std::move(done.after));
        compact_if_due();
        tell_standing_if_durable();
        gather(done.taken.size(), took);
        if (!gathers()) hand_over();
    } else {
        for (Taken& each : std::exchange(next_, {}).taken) done.taken.push_back(std::move(each));
        roll_back();
    }
    answer(std::move(done.taken), durable);
    if (durable.ok()) tell(*done.group);
    go_on();
}

void Engine::Body::go_on() {
    const bool follows = !writing_ && !agenda_.empty() && !retry_posted_;
    if (follows || more_wait()) return turn_soon();
    if (!writing_) sleep_until_wake();
}

/// Requests for which the next group has room.
bool Engine::Body::more_wait() {
    const std::scoped_lock lock(queue_mutex_);
    return !queue_.empty() && next_.taken.size() < options_.group_max;
}

void Engine::Body::tell_standing(std::function<void(const Standing&)> told) {
    executor_.post([self = shared_from_this(), told = std::move(told)]() mutable {
        self->standing_asked_.push_back(std::move(told));
        if (!self->writing_) self->tell_standing_if_durable();
    });
}

/// When nothing is being written and nothing is next, the draft is what is published.
void Engine::Body::tell_standing_if_durable() {
    if (standing_asked_.empty() || !next_.group.empty()) return;
    const SnapshotPtr now = snapshot();
    if (standing_.snapshot != now)
        standing_ = {now,
                     std::make_shared<const placement::Standing>(guarantee_.plans().standing())};
    for (const auto& told : std::exchange(standing_asked_, {})) told(standing_);
}

/// Each at home, in order, and one letter to each home.
void Engine::Body::answer(std::vector<Taken> taken, const Status& durable) {
    using Home = std::shared_ptr<runtime::Mailbox>;
    std::vector<std::pair<Home, std::shared_ptr<std::vector<Taken>>>> letters;
    for (Taken& each : taken) {
        if (!each.request.done) continue;
        if (!durable.ok()) each.outcome = durable.error();
        const auto is_home = [&](const auto& to) { return to.first == each.request.home; };
        auto letter = std::find_if(letters.begin(), letters.end(), is_home);
        if (letter == letters.end())
            letter =
                letters.insert(letter, {each.request.home, std::make_shared<std::vector<Taken>>()});
        letter->second->push_back(std::move(each));
    }
    for (const auto& [home, theirs] : letters) {
        const auto deliver = [theirs = theirs, now = snapshot()] {
            for (Taken& each : *theirs) each.request.done(std::move(each.outcome), now);
        };
        home == nullptr ? deliver() : home->post(deliver);
    }
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
    publish(std::make_shared<const Snapshot>(draft_));
    if (draft_.revision > known) {
        auto made_all_the_same = store_.log(known, options_.group_max * 2 + 1);
        if (made_all_the_same.ok()) tell(*made_all_the_same);
    }
    agenda_ = control::everything(draft_);
    guarantee_ = control::Guarantee(draft_);
    tell_standing_if_durable();
    // One waits at a time: each turn that fails would leave another one behind, so that the longer
    // the store is away, the more often it is asked.
    if (std::exchange(retry_posted_, true)) return;
    executor_.post_at(executor_.now() + pause, [self = shared_from_this()] {
        self->retry_posted_ = false;
        self->turn_soon();
    });
}

void Engine::Body::publish(SnapshotPtr durable) {
    std::atomic_store(&published_, std::move(durable));
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

Engine::Engine(runtime::Executor& executor, runtime::Executor& writer, store::Store& store,
               Options options)
    : body_(std::make_shared<Body>(executor, writer, store, options)) {}
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
