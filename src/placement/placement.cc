#include "placement/placement.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "model/apply.h"
#include "model/runs.h"

namespace vdc::placement {

using model::Explanation;
using model::Host;
using model::HostId;
using model::Instance;
using model::Noun;
using model::Resources;
using model::Snapshot;
using model::Subject;
using model::Volume;

namespace {

/// Weighs in explanations as much as no room can.
constexpr std::int64_t weight_of_replica = 3000;

constexpr std::int64_t cpu_thousandths = 1000;

std::string trait_of_pool(const std::string& pool) {
    return "pool=" + pool;
}

HostState state_of(const Host& host) {
    if (host.claimed.health != model::HostHealth::up) return HostState::down;
    return model::takes_instances(host) ? HostState::open : HostState::closed;
}

Amounts amounts_of(const Resources& resources, Kind disk) {
    Amounts amounts;
    amounts[Kinds::cpu] = resources.vcpus.count * cpu_thousandths;
    amounts[Kinds::memory] = resources.memory.count;
    amounts[disk] = resources.disk.count;
    return amounts;
}

HostSpec spec_of(const Host& host, Kind disk) {
    HostSpec spec;
    spec.name = host.name;
    spec.state = state_of(host);
    spec.capacity = amounts_of(model::claimable(host), disk);
    for (std::int64_t& amount : spec.capacity.of)
        amount = std::clamp<std::int64_t>(amount, 0, amount_max);
    for (const model::Pool& pool : host.observed.pools)
        spec.traits.insert(trait_of_pool(pool.name));
    return spec;
}

std::uint64_t hash_of(const Subject& subject) {
    base::Hasher hasher;
    hasher.add(static_cast<std::uint64_t>(subject.noun)).add(subject.id.high).add(subject.id.low);
    return hasher.finish().low;
}

const char* words_of(const Removed& removed, Kind disk) {
    switch (removed.asked) {
        case Asked::up: return "is up";
        case Asked::open: return "takes new instances";
        case Asked::hosts: return "holds its disks";
        case Asked::trait: return "reaches the pools of its volumes";
        case Asked::allowed: return allowed_rule;
        case Asked::amount:
            if (removed.index == disk) return "has enough disk";
            return removed.index == Kinds::memory ? "has enough memory" : "has enough processors";
        default: break;
    }
    base::broken("a rule that no question of control has");
}

std::string refusal(const Explanation& explanation, const Question& question) {
    if (explanation.candidates == 0) return "no host has joined this datacenter";
    std::string sentence = "no host fits " + std::to_string(question.needs.vcpus.count) +
                           " vcpus and " + text(question.needs.memory) + " of memory:";
    for (const model::RuleCount& rule : explanation.removed) {
        if (&rule != &explanation.removed.front()) sentence += ',';
        sentence += " of " + std::to_string(explanation.candidates) + " not one that " + rule.rule +
                    ": " + std::to_string(rule.hosts);
    }
    return sentence;
}

}  // namespace

// ---- looking -----------------------------------------------------------------------------------

Placer::Placer() : disk_(*fleet_.kinds().enter("disk")) {
    Mix mix;
    mix.aim = Aim::spread;
    fleet_.set_mix(std::move(mix));
}

Placer::Placer(const Snapshot& datacenter) : Placer() {
    look_at_everything(datacenter);
}

void Placer::look_at_everything(const Snapshot& datacenter) {
    for (const auto& [id, host] : datacenter.all<Host>()) look_at_host(datacenter, id);
    for (const auto& [id, instance] : datacenter.all<Instance>()) look_at_instance(datacenter, id);
    for (const auto& [id, volume] : datacenter.all<Volume>()) look_at_volume(datacenter, id);
}

void Placer::look(const Snapshot& datacenter, const Subject& subject) {
    switch (subject.noun) {
        case Noun::host: return look_at_host(datacenter, {subject.id});
        case Noun::instance: return look_at_instance(datacenter, {subject.id});
        case Noun::volume: return look_at_volume(datacenter, {subject.id});
        default: return;
    }
}

void Placer::look_at_host(const Snapshot& datacenter, HostId id) {
    const Host* host = datacenter.find<Host>(id);
    const auto slot = fleet_.roster().find(id);
    if (host == nullptr) {
        if (slot) fleet_.remove_host(id);
        return;
    }
    const HostSpec spec = spec_of(*host, disk_);
    if (!slot || *fleet_.roster().host(*slot).spec != spec) fleet_.set_host(id, spec);
}

/// Under which the room is kept that a thing takes where it moves to: no operation is a guest.
static Subject coming(base::Uuid id) {
    return {Noun::operation, id};
}

void Placer::look_at_instance(const Snapshot& datacenter, model::InstanceId id) {
    const Subject subject{Noun::instance, id.value};
    const Instance* instance = datacenter.find<Instance>(id);
    const bool moves = instance != nullptr && instance->claimed.move;
    Request request;
    if (instance != nullptr)
        request.needs.amounts =
            amounts_of({instance->declared.vcpus, instance->declared.memory, {}}, disk_);
    settle_guest(datacenter, coming(id.value),
                 moves ? std::optional(instance->claimed.move->to) : std::nullopt, request);
    if (instance == nullptr || !takes_capacity(*instance))
        return settle_guest(datacenter, subject, {}, {});
    if (instance->declared.application)
        request.groups.push_back(instance->declared.application->value);
    settle_guest(datacenter, subject, instance->claimed.host, request);
}

void Placer::look_at_volume(const Snapshot& datacenter, model::VolumeId id) {
    const Subject subject{Noun::volume, id.value};
    const Volume* volume = datacenter.find<Volume>(id);
    Request request;
    if (volume != nullptr)
        request.needs.amounts = amounts_of({{}, {}, volume->declared.size}, disk_);
    settle_guest(datacenter, coming(id.value),
                 volume != nullptr ? copy_comes_to(*volume) : std::nullopt, request);
    if (volume == nullptr || volume->claimed.storage != model::StorageKind::local)
        return settle_guest(datacenter, subject, {}, {});
    settle_guest(datacenter, subject, volume->claimed.host, request);
}

GuestSlot Placer::guest_of(const Subject& subject) const {
    return guests_.find(hash_of(subject),
                        [&](GuestSlot guest) { return subjects_[guest] == subject; });
}

bool Placer::is_there(GuestSlot slot, HostId host, const Request& request) const {
    const Roster& roster = fleet_.roster();
    const Roster::Guest& guest = roster.guest(slot);
    return roster.host(guest.host).id == host && roster.needs(guest) == request.needs &&
           roster.groups(guest) == request.groups;
}

/// Puts it there, moves it, or takes it away, if that is not where and what it is.
void Placer::settle_guest(const Snapshot& datacenter, const Subject& subject,
                          std::optional<HostId> host, const Request& request) {
    const GuestSlot known = guest_of(subject);
    if (known != HashIndex::none) {
        if (host && is_there(known, *host, request)) return;
        fleet_.take_away(known);
        guests_.erase(hash_of(subject), known);
    }
    if (!host) return;
    if (!fleet_.roster().find(*host)) look_at_host(datacenter, *host);
    const GuestSlot guest = fleet_.put(*host, request, {});
    if (subjects_.size() <= guest) subjects_.resize(guest + 1);
    subjects_[guest] = subject;
    guests_.insert(hash_of(subject), guest);
}

// ---- questions ---------------------------------------------------------------------------------

Request Placer::request_of(const Question& question) const {
    Request request;
    request.needs.amounts = amounts_of(question.needs, disk_);
    if (question.apart_from)
        request.rules.emplace_back(
            GroupRule{question.apart_from->value, {}, GroupRule::Wish::apart, 0, Strength::soft});
    for (const std::string& pool : question.pools)
        if (pool != model::local_pool) request.rules.emplace_back(TraitRule{trait_of_pool(pool)});
    return request;
}

Resources Placer::left_on(HostId host) const {
    const Amounts& left = fleet_.roster().room(*fleet_.roster().find(host)).amounts;
    return {{left[Kinds::cpu] / cpu_thousandths}, {left[Kinds::memory]}, {left[disk_]}};
}

Inquiry Placer::inquiry_of(const Question& question) const {
    Inquiry inquiry;
    inquiry.allowed = question.allowed;
    if (question.plans != nullptr)
        inquiry.rather = [this, &question](HostId host) {
            Resources spare = left_on(host);
            spare -= question.plans->reserved(host);
            return holds(spare, question.needs);
        };
    return inquiry;
}

Answer Placer::answer_of(const Question& question, const Decision& decision) const {
    Answer answer;
    Explanation& explanation = answer.explanation;
    explanation.candidates = decision.candidates;
    for (const Removed& each : decision.removed) {
        const std::string rule = words_of(each, disk_);
        if (!explanation.removed.empty() && explanation.removed.back().rule == rule)
            explanation.removed.back().hosts += each.hosts;
        else
            explanation.removed.push_back({rule, each.hosts});
    }
    if (!decision.best) {
        explanation.sentence = refusal(explanation, question);
        return answer;
    }
    const Roster& roster = fleet_.roster();
    const HostSlot slot = *roster.find(decision.best->host);
    const GroupCount* replicas =
        question.apart_from ? roster.group(question.apart_from->value) : nullptr;
    const std::int64_t near = replicas != nullptr ? replicas->on_host.of(slot) : 0;
    answer.host = decision.best->host;
    explanation.scores = {{"room", decision.best->room}, {"apart", -weight_of_replica * near}};
    if (decision.runner_up) explanation.runner_up = decision.runner_up->host;
    explanation.sentence = roster.host(slot).spec->name + " has the most room of " +
                           base::counted(explanation.candidates, "host");
    return answer;
}

Answer Placer::place(const Question& question) {
    const Request request = request_of(question);
    const Inquiry inquiry = inquiry_of(question);
    return answer_of(question, question.only ? fleet_.decide_on(*question.only, request, inquiry)
                                             : fleet_.decide(request, inquiry));
}

}  // namespace vdc::placement
