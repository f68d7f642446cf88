#include "model/rules.h"

#include "base/text.h"
#include "model/runs.h"

namespace vdc::model {

using base::Error;
using base::Status;
using Code = Error::Code;

namespace {

Status check_survives(const std::string& loss) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
    if (loss.find_first_not_of(allowed) == std::string::npos) return {};
    return Error{Code::invalid,
                 "'survives' must be host, the name of a label of hosts, or nothing; it is '" +
                     base::quoted(loss, 63) + "'",
                 "for example rack, where hosts have the label rack"};
}

/// Whether a thing of the project may be that important.
Status check_importance(const Snapshot& s, ProjectId id, std::int64_t priority) {
    const Project* project = s.find<Project>(id);
    if (project == nullptr || priority <= project->declared.priority_max) return {};
    return Error{Code::exhausted,
                 "project '" + project->name + "' may have priorities up to " +
                     std::to_string(project->declared.priority_max) + ", not " +
                     std::to_string(priority),
                 "take a lower one, or ask the operator for a higher 'priority_max'"};
}

Status over(const char* what, std::int64_t wanted, std::int64_t most, const Project& project) {
    if (wanted <= most) return {};
    return Error{Code::exhausted,
                 "the quota of project '" + project.name + "' allows " + std::to_string(most) +
                     " " + what + ", this would make " + std::to_string(wanted),
                 "delete something, or ask the operator for more"};
}

}  // namespace

std::string noun_text(Noun noun) {
    std::string words(word(noun));
    for (char& c : words)
        if (c == '_') c = ' ';
    return words;
}

Status check_references(const Snapshot& s, const Port& port) {
    TRY(referred<Network>(s, port.declared.network, port.project));
    if (port.declared.instance) TRY(referred<Instance>(s, *port.declared.instance, port.project));
    return {};
}
Status check_references(const Snapshot& s, const Volume& volume) {
    if (volume.declared.image) TRY(referred<Image>(s, *volume.declared.image, volume.project));
    if (volume.declared.instance)
        TRY(referred<Instance>(s, *volume.declared.instance, volume.project));
    return {};
}
Status check_references(const Snapshot& s, const VolumeSnapshot& snapshot) {
    TRY(referred<Volume>(s, snapshot.declared.volume, snapshot.project));
    return {};
}
Status check_references(const Snapshot& s, const Instance& instance) {
    TRY(referred<Image>(s, instance.declared.image, instance.project));
    if (instance.declared.key) TRY(referred<KeyPair>(s, *instance.declared.key, instance.project));
    if (instance.declared.application)
        TRY(referred<Application>(s, *instance.declared.application, instance.project));
    return {};
}
Status check_references(const Snapshot& s, const Application& application) {
    const Template& made_of = application.declared.instance;
    TRY(referred<Image>(s, made_of.image, application.project));
    TRY(referred<Network>(s, made_of.network, application.project));
    if (made_of.key) TRY(referred<KeyPair>(s, *made_of.key, application.project));
    if (s.named<Flavor>(ProjectId{}, made_of.flavor) == nullptr)
        return Error{Code::not_found,
                     "there is no flavor '" + base::quoted(made_of.flavor, 80) + "'" +
                         base::did_you_mean(made_of.flavor, s.names(Noun::flavor, {})),
                     "`vdc flavor list` shows those there are"};
    return {};
}

// ---- values ----------------------------------------------------------------------------

Status check_values(const Project& project) {
    return check_survives(project.declared.survives);
}
Status check_values(const Instance& instance) {
    return check_survives(instance.declared.survives);
}
Status check_values(const Network& network) {
    const Ipv4Range& range = network.declared.range;
    if (range.prefix < 8 || range.prefix > 29)
        return Error{Code::invalid, "the range " + text(range) + " cannot hold a network",
                     "take a prefix from 8 to 29, for example 10.20.0.0/24"};
    for (const char* taken :
         {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "224.0.0.0/3"})
        if (base::parse_ipv4_range(taken).value().overlaps(range))
            return Error{
                Code::invalid,
                "the range " + text(range) + " overlaps " + taken + ", which has another use",
                "take a private range, for example 10.20.0.0/24"};
    return {};
}
Status check_values(const KeyPair& key) {
    const std::string& line = key.declared.public_key;
    const bool typed =
        line.starts_with("ssh-") || line.starts_with("ecdsa-") || line.starts_with("sk-");
    if (typed && line.find_first_of("\r\n") == std::string::npos &&
        line.find(' ') != std::string::npos)
        return {};
    return Error{Code::invalid, "'public_key' is no OpenSSH public key",
                 "give the one line of a .pub file, for example ~/.ssh/id_ed25519.pub"};
}
Status check_values(const Host& host) {
    if (host.declared.dead_epoch <= host.claimed.epoch) return {};
    return Error{Code::invalid, quoted_name(host) + " has not begun that epoch"};
}
Status check_values(const Balance& balance) {
    using namespace std::chrono_literals;
    constexpr Duration week = 7 * 24h;
    if (balance.declared.every < 10s || balance.declared.every > week)
        return Error{Code::invalid, "'every' is " + base::text(balance.declared.every) +
                                        ", but must be from 10s to 7d"};
    if (balance.declared.rest > 30 * 24h)
        return Error{Code::invalid, "'rest' is " + base::text(balance.declared.rest) +
                                        ", but must be at most 30d"};
    if (balance.declared.moves_per_host > balance.declared.moves_max)
        return Error{Code::invalid, "'moves_per_host' is more than 'moves_max'",
                     "one host has at most as many moves at a time as all together"};
    return {};
}
Status check_values(const Image& image) {
    const std::string& sum = image.declared.sha256;
    if (sum.empty() ||
        (sum.size() == 64 && sum.find_first_not_of("0123456789abcdef") == std::string::npos))
        return {};
    return Error{Code::invalid, "'sha256' must be 64 hexadecimal digits in lower case",
                 "sha256sum FILE prints it"};
}
Status check_values(const Volume& volume) {
    if (volume.declared.size.count > 0) return {};
    return Error{Code::invalid, "'size' of a volume must be at least 1MiB", "for example 10GiB"};
}
Status check_values(const Application& application) {
    TRY(check_survives(application.declared.survives));
    const auto& front = application.declared.front;
    if (!front || front->check_path.empty()) return {};
    const std::string& path = front->check_path;
    const bool printable = path.find_first_of(" \t\r\n\"'\\#{}") == std::string::npos;
    if (path[0] == '/' && printable && front->protocol == Protocol::http) return {};
    return Error{Code::invalid,
                 "'front.check_path' must be a path such as /health, and protocol http",
                 "leave it away to check by connecting"};
}

// ---- priority ----------------------------------------------------------------------------------

Status check_priority(const Snapshot& s, const Instance& instance) {
    return check_importance(s, instance.project, instance.declared.priority);
}
Status check_priority(const Snapshot& s, const Application& application) {
    return check_importance(s, application.project, application.declared.priority);
}

// ---- classes of runs ---------------------------------------------------------------------------

Status check_run_class(const Snapshot& s, const Volume& volume) {
    const Instance* instance =
        volume.declared.instance ? s.find<Instance>(*volume.declared.instance) : nullptr;
    if (instance == nullptr || !changes_class(s, *instance, volume.declared.pool)) return {};
    return Error{Code::conflict,
                 quoted_name(*instance) +
                     " has its disks on one host and goes on when that is cut "
                     "off; with a volume of pool '" +
                     volume.declared.pool + "' it would be ended then",
                 "stop it first; it can be started again with the volume"};
}

// ---- quota -------------------------------------------------------------------------------------

Status check_usage(const Project& project, const Snapshot::Usage& usage) {
    const ProjectDeclared& quota = project.declared;
    TRY(over("instances", usage.instances, quota.instances_max, project));
    TRY(over("volumes", usage.volumes, quota.volumes_max, project));
    TRY(over("virtual processors", usage.resources.vcpus.count, quota.resources_max.vcpus.count,
             project));
    TRY(over("MiB of memory", usage.resources.memory.count, quota.resources_max.memory.count,
             project));
    return over("MiB of disk", usage.resources.disk.count, quota.resources_max.disk.count, project);
}

Status check_quota(const Snapshot& snapshot, ProjectId id, const Snapshot::Usage& more) {
    const Project* project = snapshot.find<Project>(id);
    if (project == nullptr) return {};
    Snapshot::Usage usage = snapshot.usage(id);
    usage.instances += more.instances;
    usage.volumes += more.volumes;
    usage.resources += more.resources;
    return check_usage(*project, usage);
}

Snapshot::Usage needs(const Instance& instance) {
    return {1, 0, {instance.declared.vcpus, instance.declared.memory, {}}};
}
Snapshot::Usage needs(const Volume& volume) {
    return {0, 1, {{}, {}, volume.declared.size}};
}

}  // namespace vdc::model
