#include "sim/forecast_book.h"

#include <algorithm>

#include "model/apply.h"
#include "model/places.h"
#include "model/status.h"

namespace vdc::sim {

using namespace base;
using api::Forecast;
using model::Application;
using model::ApplicationId;
using model::HostId;
using model::Instance;
using model::InstanceId;
using model::Link;
using model::Snapshot;

static bool is_wanted(const Instance& instance) {
    return !instance.deleting && wanted_power(instance) == model::Power::on;
}

static const Application* application_of(const Snapshot& s, const Instance& instance) {
    const auto& id = instance.declared.application;
    return id ? s.find<Application>(*id) : nullptr;
}

ForecastBook::ForecastBook(engine::SnapshotPtr begin, Instant now)
    : begin_(std::move(begin)), before_(begin_), now_(begin_), zero_(now), last_change_(now) {
    for (const auto& [id, instance] : begin_->all<Instance>())
        if (is_wanted(*instance) && !is_up(*begin_, *instance)) ++down_now_;
    down_.emplace_back(now, down_now_);
}

bool ForecastBook::is_lost(const Instance& instance) const {
    for (const auto& [host, loss] : lost_) {
        const auto run = loss.runs.find(instance.id);
        if (run != loss.runs.end()) return instance.observed.generation <= run->second;
    }
    return false;
}

/// Whether it can be used: where a front stands before it, the front says so.
bool ForecastBook::is_up(const Snapshot& s, const Instance& instance) const {
    if (instance.observed.phase != model::InstancePhase::running || is_lost(instance)) return false;
    const Application* application = application_of(s, instance);
    if (application == nullptr) return true;
    return replica_ready(*application, instance) && !front_is_lost(*application);
}

bool ForecastBook::front_is_lost(const Application& application) const {
    const auto carrier = model::front_carrier(application);
    return carrier && lost_.contains(*carrier);
}

Forecast::Instance ForecastBook::named(const Instance& instance) const {
    const auto* project = now_->find<model::Project>(instance.project);
    const Application* application = application_of(*now_, instance);
    return {instance.id, instance.name, project != nullptr ? project->name : "",
            application != nullptr ? application->name : ""};
}

std::string ForecastBook::host_name(HostId id) const {
    const auto* host = now_->find<model::Host>(id);
    return host != nullptr ? host->name : text(id);
}

/// What is known of an instance; at first, how it was before the commits that touch it.
ForecastBook::Life& ForecastBook::life_of(InstanceId id) {
    const auto [at, fresh] = lives_.try_emplace(id);
    Life& life = at->second;
    if (!fresh) return life;
    const Instance* was = before_->find<Instance>(id);
    life.fresh = was == nullptr;
    if (was == nullptr) return life;
    life.last_host = was->claimed.host;
    life.who = named(*was);
    life.wanted = is_wanted(*was);
    life.up = is_up(*before_, *was);
    life.was_down = life.wanted && !life.up;
    if (life.was_down) life.down_since = down_.front().first;
    return life;
}

// ---- learning ----------------------------------------------------------------------------------

void ForecastBook::count_down(std::int64_t change, Instant at) {
    down_now_ += change;
    if (down_.back().first == at)
        down_.back().second = down_now_;
    else
        down_.emplace_back(at, down_now_);
}

void ForecastBook::goes_down(Life& life, Instant at) {
    life.down_since = at;
    life.runs.reset();
    life.ready.reset();
    if (!life.first_down) life.first_down = at;
    count_down(1, at);
}

void ForecastBook::comes_up(Life& life, Instant at) {
    life.missing += at - life.down_since;
    life.ready = at;
    life.was_down = false;
    if (!life.runs) life.runs = at;
    if (!life.first_down) life.first_down = life.down_since;
    count_down(-1, at);
}

void ForecastBook::look_at(InstanceId id, Instant at) {
    Life& life = life_of(id);
    const Instance* instance = now_->find<Instance>(id);
    const bool wanted = instance != nullptr && is_wanted(*instance);
    const bool up = instance != nullptr && is_up(*now_, *instance);
    if (instance != nullptr) life.who = named(*instance);
    const bool was_down = life.wanted && !life.up;
    const bool runs =
        wanted && instance->observed.phase == model::InstancePhase::running && !is_lost(*instance);
    if (was_down && runs && !life.runs) life.runs = at;
    if (!was_down && wanted && !up) goes_down(life, at);
    if (was_down && wanted && up) comes_up(life, at);
    if (was_down && !wanted) {  // nobody waits for it any more
        life.missing += at - life.down_since;
        count_down(-1, at);
    }
    life.wanted = wanted;
    life.up = up;
}

void ForecastBook::note_move(const model::Claim<Instance>& claim, const model::Commit& commit,
                             const std::string& reason) {
    Life& life = life_of(claim.id);
    if (!claim.claimed.host || life.last_host == claim.claimed.host) return;
    moves_.push_back({claim.id, life.last_host, *claim.claimed.host, commit.at, reason});
    life.last_host = claim.claimed.host;
}

void ForecastBook::note_image(const model::Sight<model::Image>& sight) {
    if (sight.seen.phase != model::ImagePhase::ready) return;
    const auto* was = begin_->find<model::Image>(sight.id);
    const auto* seen = was != nullptr ? seen_on(*was, sight.seen.host) : nullptr;
    if (seen == nullptr || seen->phase != model::ImagePhase::ready)
        brought_.insert({sight.id, sight.seen.host});
}

/// The instances and applications that a step may have changed in our eyes.
struct Touched {
    std::set<InstanceId> instances;
    std::set<ApplicationId> applications;

    void add(const Snapshot& s, const model::Subject& subject) {
        if (subject.noun == model::Noun::instance) instances.insert({subject.id});
        if (subject.noun != model::Noun::application) return;
        applications.insert({subject.id});
        for (const Uuid& id : s.linked(Link::application_instance, subject.id))
            instances.insert({id});
    }
};

void ForecastBook::learn(const model::Commit& commit, const engine::SnapshotPtr& after) {
    if (now_ != after) before_ = now_;
    now_ = after;
    Touched touched;
    for (const model::Step& step : commit.steps) {
        if (const auto* claim = std::get_if<model::Claim<Instance>>(&step.change))
            note_move(*claim, commit, step.reason);
        if (const auto* sight = std::get_if<model::Sight<model::Image>>(&step.change))
            note_image(*sight);
        const model::Subject subject = subject_of(step.change);
        touched.add(*before_, subject);
        touched.add(*now_, subject);
    }
    for (const InstanceId id : touched.instances) {
        look_at(id, commit.at);
        for (const Snapshot* s : {before_.get(), now_.get()})
            if (const Instance* instance = s->find<Instance>(id))
                if (instance->declared.application)
                    touched.applications.insert(*instance->declared.application);
    }
    for (const ApplicationId id : touched.applications) look_at_promise(id, commit.at);
    last_change_ = commit.at;
}

void ForecastBook::host_lost(HostId host, Instant at) {
    before_ = now_;
    Touched touched;
    for (const Uuid& id : now_->linked(Link::host_application, host.value))
        touched.add(*now_, {model::Noun::application, id});
    const auto runs = now_->linked_records<Instance>(Link::host_instance, host.value);
    for (const Instance* instance : runs) {
        touched.instances.insert(instance->id);
        if (instance->declared.application)
            touched.applications.insert(*instance->declared.application);
    }
    for (const InstanceId id : touched.instances) life_of(id);  // as they were before
    for (const ApplicationId id : touched.applications) promise_of(id, at);
    Loss& loss = lost_[host];
    for (const Instance* instance : runs) loss.runs[instance->id] = instance->claimed.generation;
    for (const InstanceId id : touched.instances) look_at(id, at);
    for (const ApplicationId id : touched.applications) look_at_promise(id, at);
    last_change_ = at;
}

// ---- promises ----------------------------------------------------------------------------------

std::int64_t ForecastBook::ready_replicas(const Snapshot& s, const Application& app) const {
    std::int64_t ready = 0;
    for (const auto* replica : s.linked_records<Instance>(Link::application_instance, app.id.value))
        if (is_wanted(*replica) && is_up(s, *replica)) ++ready;
    return ready;
}

/// What is promised by an application; at first, how it stood before.
ForecastBook::Promise& ForecastBook::promise_of(ApplicationId id, Instant at) {
    const auto [found, fresh] = promises_.try_emplace(id);
    Promise& promise = found->second;
    if (!fresh) return promise;
    promise.since = at;
    const Application* was = before_->find<Application>(id);
    if (was == nullptr) return promise;
    promise.broken.promised = was->deleting ? 0 : was->declared.replicas;
    promise.ready = ready_replicas(*before_, *was);
    promise.broken.least = promise.ready;
    return promise;
}

void ForecastBook::integrate(Promise& promise, Instant at) {
    const std::int64_t short_of = promise.broken.promised - promise.ready;
    if (short_of > 0) {
        promise.broken.below += at - promise.since;
        promise.broken.missing += (at - promise.since) * short_of;
    }
    promise.since = at;
}

void ForecastBook::look_at_promise(ApplicationId id, Instant at) {
    Promise& promise = promise_of(id, at);
    integrate(promise, at);
    const Application* application = now_->find<Application>(id);
    promise.broken.promised = 0;
    if (application == nullptr || application->deleting) return;
    const auto* project = now_->find<model::Project>(application->project);
    promise.broken.application = application->name;
    promise.broken.project = project != nullptr ? project->name : "";
    promise.broken.promised = application->declared.replicas;
    promise.ready = ready_replicas(*now_, *application);
    promise.broken.least = std::min(promise.broken.least, promise.ready);
}

// ---- the end -----------------------------------------------------------------------------------

bool ForecastBook::under_way() const {
    for (const auto& [host, loss] : lost_) {
        const auto* record = now_->find<model::Host>(host);
        if (record != nullptr && record->claimed.health != model::HostHealth::down) return true;
    }
    for (const auto& [id, life] : lives_) {
        const Instance* instance = now_->find<Instance>(id);
        if (instance == nullptr) continue;
        if (instance->deleting) return true;
        const bool placed = instance->claimed.host && !lost_.contains(*instance->claimed.host);
        if (life.wanted && !life.up && placed) return true;
    }
    return false;
}

void ForecastBook::add_recoveries(Forecast& forecast) const {
    const auto since_zero = [&](const std::optional<Instant>& at) {
        return at ? std::optional<Duration>(*at - zero_) : std::nullopt;
    };
    for (const auto& [id, life] : lives_) {
        if (!life.first_down || !life.wanted) continue;
        const Instance* instance = now_->find<Instance>(id);
        forecast.recoveries.push_back(
            {life.who, *life.first_down - zero_, since_zero(life.runs), since_zero(life.ready),
             instance != nullptr && instance->claimed.host ? host_name(*instance->claimed.host)
                                                           : ""});
    }
}

void ForecastBook::add_waiting(Forecast& forecast) const {
    for (const auto& [id, instance] : now_->all<Instance>()) {
        if (!is_wanted(*instance)) continue;
        const bool runs =
            instance->observed.phase == model::InstancePhase::running && !is_lost(*instance);
        if (runs) continue;
        const auto* was = begin_->find<Instance>(id);
        const bool already = was != nullptr && is_wanted(*was) &&
                             was->observed.phase != model::InstancePhase::running;
        forecast.cannot_run.push_back(
            {named(*instance), status_of(*now_, *instance).sentence, already});
    }
}

static void count_hosts(const Snapshot& s, std::int64_t& in_use, model::Resources& claimed,
                        model::Resources& claimable) {
    for (const auto& [id, host] : s.all<model::Host>()) {
        if (s.has_linked(Link::host_instance, id.value)) ++in_use;
        if (host->claimed.health == model::HostHealth::down) continue;
        claimed += s.claimed(id);
        claimable += model::claimable(*host);
    }
}

void ForecastBook::add_cost(Forecast& forecast) const {
    Forecast::Cost& cost = forecast.cost;
    count_hosts(*begin_, cost.hosts_in_use_before, cost.claimed_before, cost.claimable_before);
    count_hosts(*now_, cost.hosts_in_use_after, cost.claimed_after, cost.claimable_after);
    cost.images_brought = std::ssize(brought_);
    for (const auto& [id, life] : lives_) cost.missing += life.missing;
}

/// A curve of at most that many points: where there are more, each stands for the worst of several.
static std::vector<Forecast::Point> thinned(const std::vector<Forecast::Point>& all) {
    constexpr std::size_t most = 500;
    const std::size_t step = all.size() / most + 1;
    std::vector<Forecast::Point> curve;
    for (std::size_t at = 0; at < all.size(); ++at)
        if (at % step == 0)
            curve.push_back(all[at]);
        else
            curve.back().down = std::max(curve.back().down, all[at].down);
    if (!all.empty()) curve.back() = all.back();
    return curve;
}

Forecast ForecastBook::finish(Instant end) {
    Forecast forecast;
    forecast.revision = begin_->revision;
    forecast.from = down_.front().first;
    forecast.hosts = static_cast<std::int64_t>(begin_->all<model::Host>().size());
    forecast.instances = static_cast<std::int64_t>(begin_->all<Instance>().size());
    for (const MoveMade& move : moves_)
        forecast.moves.push_back({lives_.at(move.instance).who,
                                  move.from ? host_name(*move.from) : "", host_name(move.to),
                                  move.at - zero_, move.reason});
    for (auto& [id, life] : lives_)
        if (life.wanted && !life.up) life.missing += end - life.down_since;
    add_recoveries(forecast);
    add_waiting(forecast);
    for (auto& [id, promise] : promises_) {
        const bool for_good = promise.ready < promise.broken.promised;
        integrate(promise, end);
        promise.broken.for_good = for_good;
        if (promise.broken.below > Duration{} && promise.broken.promised > 0)
            forecast.broken.push_back(promise.broken);
    }
    add_cost(forecast);
    std::vector<Forecast::Point> curve;
    for (const auto& [at, down] : down_) curve.push_back({at - zero_, down});
    forecast.down = thinned(curve);
    forecast.lasted = last_change_ - zero_;
    return forecast;
}

}  // namespace vdc::sim
