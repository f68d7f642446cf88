#include "engine/host_leases.h"

#include "control/lives.h"

namespace vdc::engine {

using base::Duration;
using base::Instant;
using control::FenceOrder;
using model::Host;
using model::HostId;
using model::Snapshot;
using model::Step;

/// How often the leader looks at whom it did not hear; less than the shortest suspicion.
static constexpr Duration look_every = std::chrono::milliseconds(250);

class HostLeases::Body : public std::enable_shared_from_this<Body> {
  public:
    Body(runtime::Executor& loop, Engine& engine)
        : loop_(loop), engine_(engine), watch_(loop.now()) {
        for (const auto& [id, host] : engine.snapshot()->all<Host>()) learn(*host);
    }

    void learn(const Engine::Group& commits, const Snapshot& snapshot) {
        for (const model::CommitPtr& commit : commits)
            for (const Step& step : commit->steps) {
                const model::Subject subject = subject_of(step.change);
                if (subject.noun != model::Noun::host) continue;
                if (const Host* host = snapshot.find<Host>({subject.id})) learn(*host);
            }
    }

    bool renew(HostId host, model::Epoch epoch) {
        const auto revision = lives_.renew(host, epoch);
        if (revision) watch_.saw(host, *revision, loop_.now());
        return revision.has_value();
    }

    void lead_on() {
        loop_.post_at(loop_.now() + look_every, [self = shared_from_this()] {
            if (self->stopped) return;
            self->look();
            self->lead_on();
        });
    }

    bool stopped = false;

  private:
    /// A host that begins an epoch was heard.
    void learn(const Host& host) {
        lives_.learn(host);
        watch_.saw(host.id, lives_.all().at(host.id).revision, loop_.now());
    }

    void look() {
        // The strictest gap serves hosts of every profile.
        watch_.pulsed(loop_.now(), control::figures_of(model::LeaseProfile::fast).pulse_gap);
        const control::LeasePlan plan = watch_.look(*engine_.snapshot(), loop_.now());
        if (!plan.steps.empty())
            submit([](const Body& self, const Snapshot& s) {
                return self.watch_.look(s, self.loop_.now()).steps;
            });
        // The storm brake counts what is published: no fence beside one that is being written.
        if (fences_under_way_ > 0) return;
        for (const FenceOrder& order : plan.fences) fence(order);
    }

    void fence(const FenceOrder& order) {
        if (!lives_.fence(order)) return watch_.refused(order, loop_.now());
        ++fences_under_way_;
        submit(
            [order](const Body& self, const Snapshot& s) {
                return control::fenced(s, order, self.loop_.now());
            },
            [self = shared_from_this()](const auto&, const auto&) { --self->fences_under_way_; });
    }

    template <class Decide>
    void submit(Decide decide,
                std::function<void(base::Result<model::Revision>, const SnapshotPtr&)> done = {}) {
        engine_.submit(
            {"leases", "",
             [self = shared_from_this(), decide](const Snapshot& s) { return decide(*self, s); },
             std::move(done)});
    }

    runtime::Executor& loop_;
    Engine& engine_;
    control::Lives lives_;
    control::LeaseWatch watch_;
    int fences_under_way_ = 0;  ///< not known yet whether they are durable
};

HostLeases::HostLeases(runtime::Executor& loop, Engine& engine)
    : body_(std::make_shared<Body>(loop, engine)), engine_(engine) {
    listener_ = engine.listen([body = body_](const Engine::Group& commits, const SnapshotPtr& now) {
        body->learn(commits, *now);
    });
    body_->lead_on();
}

HostLeases::~HostLeases() {
    engine_.stop_listening(listener_);
    body_->stopped = true;
}

bool HostLeases::renew(HostId host, model::Epoch epoch) {
    return body_->renew(host, epoch);
}

}  // namespace vdc::engine
