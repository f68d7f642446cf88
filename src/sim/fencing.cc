#include "sim/world.h"

#include "control/affected_hosts.h"
#include "sim/oracles.h"

/// Leases in the pretended house. The halves that decide are the production objects of
/// control/lease.h; here are the ways between them and what they act on:
///  - a host renews through a gateway that is there also while no leader is; the leader sees
///    renewals on a watch that may be late or stuck;
///  - the guards of a host act at its deadline, late by up to J, and need up to K to freeze it; an
///    agent that stalls does not stall them;
///  - a host that fenced itself says so when it calls in, with its epoch, and gets a new one;
///  - a fence is held against what truly runs, and so is the storm brake.
namespace vdc::sim {

using namespace base;
using control::LeaseFigures;
using model::LeaseProfile;
using model::Snapshot;

Instant World::leader_now() const {
    return leader_clock_.shown(now());
}

void World::begin_leases() {
    if (lease_ == LeaseProfile::none) return;
    for (std::size_t site = 0; site < sites_.size(); ++site) {
        sites_[site].host->shared = &shared_pool_;
        sites_[site].boot.ppm = chance_.between(-1000, 1000);
        renew_forever(site);
    }
    leader_clock_.ppm = chance_.between(-1000, 1000);
    lead_forever();
}

void World::set_store_gap(Duration duration) {
    coverage_.hit(Fault::store_gap, phases());
    store_back_ = std::max(store_back_, now() + duration);
}

void World::stick_watch(Duration duration) {
    coverage_.hit(Fault::watch_stuck, phases());
    watch_moves_ = std::max(watch_moves_, now() + duration);
}

void World::skip_watch(Duration duration) {
    coverage_.hit(Fault::watch_skips, phases());
    watch_back_ = std::max(watch_back_, now() + duration);
    time_line_.post_at(watch_back_, [this] { read_lives(); });
}

// ---- a host ------------------------------------------------------------------------------------

/// The agent learns under which epoch its duties are. A new one begins without a deadline, and
/// thaws what the guards froze.
void World::learn_epoch(std::size_t index, const control::Duties& duties) {
    Site& site = sites_[index];
    if (lease_ == LeaseProfile::none) return;
    if (duties.epoch_over) {
        site.epoch = duties.epoch;
        return fence_self(index);
    }
    if (duties.epoch < site.epoch || (site.holder && duties.epoch == site.epoch)) return;
    if (duties.epoch > site.epoch) {
        site.page.reset();
        site.host->frozen = site.fenced_itself = false;
    }
    site.epoch = duties.epoch;
    site.holder.emplace(control::figures_of(lease_), site.epoch, site.boot.shown(now()));
}

void World::renew_forever(std::size_t index) {
    constexpr auto look_again = 100ms;
    Site& site = sites_[index];
    site.clock->post_at(site.clock->now() + look_again, [this, index] {
        renew(index);
        renew_forever(index);
    });
}

void World::renew(std::size_t index) {
    Site& site = sites_[index];
    if (!site.agent || !site.holder || site.fenced_itself) return;
    const auto renewal = site.holder->renew(site.boot.shown(now()));
    if (!renewal) return;
    carry(index, Way::up, [this, index, life = site.life, renewal = *renewal] {
        if (now() < store_back_) return;
        const auto revision = lives_.renew(sites_[index].id, renewal.epoch);
        if (revision) {
            lease_oracle_.renewed(sites_[index].id, now());
            tell_leader(sites_[index].id, *revision);
        }
        carry(index, Way::down, [this, index, life, renewal, is_committed = revision.has_value()] {
            sites_[index].clock->post([this, index, life, renewal, is_committed] {
                hear_renewed(index, life, renewal, is_committed);
            });
        });
    });
}

/// A message that may be cut off or lost, but does not depend on the leader.
void World::carry(std::size_t index, Way way, std::function<void()> arrive) {
    const Site& site = sites_[index];
    if (way == Way::up ? site.cut_up : site.cut_down)
        return coverage_.hit(Fault::cut, Phase::quiet);
    if (chance_.once_in(static_cast<std::uint64_t>(ways.lost_per_mille), 1000))
        return coverage_.hit(Fault::message_lost, Phase::quiet);
    time_line_.post_at(now() + delay(), std::move(arrive));
}

void World::hear_renewed(std::size_t index, int life, const control::LeaseHolder::Renewal& renewal,
                         bool is_committed) {
    Site& site = sites_[index];
    if (!site.agent || site.life != life || !site.holder || site.epoch != renewal.epoch) return;
    if (!is_committed) return fence_self(index);
    if (site.fenced_itself) return;
    site.holder->answered(renewal.number);
    Instant deadline = site.holder->deadline();
    if (flaw_ == LeaseFlaw::deadline_from_reply)
        deadline = site.boot.shown(now()) + control::figures_of(lease_).lease;
    site.page = site.page ? std::max(*site.page, deadline) : deadline;
    arm_guards(index);
}

/// The guards sleep until the deadline on the page, then look at it again.
void World::arm_guards(std::size_t index) {
    Site& site = sites_[index];
    if (site.is_guarded || !site.page) return;
    site.is_guarded = true;
    const LeaseFigures figures = control::figures_of(lease_);
    const bool at_bound = chance_.once_in(1, 2);
    const auto some = [&](Duration most) {
        return at_bound ? most : Duration(chance_.between(0, most.count()));
    };
    // J and K are what the guard's own clock would show.
    const Instant act = site.boot.when_shown(*site.page + some(figures.guard_lateness));
    const Instant done = act + some(figures.freeze);
    time_line_.post_at(act, [this, index, done] {
        Site& its = sites_[index];
        its.is_guarded = false;
        if (!its.page || its.fenced_itself) return;
        if (its.boot.shown(now()) < *its.page) return arm_guards(index);
        its.is_guarded = true;  // they are at it
        time_line_.post_at(done, [this, index, boots = its.boots] {
            sites_[index].is_guarded = false;
            if (sites_[index].boots == boots) fence_self(index);
        });
    });
}

void World::fence_self(std::size_t index) {
    Site& site = sites_[index];
    if (site.fenced_itself) return;
    site.fenced_itself = true;
    site.page.reset();
    if (site.holder) site.holder->ended(site.boot.shown(now()));
    site.host->fence();
    site.hands->fence();
    tell(site.host->name() + " fenced itself");
}

/// Whether it launches what has a volume outside of the host's own disks, as its duties say:
/// another host may have removed that volume since.
static bool launches_shared(const control::Duties& duties, const control::Effect& effect) {
    const auto* launch = std::get_if<control::Launch>(&effect);
    if (launch == nullptr) return false;
    const auto& disks = launch->instance.disks;
    return std::any_of(disks.begin(), disks.end(), [&](const control::DiskSpec& disk) {
        const auto duty = duties.volumes.find(disk.volume);
        return duty != duties.volumes.end() && duty->second.volume.pool != model::local_pool;
    });
}

/// Whether the agent may begin the effect: what writes to the shared pool begins only within the
/// lease, and is in the cgroup that the guards end.
bool World::may_begin(std::size_t index, const control::Effect& effect) const {
    const Site& site = sites_[index];
    if (lease_ == LeaseProfile::none) return true;
    const bool writes = site.host->writes_shared(effect) ||
                        (site.agent && launches_shared(site.agent->mind().duties(), effect));
    if (!writes) return true;
    return site.holder && site.page &&
           site.holder->may_start(model::RunClass::fences_itself, site.boot.shown(now()));
}

// ---- the leader --------------------------------------------------------------------------------

/// The watch may come late, so that others overtake it, and twice.
void World::tell_leader(model::HostId host, std::uint64_t revision) {
    if (now() < watch_back_) return;
    const auto comes = [&](int per_mille) {
        return per_mille > 0 && chance_.once_in(static_cast<std::uint64_t>(per_mille), 1000);
    };
    Duration takes(chance_.between(100, 50'000));
    if (comes(ways.late_per_mille)) takes += Duration(chance_.between(100'000, 5'000'000));
    for (int times = comes(ways.twice_per_mille) ? 2 : 1; times > 0; --times, takes += 1s)
        time_line_.post_at(std::max(now() + takes, watch_moves_),
                           [this, host, revision, life = engine_life_] {
                               if (!engine_ || !watch_ || life != engine_life_) return;
                               watch_->saw(host, revision, leader_now());
                               last_seen_[host] = {revision, leader_now()};
                           });
}

/// What it reads may be old: it begins at zero for all hosts, as a new leader does.
void World::read_lives() {
    if (engine_ && watch_ && now() >= watch_back_) take_office();
}

/// A new leader reads all lives and begins at zero for all of them.
void World::take_office() {
    if (lease_ == LeaseProfile::none) return;
    for (const auto& [id, host] : engine_->snapshot()->all<model::Host>()) lives_.learn(*host);
    watch_.emplace(leader_now());
    for (const auto& [id, life] : lives_.all()) {
        watch_->saw(id, life.revision, leader_now());
        const bool inherits = flaw_ == LeaseFlaw::inherited_silence && last_seen_.contains(id);
        last_seen_[id] = {life.revision, inherits ? last_seen_.at(id).second : leader_now()};
    }
}

void World::lead_forever() {
    time_line_.post_at(now() + 250ms, [this] {
        lead();
        lead_forever();
    });
}

void World::lead() {
    if (!engine_ || now() < store_back_) return;
    watch_->pulsed(leader_now(), control::figures_of(lease_).pulse_gap);
    const engine::SnapshotPtr known = engine_->snapshot();
    const control::LeasePlan plan = watch_->look(*known, leader_now());
    if (!plan.steps.empty())
        engine_->submit({"leases",
                         "",
                         [this](const Snapshot& s) { return watch_->look(s, leader_now()).steps; },
                         {}});
    // The storm brake counts what is published: no fence beside one that is being written.
    if (fences_under_way_ > 0) return;
    for (const control::FenceOrder& order : plan.fences) fence(order);
    for (const control::FenceOrder& order : flawed_fences(*known)) fence(order);
}

/// What a leader with the defect would fence beside, or before, the right moment.
std::vector<control::FenceOrder> World::flawed_fences(const Snapshot& s) const {
    LeaseFigures figures = control::figures_of(lease_);
    Duration wait = figures.lease;
    if (flaw_ == LeaseFlaw::no_wait_for_freeze) {
        figures.guard_lateness = figures.freeze = {};
        wait = control::fence_after(figures);
    } else if (flaw_ == LeaseFlaw::inherited_silence) {
        wait = control::fence_after(figures);
    } else if (flaw_ != LeaseFlaw::no_margin) {
        return {};
    }
    std::vector<control::FenceOrder> orders;
    for (const auto& [id, host] : s.all<model::Host>()) {
        const auto seen = last_seen_.find(id);
        if (host->claimed.health == model::HostHealth::down || seen == last_seen_.end()) continue;
        const Duration silent = flaw_ == LeaseFlaw::inherited_silence
                                    ? leader_now() - seen->second.second
                                    : watch_->silence(id, leader_now());
        if (silent < wait || !orders.empty()) continue;
        if (control::storm_brake(s, *host, leader_now()).empty())
            orders.push_back({id, host->claimed.epoch, seen->second.first});
    }
    return orders;
}

void World::fence(control::FenceOrder order) {
    const auto its = lives_.all().find(order.host);
    if (flaw_ == LeaseFlaw::unguarded_fence && its != lives_.all().end())
        order.revision = its->second.revision;
    if (!lives_.fence(order)) {
        watch_->refused(order, leader_now());
        if (its != lives_.all().end())  // what the refusal says
            watch_->saw(order.host, its->second.revision, leader_now());
        return;
    }
    violated(lease_oracle_.fenced(*engine_->snapshot(), order.host, now()));
    for (const Site& site : sites_)
        if (site.id == order.host) violated(nothing_writes(*site.host));
    ++fences_under_way_;
    engine_->submit(
        {"leases", "",
         [this, order](const Snapshot& s) { return control::fenced(s, order, leader_now()); },
         [this, life = engine_life_](const auto&, const auto&) {
             if (life == engine_life_) --fences_under_way_;
         }});
}

/// What fails together: the oracle's own reading of the labels.
static std::string domain_of(const model::Host& host) {
    const auto& labels = host.declared.labels;
    for (const char* label : {"rack", "power"})
        if (labels.contains(label)) return std::string(label) + "/" + labels.at(label);
    return "";
}

/// I11: by the commits alone.
void World::judge_fence(const model::Step& step, const Snapshot& after) {
    const auto* claim = std::get_if<model::Claim<model::Host>>(&step.change);
    if (claim == nullptr || claim->claimed.health != model::HostHealth::down) return;
    if (claim->claimed.evidence != model::Evidence::lease_elapsed) return;
    const Instant at = claim->claimed.fenced_at;
    const std::string domain = domain_of(after.get<model::Host>(claim->id));
    std::int64_t among = 0;
    for (const auto& [id, host] : after.all<model::Host>()) among += domain_of(*host) == domain;
    std::erase_if(fenced_at_, [&](const auto& each) { return each.second + 10min <= at; });
    fenced_at_.emplace_back(domain, at);
    const auto fenced = std::count_if(fenced_at_.begin(), fenced_at_.end(),
                                      [&](const auto& each) { return each.first == domain; });
    if (fenced > std::max<std::int64_t>(1, among * 30 / 100))
        violated("I11: too many hosts are fenced at once");
}

void World::learn_lives(const model::Commit& commit, const Snapshot& after) {
    if (lease_ == LeaseProfile::none) return;
    for (const model::Step& step : commit.steps) {
        if (subject_of(step.change).noun != model::Noun::host) continue;
        judge_fence(step, after);
        if (const auto* host = after.find<model::Host>({subject_of(step.change).id}))
            lives_.learn(*host);
    }
}

static constexpr Duration for_good = std::chrono::hours(24 * 365);

void World::lose_host(std::size_t index) {
    coverage_.hit(Fault::host_lost, phases_at(index));
    reboot_host(index, for_good);
    tell(sites_[index].host->name() + " is lost for good");
}

/// Somebody looks from time to time, and says what he sees; of a host that is up on record he
/// cannot say it.
void World::bury_host(std::size_t index, std::optional<Duration> off) {
    coverage_.hit(Fault::declared_dead, phases_at(index));
    reboot_host(index, off.value_or(for_good));
    for (const auto after : {2s, 8s, 30s})
        time_line_.post_at(now() + after, [this, index, boots = sites_[index].boots] {
            const Site& site = sites_[index];
            if (site.boots == boots && now() < site.off_until)
                ask("declare-dead", "host", site.host->name(), {});
        });
}

}  // namespace vdc::sim
