#include "control/lease.h"

#include <algorithm>

#include "model/labels.h"

namespace vdc::control {

using namespace std::chrono_literals;
using model::Host;
using model::HostClaimed;
using model::HostHealth;
using model::HostId;
using model::Snapshot;

LeaseFigures figures_of(model::LeaseProfile profile) {
    switch (profile) {
        case model::LeaseProfile::none: break;
        case model::LeaseProfile::usual: return {1s, 1s, 6s, 250ms, 50ms, 2s, 2500ms};
        case model::LeaseProfile::fast: return {250ms, 300ms, 2s, 250ms, 50ms, 1s, 900ms};
    }
    base::broken("a host without a lease has no figures");
}

Duration fence_after(const LeaseFigures& figures) {
    constexpr std::int64_t million = 1'000'000;
    constexpr Duration slack = 50ms;
    const Duration covered = figures.lease + figures.guard_lateness + figures.freeze;
    const std::int64_t slow = million - figures.rate_error;
    const std::int64_t fast = million + figures.rate_error;
    return Duration((covered.count() * fast + slow - 1) / slow) + slack;
}

// ---- the host's half ---------------------------------------------------------------------------

std::optional<LeaseHolder::Renewal> LeaseHolder::renew(Instant now) {
    if (over_ || now < next_) return {};
    next_ = now + figures_.renew_every;
    // An answer to what was sent longer ago than a lease would raise nothing.
    std::erase_if(sent_, [&](const auto& entry) { return entry.second + figures_.lease < now; });
    sent_.emplace(++number_, now);
    return Renewal{epoch_, number_};
}

void LeaseHolder::answered(std::uint64_t number) {
    const auto sent = sent_.find(number);
    if (sent == sent_.end() || over_) return;
    deadline_ = std::max(deadline_, sent->second + figures_.lease);
    sent_.erase(sent);
}

bool LeaseHolder::may_start(model::RunClass run, Instant now) const {
    if (over_) return false;
    const Duration margin = figures_.guard_lateness + figures_.freeze;
    return run == model::RunClass::rides_through || now + margin < deadline_;
}

// ---- the leader's half -------------------------------------------------------------------------

void LeaseWatch::saw(HostId host, std::uint64_t revision, Instant now) {
    Heard& heard = heard_[host];
    if (revision <= heard.revision) return;
    heard = {revision, now, {}};
}

void LeaseWatch::pulsed(Instant now, Duration gap) {
    if (now - pulse_ > gap) since_ = now;
    pulse_ = now;
}

void LeaseWatch::refused(const FenceOrder& order, Instant now) {
    constexpr auto pause = 1s;
    heard_[order.host].not_before = now + pause;
}

const LeaseWatch::Heard* LeaseWatch::heard(HostId host) const {
    const auto found = heard_.find(host);
    return found != heard_.end() ? &found->second : nullptr;
}

Duration LeaseWatch::silence(HostId host, Instant now) const {
    const Heard* last = heard(host);
    const Instant from = last != nullptr ? std::max(since_, last->at) : since_;
    return now - from;
}

static bool lives_by_lease(const Host& host) {
    return host.claimed.lease != model::LeaseProfile::none && host.claimed.epoch > 0 &&
           host.claimed.health != HostHealth::down;
}

bool LeaseWatch::is_heard(const Host& host, Instant now) const {
    return lives_by_lease(host) &&
           silence(host.id, now) < figures_of(host.claimed.lease).suspect_after;
}

/// Of all hosts. One that lives by no lease is the leader's own, and is heard.
bool LeaseWatch::most_are_silent(const Snapshot& datacenter, Instant now) const {
    std::int64_t all = 0;
    std::int64_t heard = 0;
    for (const auto& [id, host] : datacenter.all<Host>()) {
        const bool is_own = host->claimed.lease == model::LeaseProfile::none;
        ++all;
        heard += is_own || is_heard(*host, now) ? 1 : 0;
    }
    return heard * 2 < all;
}

std::vector<model::Step> fenced(const model::Snapshot& datacenter, const FenceOrder& order,
                                Instant now) {
    const auto* host = datacenter.find<model::Host>(order.host);
    const bool is_late = host == nullptr || host->claimed.epoch != order.epoch ||
                         host->claimed.health == model::HostHealth::down;
    if (is_late) return {};
    return {host_down(*host, model::Evidence::lease_elapsed, {}, now)};
}

std::string storm_brake(const Snapshot& datacenter, const Host& host, Instant now) {
    constexpr auto window = 10min;
    const std::string domain = model::failure_domain(host);
    std::int64_t all = 0;
    std::int64_t fenced = 0;
    for (const auto& [id, each] : datacenter.all<Host>()) {
        if (each->claimed.lease == model::LeaseProfile::none) continue;
        if (model::failure_domain(*each) != domain) continue;
        ++all;
        // What became of it since, a boot or an operator's word, makes the fence not undone.
        const bool once = each->claimed.fenced_at != Instant{};
        fenced += once && now < each->claimed.fenced_at + window ? 1 : 0;
    }
    if (fenced < std::max<std::int64_t>(1, all * 30 / 100)) return {};
    return "the storm brake holds it: " + std::to_string(fenced) + " of " + std::to_string(all) +
           " hosts of " + (domain.empty() ? "the datacenter" : domain) +
           " were fenced within 10 minutes; `vdc host declare-dead " + host.name +
           "` if it is dead";
}

static model::Step held_to_be(const Host& host, HostHealth health, Instant silent_since,
                              const std::string& detail, const std::string& reason) {
    HostClaimed claimed = host.claimed;
    claimed.health = health;
    claimed.silent_since = silent_since;
    claimed.evidence_detail = detail;
    return {model::Claim<Host>{host.id, std::move(claimed)}, "host " + host.name + " " + reason};
}

model::Step host_down(const Host& host, model::Evidence evidence, const std::string& detail,
                      Instant now) {
    HostClaimed claimed = host.claimed;
    claimed.health = HostHealth::down;
    claimed.fenced = claimed.epoch;
    claimed.evidence = evidence;
    claimed.evidence_detail = detail;
    if (evidence == model::Evidence::lease_elapsed) claimed.fenced_at = now;
    return {model::Claim<Host>{host.id, std::move(claimed)},
            "host " + host.name + " is down: " +
                (detail.empty() ? std::string(model::sentence_of(evidence)) : detail)};
}

namespace {

/// One host, judged: what it is held to be, and since when.
struct Judgement {
    HostHealth health = HostHealth::up;
    Instant silent_since{};
    std::string detail{};
};

}  // namespace

/// The step that makes the record say so, if it does not. A silence keeps the moment at which it
/// was first noted.
static void note(const Host& host, const Judgement& judged, Duration silent, LeasePlan& plan) {
    const HostClaimed& now = host.claimed;
    if (now.health == judged.health && now.evidence_detail == judged.detail) return;
    if (judged.health == HostHealth::up) {
        plan.steps.push_back(held_to_be(host, HostHealth::up, {}, {}, "is heard again"));
        return;
    }
    const std::string time = base::text(silent - silent % std::chrono::milliseconds(100));
    const bool noted = now.health != HostHealth::up && now.silent_since != Instant{};
    const std::string how = judged.health == HostHealth::suspect
                                ? "is silent for " + time
                                : "is silent for " + time + " and taken for lost";
    plan.steps.push_back(held_to_be(host, judged.health,
                                    noted ? now.silent_since : judged.silent_since, judged.detail,
                                    judged.detail.empty() ? how : how + "; " + judged.detail));
}

static void wake(LeasePlan& plan, Instant when) {
    if (!plan.wake_at || when < *plan.wake_at) plan.wake_at = when;
}

LeasePlan LeaseWatch::look(const Snapshot& datacenter, Instant now) const {
    constexpr auto look_again = 1s;
    LeasePlan plan;
    const bool hold = most_are_silent(datacenter, now);
    for (const auto& [id, host] : datacenter.all<Host>()) {
        if (!lives_by_lease(*host)) continue;
        const LeaseFigures figures = figures_of(host->claimed.lease);
        const Duration silent = silence(id, now);
        Judgement judged{HostHealth::up, now - silent};
        if (silent < figures.suspect_after) {
            wake(plan, now + (figures.suspect_after - silent));
        } else if (silent < fence_after(figures)) {
            judged.health = HostHealth::suspect;
            wake(plan, now + (fence_after(figures) - silent));
        } else {
            judged.health = HostHealth::fencing;
            judged.detail = hold ? "less than half of all hosts are heard: nothing is fenced now"
                                 : storm_brake(datacenter, *host, now);
            const Heard* last = heard(id);
            const bool due = last == nullptr || now >= last->not_before;
            // One at a time: the brake counts what is on record.
            if (judged.detail.empty() && due && plan.fences.empty())
                plan.fences.push_back(
                    {id, host->claimed.epoch, last != nullptr ? last->revision : 0});
            wake(plan, now + look_again);
        }
        // After a change of leader a host keeps its bad name until it is heard.
        const bool unheard =
            judged.health == HostHealth::up && (heard(id) == nullptr || heard(id)->at < since_);
        if (!unheard) note(*host, judged, silent, plan);
    }
    return plan;
}

}  // namespace vdc::control
