#include "sim/question.h"

#include <algorithm>

#include "base/text.h"
#include "control/references.h"
#include "control/registration.h"
#include "model/labels.h"

namespace vdc::sim {

using namespace base;
using api::WhatIf;
using model::Host;
using model::HostId;
using model::Instance;
using model::Snapshot;

namespace {

/// "host/h3"
struct Target {
    std::string kind;
    std::string name;
};

Result<Target> target_in(const std::string& words, const char* flag) {
    const std::size_t slash = words.find('/');
    if (slash != std::string::npos && slash > 0 && slash + 1 < words.size())
        return Target{words.substr(0, slash), words.substr(slash + 1)};
    return Error{Error::Code::invalid,
                 std::string(flag) + " '" + quoted(words, 80) + "' does not say what",
                 "write host/NAME, LABEL/VALUE (for example rack/r1), or, to fail, instance/NAME"};
}

std::vector<std::string> labels_of(const Snapshot& s) {
    std::set<std::string> labels;
    for (const auto& [id, host] : s.all<Host>())
        for (const auto& [label, value] : host->declared.labels) labels.insert(label);
    return {labels.begin(), labels.end()};
}

std::vector<std::string> values_of(const Snapshot& s, const std::string& label) {
    std::set<std::string> values;
    for (const auto& [id, host] : s.all<Host>())
        if (const std::string* value = model::label_of(*host, label)) values.insert(*value);
    return {values.begin(), values.end()};
}

Error unknown_label(const Snapshot& s, const Target& target) {
    const std::vector<std::string> values = values_of(s, target.kind);
    if (!values.empty())
        return {Error::Code::not_found,
                "no host has the label " + quoted(target.kind, 60) + "=" + quoted(target.name, 60) +
                    did_you_mean(target.name, values),
                "there are " + join(values, ", ")};
    std::vector<std::string> known = labels_of(s);
    known.insert(known.begin(), {"host", "instance"});
    return {Error::Code::not_found,
            "'" + quoted(target.kind, 60) + "' is neither host nor instance, and no host has a " +
                "label of that name" + did_you_mean(target.kind, known),
            "`vdc host edit NAME --labels '{\"rack\": \"r1\"}'` gives a host a label"};
}

/// The hosts that are meant: one by its name, or all with a label.
Result<std::set<HostId>> hosts_in(const Snapshot& s, const Target& target) {
    if (target.kind == "host") {
        const Host* host = TRY(control::find_record<Host>(s, {}, target.name));
        return std::set<HostId>{host->id};
    }
    std::set<HostId> hosts;
    for (const Host* host : model::hosts_with(s, target.kind, target.name)) hosts.insert(host->id);
    if (hosts.empty()) return unknown_label(s, target);
    return hosts;
}

class Reader {
  public:
    Reader(const Snapshot& datacenter, const WhatIf& what_if) : s_(datacenter), what_if_(what_if) {}

    Result<Question> read() {
        if (what_if_.asks_nothing())
            return Error{Error::Code::invalid, "nothing is asked",
                         "say what happens: --fail, --drain, --add-hosts, --run, "
                         "--flavor-change or --policy"};
        project_ = TRY(project());
        for (const std::string& words : what_if_.fail) TRY(read_loss(words));
        for (const std::string& words : what_if_.drain) TRY(read_drain(words));
        TRY(no_contradiction());
        TRY(read_added());
        for (const WhatIf::Flavor& change : what_if_.flavors) TRY(read_flavor(change));
        if (!what_if_.policy.is_null()) question_.policy = TRY(read_policy(what_if_.policy));
        return std::move(question_);
    }

  private:
    /// A datacenter may have no project of the usual name, as long as nobody asks for it.
    Result<model::ProjectId> project() const {
        const auto found = control::find_project(s_, what_if_.project);
        if (!found.ok() && !what_if_.project.empty()) return found.error();
        return found.ok() ? *found : model::ProjectId{};
    }

    Status read_loss(const std::string& words) {
        const Target target = TRY(target_in(words, "--fail"));
        if (target.kind == "instance") return read_crash(target.name);
        for (const HostId id : TRY(hosts_in(s_, target))) {
            const Host& host = s_.get<Host>(id);
            if (host.claimed.health == model::HostHealth::down)
                return Error{Error::Code::conflict, "host " + host.name + " is down already"};
            question_.losses.insert(id);
        }
        return {};
    }

    Status read_crash(const std::string& name) {
        const Instance* instance = TRY(control::find_record<Instance>(s_, project_, name));
        if (instance->observed.phase != model::InstancePhase::running || !instance->claimed.host)
            return Error{Error::Code::conflict,
                         "instance " + instance->name + " does not run: it cannot crash",
                         "`vdc why " + instance->name + "` tells why it does not"};
        question_.crashes.insert(instance->id);
        return {};
    }

    Status read_drain(const std::string& words) {
        const Target target = TRY(target_in(words, "--drain"));
        if (target.kind == "instance")
            return Error{Error::Code::invalid,
                         "--drain '" + quoted(words, 80) + "': only hosts are drained",
                         "write host/NAME, or LABEL/VALUE"};
        question_.drains.merge(TRY(hosts_in(s_, target)));
        return {};
    }

    Status no_contradiction() const {
        for (const HostId id : question_.drains)
            if (question_.losses.contains(id))
                return Error{Error::Code::invalid,
                             "host " + s_.get<Host>(id).name + " is to fail and to be drained",
                             "ask for one of the two"};
        for (const model::InstanceId id : question_.crashes) {
            const Instance& instance = s_.get<Instance>(id);
            if (question_.losses.contains(*instance.claimed.host))
                return Error{Error::Code::invalid,
                             "instance " + instance.name + " is to crash, and so is its host " +
                                 s_.get<Host>(*instance.claimed.host).name + " to fail",
                             "ask for one of the two"};
        }
        return {};
    }

    Status read_added() {
        constexpr std::int64_t most = 10'000;
        if (!what_if_.add_hosts) return {};
        const auto& wanted = *what_if_.add_hosts;
        if (wanted.count < 1 || wanted.count > most)
            return Error{Error::Code::invalid,
                         "--add-hosts takes 1 to 10000 hosts, not " + std::to_string(wanted.count)};
        const Host* like = TRY(control::find_record<Host>(s_, {}, wanted.like));
        question_.like = like->id;
        for (std::int64_t number = 1; std::ssize(question_.added) < wanted.count; ++number) {
            const std::string name = "added-" + std::to_string(number);
            if (s_.named<Host>({}, name) != nullptr) continue;
            question_.added.push_back({control::host_id("what if", name), name,
                                       like->observed.capacity.vcpus,
                                       like->observed.capacity.memory});
        }
        return {};
    }

    Status read_flavor(const WhatIf::Flavor& change) {
        const auto* flavor = TRY(control::find_record<model::Flavor>(s_, {}, change.flavor));
        const auto* app = s_.named<model::Application>(project_, change.of);
        const auto* instance = s_.named<Instance>(project_, change.of);
        if (app == nullptr && instance == nullptr) {
            std::vector<std::string> known = s_.names(model::Noun::application, project_);
            for (std::string& name : s_.names(model::Noun::instance, project_))
                known.push_back(std::move(name));
            return Error{Error::Code::not_found,
                         "there is no application and no instance '" + quoted(change.of, 80) + "'" +
                             did_you_mean(change.of, known),
                         "`vdc app list` and `vdc instance list` show those there are"};
        }
        if (app != nullptr) {
            question_.rolls.push_back({app->id, app->name, flavor->name});
            return {};
        }
        if (instance->declared.application)
            return Error{Error::Code::invalid,
                         "instance " + instance->name + " is a replica: its application " +
                             s_.get<model::Application>(*instance->declared.application).name +
                             " says what flavor it has",
                         "change the flavor of the application"};
        question_.resizes.push_back(
            {instance->id,
             instance->name,
             {flavor->name, flavor->declared.vcpus, flavor->declared.memory}});
        return {};
    }

    const Snapshot& s_;
    const WhatIf& what_if_;
    model::ProjectId project_;
    Question question_;
};

}  // namespace

Result<Question> understand(const Snapshot& datacenter, const WhatIf& what_if) {
    return Reader(datacenter, what_if).read();
}

}  // namespace vdc::sim
