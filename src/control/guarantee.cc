#include "control/guarantee.h"

#include <algorithm>

#include "base/text.h"
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
using placement::Shelter;

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

bool starts_elsewhere(const Snapshot&, const Instance& instance) {
    return instance.declared.application.has_value();
}

/// The disks that are made anew with it.
static model::MiB disk_of(const Snapshot& datacenter, InstanceId id) {
    model::MiB disk;
    for (const auto* volume : datacenter.linked_records<Volume>(Link::instance_volume, id.value))
        if (volume->declared.delete_with_instance) disk += volume->declared.size;
    return disk;
}

/// As the planner sees it on that host, if it is protected.
static std::optional<Guest> guest_on(const Snapshot& datacenter, const Instance& instance,
                                     HostId host) {
    if (wanted_power(instance) == model::Power::off) return {};
    if (!starts_elsewhere(datacenter, instance)) return {};
    std::string loss = survives(datacenter, instance);
    if (loss == "nothing") return {};
    if (loss == "host") loss.clear();
    return Guest{
        host,
        {instance.declared.vcpus, instance.declared.memory, disk_of(datacenter, instance.id)},
        instance.declared.priority,
        instance.declared.application,
        std::move(loss)};
}

static Shelter shelter_of(const Snapshot& datacenter, const Host& host) {
    Resources left = model::claimable(host);
    left -= datacenter.claimed(host.id);
    return {left, takes_instances(host), host.declared.labels};
}

// ---- looking -----------------------------------------------------------------------------------

Guarantee::Guarantee(const Snapshot& datacenter) {
    look_at_everything(datacenter);
}

void Guarantee::look_at_everything(const Snapshot& datacenter) {
    several_hosts_ = several_hosts(datacenter);
    for (const auto& [id, host] : datacenter.all<Host>()) look_at_host(datacenter, id);
    for (const auto& [id, instance] : datacenter.all<Instance>()) look_at_instance(datacenter, id);
    for (const auto& [id, volume] : datacenter.all<Volume>()) look_at_volume(datacenter, id);
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
    const bool known = before != claimed_on_.end();
    const std::optional<HostId> was = known ? std::optional(before->second) : std::nullopt;
    const std::optional<HostId> is = instance != nullptr ? instance->claimed.host : std::nullopt;
    if (known && was != is) claimed_on_.erase(before);
    if (is) claimed_on_[id] = *is;
    const std::optional<Guest> guest =
        is ? guest_on(datacenter, *instance, *is) : std::optional<Guest>{};
    if (is) look_at_host(datacenter, *is);
    if (guest)
        plans_.set_guest(id, *guest);
    else
        plans_.remove_guest(id);
    if (was && was != is) look_at_host(datacenter, *was);
}

void Guarantee::look_at_volume(const Snapshot& datacenter, model::VolumeId id) {
    const Volume* volume = datacenter.find<Volume>(id);
    const auto before = volumes_.find(id);
    const Lies was = before != volumes_.end() ? before->second : Lies{};
    const Lies is =
        volume != nullptr ? Lies{volume->claimed.host, volume->declared.instance} : Lies{};
    if (volume == nullptr)
        volumes_.erase(id);
    else
        volumes_[id] = is;
    for (const Lies& lies : {was, is}) {
        if (lies.host) look_at_host(datacenter, *lies.host);
        if (lies.instance) look_at_instance(datacenter, *lies.instance);
    }
}

void Guarantee::look(const Snapshot& datacenter, const model::Subject& subject) {
    if (several_hosts_ != several_hosts(datacenter)) look_at_everything(datacenter);
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
        case Noun::operation: return;
    }
}

placement::StandingPlans& Guarantee::plans() {
    plans_.refresh();
    return plans_;
}

// ---- questions ---------------------------------------------------------------------------------

std::optional<HostId> Guarantee::target_of(const Instance& instance) {
    if (!instance.claimed.host) return {};
    for (const placement::Move& move : plans().plan({{}, {}, *instance.claimed.host}))
        if (move.instance == instance.id) return move.to;
    return {};
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

/// The addition is tried before it is told: where several are left out, room for all of them on one
/// host need not be room for each.
std::string Guarantee::hint(const Snapshot& datacenter, const Gap& gap) {
    const std::string other_way = "with 'survives' " +
                                  std::string(gap.loss.label.empty() ? "nothing" : "host") +
                                  " for " + name_of(datacenter, gap.instance);
    const auto addition = plans_.smallest_addition(gap.loss);
    if (!addition) return "it fits " + other_way;
    const Shelter before = *plans_.host(addition->host);
    Shelter larger = before;
    larger.left += addition->more;
    plans_.set_host(addition->host, larger);
    plans_.refresh();
    const auto after = plans_.gaps().lower_bound({gap.loss, {}});
    const bool fits = after == plans_.gaps().end() || after->loss != gap.loss;
    plans_.set_host(addition->host, before);
    if (!fits) return "it fits " + other_way;
    return "it fits with " + words(addition->more) + " more on " +
           datacenter.get<Host>(addition->host).name + ", or " + other_way;
}

std::optional<Refusal> Guarantee::broken_now(const Snapshot& datacenter) {
    plans_.refresh();
    const std::vector<Gap> gaps = plans_.fresh_gaps();
    if (gaps.empty()) return {};
    const Gap& first = gaps.front();
    const auto others = std::count_if(gaps.begin(), gaps.end(), [&](const Gap& gap) {
        return gap.loss == first.loss && gap.instance != first.instance;
    });
    std::string who = name_of(datacenter, first.instance);
    if (const Guest* guest = plans_.guest(first.instance))
        who += " (" + text(guest->needs.memory) + ")";
    if (others > 0) who += " and " + std::to_string(others) + " more";
    return Refusal{"the loss of " + text(datacenter, first.loss) + " could not be covered: " + who +
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
    if (!several_hosts(datacenter)) return placement::place(datacenter, question);
    std::optional<Refusal> first;
    question.plans = &guarantee.plans();
    question.allowed = [&](HostId host) {
        auto refusal = guarantee.broken_by_claim(datacenter, instance, question.needs, host);
        const bool allowed = !refusal;
        if (!first) first = std::move(refusal);
        return allowed;
    };
    placement::Answer answer = placement::place(datacenter, question);
    if (!answer.host && first) answer.explanation.sentence = first->sentence + "; " + first->hint;
    return answer;
}

}  // namespace vdc::control
