#include "control/guarantee.h"

#include <algorithm>

#include "base/text.h"
#include "control/recovery.h"
#include "model/apply.h"
#include "model/runs.h"

namespace vdc::control {

using model::Host;
using model::HostId;
using model::Instance;
using model::InstanceId;
using model::Link;
using model::Noun;
using model::Resources;
using model::Snapshot;
using model::Volume;
using placement::Gap;
using placement::Guest;
using placement::Loss;
using placement::Move;
using placement::Shelter;
using placement::StandingPlans;

// ---- what the records say ----------------------------------------------------------------------

static bool several_hosts(const Snapshot& datacenter) {
    return datacenter.all<Host>().size() > 1;
}

std::string survives(const Snapshot& datacenter, const Instance& instance) {
    if (!instance.declared.survives.empty()) return instance.declared.survives;
    if (instance.declared.application) {
        const auto* application =
            datacenter.find<model::Application>(*instance.declared.application);
        if (application != nullptr && !application->declared.survives.empty())
            return application->declared.survives;
    }
    const auto* project = datacenter.find<model::Project>(instance.project);
    if (project != nullptr && !project->declared.survives.empty())
        return project->declared.survives;
    return several_hosts(datacenter) ? "host" : "nothing";
}

/// As the planner sees who can start elsewhere, whatever it survives. Disks of its host are made
/// anew with it; those in shared pools go with it.
static Guest seeker(const Snapshot& datacenter, const Instance& instance) {
    Guest guest{{},
                {instance.declared.vcpus, instance.declared.memory, {}},
                instance.declared.priority,
                instance.declared.application};
    for (const auto* volume :
         datacenter.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->declared.pool == model::local_pool)
            guest.needs.disk += volume->declared.size;
        else
            guest.pools.insert(volume->declared.pool);
    }
    return guest;
}

/// As the planner sees it on that host, if it is protected.
static std::optional<Guest> guest_on(const Snapshot& datacenter, const Instance& instance,
                                     HostId host) {
    if (wanted_power(instance) == model::Power::off) return {};
    if (!is_protected(datacenter, instance)) return {};
    std::string loss = survives(datacenter, instance);
    if (loss == "nothing") return {};
    if (loss == "host") loss.clear();
    Guest guest = seeker(datacenter, instance);
    guest.host = host;
    guest.label = std::move(loss);
    return guest;
}

static Shelter shelter_of(const Snapshot& datacenter, const Host& host) {
    Resources left = model::claimable(host);
    left -= datacenter.claimed(host.id);
    Shelter shelter{left, takes_instances(host), host.declared.labels};
    for (const model::Pool& pool : host.observed.pools) shelter.pools.insert(pool.name);
    return shelter;
}

// ---- looking -----------------------------------------------------------------------------------

Guarantee::Guarantee(const Snapshot& datacenter) {
    look_at_everything(datacenter);
}

void Guarantee::look_at_everything(const Snapshot& datacenter) {
    several_hosts_ = several_hosts(datacenter);
    placer_.look_at_everything(datacenter);
    std::vector<std::pair<HostId, Shelter>> shelters;
    for (const auto& [id, host] : datacenter.all<Host>())
        shelters.emplace_back(id, shelter_of(datacenter, *host));
    plans_.set_hosts(shelters);
    for (const auto& [id, instance] : datacenter.all<Instance>()) {
        look_at_guest(datacenter, id);
        if (instance->claimed.move) arrives_on_.insert_or_assign(id, instance->claimed.move->to);
    }
    for (const auto& [id, volume] : datacenter.all<Volume>()) note(id, volume.get());
}

void Guarantee::look_at_host(const Snapshot& datacenter, HostId id) {
    if (const Host* host = datacenter.find<Host>(id))
        plans_.set_host(id, shelter_of(datacenter, *host));
    else
        plans_.remove_host(id);
}

void Guarantee::look_at_instance(const Snapshot& datacenter, InstanceId id) {
    const Instance* instance = datacenter.find<Instance>(id);
    const auto before = claimed_on_.find(id);
    const std::optional<HostId> was =
        before != claimed_on_.end() ? std::optional(before->second) : std::nullopt;
    const std::optional<HostId> is = instance != nullptr ? instance->claimed.host : std::nullopt;
    if (is) look_at_host(datacenter, *is);
    look_at_guest(datacenter, id);
    if (was && was != is) look_at_host(datacenter, *was);
    look_at_arrival(datacenter, id, instance);
}

/// Room that a move takes where it goes to, or took.
void Guarantee::look_at_arrival(const Snapshot& datacenter, InstanceId id,
                                const Instance* instance) {
    const auto before = arrives_on_.find(id);
    if (before != arrives_on_.end()) {
        const HostId was = before->second;
        arrives_on_.erase(before);
        look_at_host(datacenter, was);
    }
    if (instance == nullptr || !instance->claimed.move) return;
    arrives_on_.emplace(id, instance->claimed.move->to);
    look_at_host(datacenter, instance->claimed.move->to);
}

/// Where it is claimed, and whether it is protected there; the host itself is not looked at.
void Guarantee::look_at_guest(const Snapshot& datacenter, InstanceId id) {
    const Instance* instance = datacenter.find<Instance>(id);
    std::optional<Guest> guest;
    if (instance != nullptr && instance->claimed.host) {
        claimed_on_.insert_or_assign(id, *instance->claimed.host);
        guest = guest_on(datacenter, *instance, *instance->claimed.host);
    } else {
        claimed_on_.erase(id);
    }
    if (guest)
        plans_.set_guest(id, *guest);
    else
        plans_.remove_guest(id);
}

/// Where it lies, and where it lay before.
std::pair<Guarantee::Lies, Guarantee::Lies> Guarantee::note(model::VolumeId id,
                                                            const Volume* volume) {
    const Lies is = volume != nullptr ? Lies{volume->claimed.host, copy_comes_to(*volume),
                                             volume->declared.instance}
                                      : Lies{};
    const auto before = volumes_.find(id);
    const Lies was = before != volumes_.end() ? before->second : Lies{};
    if (volume == nullptr)
        volumes_.erase(id);
    else
        volumes_.insert_or_assign(id, is);
    return {is, was};
}

void Guarantee::look_at_volume(const Snapshot& datacenter, model::VolumeId id) {
    const auto [is, was] = note(id, datacenter.find<Volume>(id));
    for (const Lies& lies : {was, is}) {
        if (lies.host) look_at_host(datacenter, *lies.host);
        if (lies.copy) look_at_host(datacenter, *lies.copy);
        if (lies.instance) look_at_instance(datacenter, *lies.instance);
    }
}

void Guarantee::look(const Snapshot& datacenter, const model::Subject& subject) {
    if (several_hosts_ != several_hosts(datacenter)) look_at_everything(datacenter);
    placer_.look(datacenter, subject);
    switch (subject.noun) {
        case Noun::host: return look_at_host(datacenter, {subject.id});
        case Noun::instance: return look_at_instance(datacenter, {subject.id});
        case Noun::volume: return look_at_volume(datacenter, {subject.id});
        case Noun::application:
            for (const base::Uuid& id : datacenter.linked(Link::application_instance, subject.id))
                look_at_instance(datacenter, {id});
            return;
        case Noun::project:
            for (const auto& [id, instance] : datacenter.all<Instance>())
                if (instance->project.value == subject.id) look_at_instance(datacenter, id);
            return;
        case Noun::flavor:
        case Noun::key_pair:
        case Noun::image:
        case Noun::network:
        case Noun::volume_snapshot:
        case Noun::port:
        case Noun::balance:
        case Noun::operation: return;
    }
}

placement::StandingPlans& Guarantee::plans() {
    plans_.refresh();
    return plans_;
}

// ---- questions ---------------------------------------------------------------------------------

std::vector<Move> Guarantee::refuges(const Snapshot& datacenter,
                                     const std::vector<InstanceId>& waiting) {
    std::vector<StandingPlans::Seeker> seekers;
    for (const InstanceId id : waiting) {
        const Instance* instance = datacenter.find<Instance>(id);
        if (instance == nullptr || !recovers(datacenter, *instance)) continue;
        if (auto guest = guest_on(datacenter, *instance, {}))
            seekers.emplace_back(id, std::move(*guest));
    }
    if (seekers.empty()) return {};
    const std::set<InstanceId> asked(waiting.begin(), waiting.end());
    for (const base::Uuid& host : datacenter.linked(Link::emptied_host, {}))
        for (const base::Uuid& id : datacenter.linked(Link::host_instance, host))
            if (const Guest* guest = plans_.guest({id})) seekers.emplace_back(id, *guest);
    std::vector<Move> moves = plans_.seek(seekers);
    std::erase_if(moves, [&](const Move& move) { return !asked.contains(move.instance); });
    return moves;
}

/// As if it were there by now.
void Guarantee::bring(const Snapshot& datacenter, const Move& move) {
    const auto& instance = datacenter.get<Instance>(move.instance);
    Shelter shelter = *plans_.host(*move.to);
    shelter.left -= seeker(datacenter, instance).needs;
    plans_.set_host(*move.to, shelter);
    if (auto guest = guest_on(datacenter, instance, *move.to))
        plans_.set_guest(move.instance, *guest);
}

std::optional<Refusal> Guarantee::broken_by_drain(const Snapshot& datacenter, HostId host) {
    const std::set<Gap> before = plans().gaps();
    std::vector<StandingPlans::Seeker> protected_ones;
    std::vector<StandingPlans::Seeker> others;
    for (const auto* instance :
         datacenter.linked_records<Instance>(Link::host_instance, host.value)) {
        const bool can_leave = !instance->deleting && is_protected(datacenter, *instance) &&
                               wanted_power(*instance) != model::Power::off;
        if (const Guest* guest = plans_.guest(instance->id))
            protected_ones.emplace_back(instance->id, *guest);
        else if (can_leave)
            others.emplace_back(instance->id, seeker(datacenter, *instance));
    }
    std::vector<Move> made;
    for (const auto& seekers : {protected_ones, others})
        for (const Move& move : plans_.seek(seekers)) {
            if (!move.to) continue;
            bring(datacenter, move);
            made.push_back(move);
        }
    std::optional<Refusal> refusal = broken_since(datacenter, before);
    for (const Move& move : made) {
        look_at_instance(datacenter, move.instance);
        look_at_host(datacenter, *move.to);
    }
    return refusal;
}

std::optional<Refusal> Guarantee::broken_by_claim(const Snapshot& datacenter,
                                                  const Instance* instance, const Resources& needs,
                                                  HostId host) {
    plans_.refresh();
    const Shelter before = *plans_.host(host);
    Shelter after = before;
    after.left -= needs;
    std::optional<Guest> guest;
    if (instance != nullptr) guest = guest_on(datacenter, *instance, host);
    plans_.set_host(host, after);
    if (guest) plans_.set_guest(instance->id, *guest);
    const std::optional<Refusal> refusal = broken_now(datacenter);
    if (guest) plans_.remove_guest(instance->id);
    plans_.set_host(host, before);
    return refusal;
}

bool Guarantee::take_move(const Snapshot& datacenter, const Instance& instance, HostId to) {
    const std::set<Gap> before = plans().gaps();
    const HostId from = *instance.claimed.host;
    const Guest moving = seeker(datacenter, instance);
    const Shelter source = *plans_.host(from);
    const Shelter target = *plans_.host(to);
    if (!target.open || !placement::holds(target.left, moving.needs) ||
        !std::includes(target.pools.begin(), target.pools.end(), moving.pools.begin(),
                       moving.pools.end()))
        return false;
    const auto put = [&](const Shelter& at_source, const Shelter& at_target, HostId host) {
        plans_.set_host(from, at_source);
        plans_.set_host(to, at_target);
        if (const auto guest = guest_on(datacenter, instance, host))
            plans_.set_guest(instance.id, *guest);
    };
    Shelter relieved = source;
    relieved.left += moving.needs;
    Shelter loaded = target;
    loaded.left -= moving.needs;
    for (const Shelter& at_source : {source, relieved}) {
        put(at_source, loaded, to);
        const std::set<Gap>& now = plans().gaps();
        if (std::includes(before.begin(), before.end(), now.begin(), now.end())) continue;
        put(source, target, from);
        return false;
    }
    return true;
}

// ---- words -------------------------------------------------------------------------------------

std::string text(const Snapshot& datacenter, const Loss& loss) {
    if (!loss.label.empty()) return loss.label + " " + loss.value;
    const Host* host = datacenter.find<Host>(loss.host);
    return "host " + (host != nullptr ? host->name : base::text(loss.host));
}

static std::string name_of(const Snapshot& datacenter, InstanceId id) {
    const Instance* instance = datacenter.find<Instance>(id);
    return instance != nullptr ? instance->name : base::text(id);
}

static std::string words(const Resources& more) {
    std::vector<std::string> parts;
    if (more.memory.count > 0) parts.push_back(text(more.memory) + " of memory");
    if (more.vcpus.count > 0) parts.push_back(std::to_string(more.vcpus.count) + " vcpus");
    if (more.disk.count > 0) parts.push_back(text(more.disk) + " of disk");
    return base::join(parts, " and ");
}

/// Hosts that would take instances if they were heard of.
static std::vector<HostId> silent_hosts(const Snapshot& datacenter) {
    std::vector<HostId> silent;
    for (const auto& [id, host] : datacenter.all<Host>())
        if (host->claimed.health == model::HostHealth::suspect && host->declared.schedulable &&
            !host->declared.drain)
            silent.push_back(id);
    return silent;
}

bool Guarantee::fits_with(const std::vector<std::pair<HostId, Shelter>>& hosts, const Loss& loss) {
    std::vector<std::pair<HostId, Shelter>> before;
    for (const auto& [id, host] : hosts) {
        before.emplace_back(id, *plans_.host(id));
        plans_.set_host(id, host);
    }
    plans_.refresh();
    const auto after = plans_.gaps().lower_bound({loss, {}});
    const bool fits = after == plans_.gaps().end() || after->loss != loss;
    for (const auto& [id, host] : before) plans_.set_host(id, host);
    return fits;
}

/// What helps is tried before it is told: where several are left out, room for all of them on one
/// host need not be room for each.
std::string Guarantee::hint(const Snapshot& datacenter, const Gap& gap) {
    const std::string other_way = "with 'survives' " +
                                  std::string(gap.loss.label.empty() ? "nothing" : "host") +
                                  " for " + name_of(datacenter, gap.instance);
    std::vector<std::pair<HostId, Shelter>> heard;
    std::vector<std::string> names;
    for (const HostId id : silent_hosts(datacenter)) {
        heard.emplace_back(id, *plans_.host(id)).second.open = true;
        names.push_back(datacenter.get<Host>(id).name);
    }
    if (!heard.empty() && fits_with(heard, gap.loss))
        return "it fits as soon as " + base::join(names, " and ") + ", silent now, " +
               (names.size() == 1 ? "is" : "are") + " heard of, or " + other_way;
    const auto addition = plans_.smallest_addition(gap.loss);
    if (!addition) return "it fits " + other_way;
    Shelter larger = *plans_.host(addition->host);
    larger.left += addition->more;
    if (!fits_with({{addition->host, larger}}, gap.loss)) return "it fits " + other_way;
    return "it fits with " + words(addition->more) + " more on " +
           datacenter.get<Host>(addition->host).name + ", or " + other_way;
}

std::optional<Refusal> Guarantee::broken_now(const Snapshot& datacenter) {
    plans_.refresh();
    const std::vector<Gap> gaps = plans_.fresh_gaps();
    if (gaps.empty()) return {};
    return refusal(datacenter, gaps);
}

std::optional<Refusal> Guarantee::broken_since(const Snapshot& datacenter,
                                               const std::set<Gap>& before) {
    const std::set<Gap>& now = plans().gaps();
    std::vector<Gap> fresh;
    std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                        std::back_inserter(fresh));
    if (fresh.empty()) return {};
    return refusal(datacenter, fresh);
}

Refusal Guarantee::refusal(const Snapshot& datacenter, const std::vector<Gap>& gaps) {
    const Gap& first = gaps.front();
    const auto others = std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) {
        return gap.loss == first.loss && gap.instance != first.instance;
    });
    std::string who = name_of(datacenter, first.instance);
    if (const Guest* guest = plans_.guest(first.instance))
        who += " (" + text(guest->needs.memory) + ")";
    if (others > 0) who += " and " + std::to_string(others) + " more";
    return {"the loss of " + text(datacenter, first.loss) + " could not be covered: " + who +
                " would have no place",
            hint(datacenter, first)};
}

bool kept_out(const model::Explanation& explanation) {
    return std::any_of(
        explanation.removed.begin(), explanation.removed.end(),
        [](const model::RuleCount& each) { return each.rule == placement::allowed_rule; });
}

placement::Answer place_beside(Guarantee& guarantee, const Snapshot& datacenter,
                               placement::Question question, const Instance* instance) {
    if (!several_hosts(datacenter)) return guarantee.placer().place(question);
    std::optional<Refusal> first;
    question.plans = &guarantee.plans();
    question.allowed = [&](HostId host) {
        auto refusal = guarantee.broken_by_claim(datacenter, instance, question.needs, host);
        const bool allowed = !refusal;
        if (!first) first = std::move(refusal);
        return allowed;
    };
    placement::Answer answer = guarantee.placer().place(question);
    if (!answer.host && first) answer.explanation.sentence = first->sentence + "; " + first->hint;
    return answer;
}

}  // namespace vdc::control
