#include "placement/placement_test_util.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/apply.h"
#include "model/runs.h"

namespace vdc::placement::testing {

using model::Explanation;
using model::Host;
using model::Resources;
using model::Snapshot;

namespace {

/// In the order in which they are asked; the first that fails removes the host.
enum class Rule { up, schedulable, data, pools, memory, vcpus, disk, passed };
constexpr std::array<const char*, 7> rule_names{"is up",
                                                "takes new instances",
                                                "holds its disks",
                                                "reaches the pools of its volumes",
                                                "has enough memory",
                                                "has enough processors",
                                                "has enough disk"};

struct Scored {
    const Host* host = nullptr;
    std::int64_t room = 0;
    std::int64_t apart = 0;
    bool spare = true;  ///< it fits beside what is reserved there
    std::int64_t replicas() const { return std::min<std::int64_t>(yielded_most, apart / -3000); }
};

Resources unclaimed(const Snapshot& datacenter, const Host& host) {
    Resources left = model::claimable(host);
    left -= datacenter.claimed(host.id);
    return left;
}

Rule first_failed(const Question& question, const Host& host, const Resources& left) {
    if (host.claimed.health != model::HostHealth::up) return Rule::up;
    if (!model::takes_instances(host)) return Rule::schedulable;
    if (question.only && host.id != *question.only) return Rule::data;
    for (const std::string& pool : question.pools)
        if (!model::reaches(host, pool)) return Rule::pools;
    const Resources& needs = question.needs;
    if (needs.memory.count > 0 && needs.memory > left.memory) return Rule::memory;
    if (needs.vcpus.count > 0 && needs.vcpus > left.vcpus) return Rule::vcpus;
    if (needs.disk.count > 0 && needs.disk > left.disk) return Rule::disk;
    return Rule::passed;
}

std::int64_t share(std::int64_t left, std::int64_t of) {
    return of <= 0 ? 0 : left * 1000 / of;
}

Scored scored(const Snapshot& datacenter, const Question& question, const Host& host,
              const Resources& left) {
    const Resources all = model::claimable(host);
    Scored result{&host, share(left.memory.count - question.needs.memory.count, all.memory.count) +
                             share(left.vcpus.count - question.needs.vcpus.count, all.vcpus.count)};
    if (question.plans != nullptr) {
        Resources spare = left;
        spare -= question.plans->reserved(host.id);
        result.spare = holds(spare, question.needs);
    }
    if (!question.apart_from) return result;
    for (const auto* replica : datacenter.linked_records<model::Instance>(
             model::Link::application_instance, question.apart_from->value))
        if (replica->claimed.host == host.id) result.apart -= 3000;
    return result;
}

bool better(const Scored& a, const Scored& b) {
    if (a.spare != b.spare) return a.spare;
    if (a.replicas() != b.replicas()) return a.replicas() < b.replicas();
    if (a.room != b.room) return a.room > b.room;
    return std::tie(a.host->name, a.host->id) < std::tie(b.host->name, b.host->id);
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

/// The hosts that pass all rules, the best one at the end of a heap; counts what each rule removes.
std::vector<Scored> feasible_hosts(const Snapshot& datacenter, const Question& question,
                                   Explanation& explanation) {
    std::array<std::int64_t, rule_names.size()> removed{};
    std::vector<Scored> feasible;
    for (const auto& [id, host] : datacenter.all<Host>()) {
        ++explanation.candidates;
        const Resources left = unclaimed(datacenter, *host);
        const Rule failed = first_failed(question, *host, left);
        if (failed == Rule::passed)
            feasible.push_back(scored(datacenter, question, *host, left));
        else
            ++removed[static_cast<std::size_t>(failed)];
    }
    for (std::size_t rule = 0; rule < removed.size(); ++rule)
        if (removed[rule] > 0) explanation.removed.push_back({rule_names[rule], removed[rule]});
    return feasible;
}

bool worse(const Scored& a, const Scored& b) {
    return better(b, a);
}

/// Drops the best ones that are not allowed; all, when too many were asked in vain.
void drop_refused(const Question& question, std::vector<Scored>& heap, Explanation& explanation) {
    if (!question.allowed) return;
    const std::size_t before = heap.size();
    for (int asked = 0; !heap.empty() && !question.allowed(heap.front().host->id);) {
        std::pop_heap(heap.begin(), heap.end(), worse);
        heap.pop_back();
        if (++asked == Inquiry::refusals_max) heap.clear();
    }
    const auto refused = static_cast<std::int64_t>(before - heap.size());
    if (refused > 0) explanation.removed.push_back({allowed_rule, refused});
}

}  // namespace

Answer place_by_scan(const Snapshot& datacenter, const Question& question) {
    Answer answer;
    Explanation& explanation = answer.explanation;
    std::vector<Scored> heap = feasible_hosts(datacenter, question, explanation);
    std::make_heap(heap.begin(), heap.end(), worse);
    drop_refused(question, heap, explanation);
    if (heap.empty()) {
        explanation.sentence = refusal(explanation, question);
        return answer;
    }
    std::pop_heap(heap.begin(), heap.end(), worse);
    const Scored& best = heap.back();
    answer.host = best.host->id;
    explanation.scores = {{"room", best.room}, {"apart", best.apart}};
    if (heap.size() > 1) explanation.runner_up = heap.front().host->id;
    explanation.sentence =
        best.host->name + " has the most room of " + base::counted(explanation.candidates, "host");
    return answer;
}

}  // namespace vdc::placement::testing
