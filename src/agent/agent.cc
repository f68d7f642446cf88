#include "agent/agent.h"

namespace vdc::agent {

using base::Instant;
using control::Effect;
using control::Sighting;

class Agent::Body : public std::enable_shared_from_this<Body> {
  public:
    Body(runtime::Executor& executor, Hands& hands, Controller& controller)
        : executor_(executor), hands_(hands), controller_(controller) {}

    void found(const std::vector<model::InstanceId>& instances) { mind_.found(instances); }
    void set_duties(control::Duties duties);
    void noticed(const drivers::Notice& notice);
    const control::HostMind& mind() const { return mind_; }
    void on_duties(std::function<void(const control::Duties&)> heard) {
        duties_heard_ = std::move(heard);
    }
    void stop() { stopped_ = true; }

  private:
    void turn();
    void begin(const Effect& effect);
    void give_reports();
    void reported(const model::Subject& subject, const base::Status& status);
    void sleep_until_wake();

    runtime::Executor& executor_;
    Hands& hands_;
    Controller& controller_;
    control::HostMind mind_;
    std::function<void(const control::Duties&)> duties_heard_;
    std::optional<Instant> timer_at_;
    bool stopped_ = false;
};

void Agent::Body::set_duties(control::Duties duties) {
    if (duties.revision < mind_.duties().revision) return;
    mind_.set_duties(std::move(duties));
    if (duties_heard_) duties_heard_(mind_.duties());
    turn();
}

void Agent::Body::noticed(const drivers::Notice& notice) {
    mind_.noticed(notice.instance, notice.seen, executor_.now());
    turn();
}

void Agent::Body::turn() {
    if (stopped_) return;
    for (const Effect& effect : mind_.next(executor_.now())) begin(effect);
    give_reports();
    sleep_until_wake();
}

void Agent::Body::begin(const Effect& effect) {
    hands_.start(effect, [self = shared_from_this(), effect](base::Result<Sighting> result) {
        if (self->stopped_) return;
        self->mind_.done(effect, result, self->executor_.now());
        self->turn();
    });
}

void Agent::Body::give_reports() {
    for (model::Step& step : mind_.reports(executor_.now())) {
        const model::Subject subject = subject_of(step.change);
        controller_.report(std::move(step),
                           [self = shared_from_this(), subject](const base::Status& status) {
                               self->reported(subject, status);
                           });
    }
}

/// A report that was refused is made anew from what is known then.
void Agent::Body::reported(const model::Subject& subject, const base::Status& status) {
    constexpr auto pause = std::chrono::seconds(1);
    if (status.ok() || stopped_) return;
    mind_.report_failed(subject);
    executor_.post_at(executor_.now() + pause, [self = shared_from_this()] { self->turn(); });
}

void Agent::Body::sleep_until_wake() {
    const std::optional<Instant> next = mind_.wake_at();
    if (!next || (timer_at_ && *timer_at_ <= *next && *timer_at_ > executor_.now())) return;
    timer_at_ = *next;
    executor_.post_at(*next, [self = shared_from_this()] { self->turn(); });
}

Agent::Agent(runtime::Executor& executor, Hands& hands, Controller& controller)
    : body_(std::make_shared<Body>(executor, hands, controller)) {}
Agent::~Agent() {
    body_->stop();
}
void Agent::found(const std::vector<model::InstanceId>& instances) {
    body_->found(instances);
}
void Agent::set_duties(control::Duties duties) {
    body_->set_duties(std::move(duties));
}
void Agent::noticed(const drivers::Notice& notice) {
    body_->noticed(notice);
}
const control::HostMind& Agent::mind() const {
    return body_->mind();
}
void Agent::on_duties(std::function<void(const control::Duties&)> heard) {
    body_->on_duties(std::move(heard));
}

}  // namespace vdc::agent
