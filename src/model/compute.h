#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// Instances, and what they are made with: flavors and key pairs.
namespace vdc::model {

struct FlavorDeclared {
    Vcpus vcpus{1};
    MiB memory{512};
    MiB disk{1024};

    friend bool operator==(const FlavorDeclared&, const FlavorDeclared&) = default;
    template <class D = FlavorDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("vcpus", &D::vcpus, "virtual processors", {1, 256}, Mutability::at_creation),
            field("memory", &D::memory, "memory, for example 2GiB", {32, 16 << 20},
                  Mutability::at_creation),
            field("disk", &D::disk, "size of the root volume, for example 10GiB", {16, 64 << 20},
                  Mutability::at_creation)};
    }
};

struct FlavorKind {
    using Id = FlavorId;
    using Declared = FlavorDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::flavor;
};
using Flavor = Record<FlavorKind>;

struct KeyPairDeclared {
    std::string public_key;

    friend bool operator==(const KeyPairDeclared&, const KeyPairDeclared&) = default;
    template <class D = KeyPairDeclared>
    static constexpr auto fields() {
        return std::tuple{field("public_key", &D::public_key, "one line as ssh-keygen writes it",
                                {1, 16'384}, Mutability::at_creation)};
    }
};

struct KeyPairKind {
    using Id = KeyPairId;
    using Declared = KeyPairDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::key_pair;
};
using KeyPair = Record<KeyPairKind>;

// ---- instance ----------------------------------------------------------------------------------

enum class Power { on, off, paused };
constexpr auto words(Power) {
    return Words<Power, 3>{{{Power::on, "on"}, {Power::off, "off"}, {Power::paused, "paused"}}};
}

enum class Restart { always, on_failure, never };
constexpr auto words(Restart) {
    return Words<Restart, 3>{{{Restart::always, "always"},
                              {Restart::on_failure, "on_failure"},
                              {Restart::never, "never"}}};
}

/// How a run ended: by its guest (or a power-down that it obeyed), by us, or on its own.
enum class RunEnd { none, guest_off, killed, crashed };
constexpr auto words(RunEnd) {
    return Words<RunEnd, 4>{{{RunEnd::none, "none"},
                             {RunEnd::guest_off, "guest_off"},
                             {RunEnd::killed, "killed"},
                             {RunEnd::crashed, "crashed"}}};
}

enum class InstancePhase { absent, preparing, running, paused, stopped };
constexpr auto words(InstancePhase) {
    return Words<InstancePhase, 5>{{{InstancePhase::absent, "absent"},
                                    {InstancePhase::preparing, "preparing"},
                                    {InstancePhase::running, "running"},
                                    {InstancePhase::paused, "paused"},
                                    {InstancePhase::stopped, "stopped"}}};
}

struct InstanceDeclared {
    std::string flavor;
    Vcpus vcpus{1};
    MiB memory{512};
    ImageId image;
    std::optional<KeyPairId> key;
    std::string user_data;
    Power power = Power::on;
    Restart restart = Restart::on_failure;
    std::int64_t priority = priority_usual;
    Duration stop_timeout{30'000'000};
    bool stop_hard = false;
    std::uint64_t starts = 0;
    std::uint64_t reboots = 0;
    std::uint64_t resets = 0;
    std::uint64_t rules = 0;
    std::optional<ApplicationId> application;
    std::int64_t ordinal = 0;
    std::string template_mark;
    std::string survives{};

    friend bool operator==(const InstanceDeclared&, const InstanceDeclared&) = default;
    template <class D = InstanceDeclared>
    static constexpr auto fields() {
        constexpr auto computed = Mutability::computed;
        constexpr auto once = Mutability::at_creation;
        return std::tuple{
            field("flavor", &D::flavor, "name of the flavor it was made with", {1, 63}, once),
            field("vcpus", &D::vcpus, "virtual processors", {1, 256}, computed),
            field("memory", &D::memory, "memory", {32, 16 << 20}, computed),
            field("image", &D::image, "what its root volume began with", {}, once),
            field("key", &D::key, "key pair that may log in", {}, once),
            field("user_data", &D::user_data, "for cloud-init", {0, 65'536}, once),
            field("power", &D::power, "wanted power"),
            field("restart", &D::restart, "when a run that ended is started again"),
            field("priority", &D::priority,
                  "who gets a host first when not all can: the higher; at most the project's",
                  {0, priority_most}),
            field("stop_timeout", &D::stop_timeout, "from the ACPI button to the hard stop"),
            field("stop_hard", &D::stop_hard,
                  "whether the wish to be off is hard: without asking the guest", {}, computed),
            field("starts", &D::starts, "times that starting was asked for", {}, computed),
            field("reboots", &D::reboots, "times that a reboot was asked for", {}, computed),
            field("resets", &D::resets, "times that a reset was asked for", {}, computed),
            field("rules", &D::rules, "times that its restart rule was changed", {}, computed),
            field("application", &D::application, "whose replica it is", {}, computed),
            field("ordinal", &D::ordinal, "which replica, from 0", {}, computed),
            field("template_mark", &D::template_mark, "of the template it was made by", {},
                  computed),
            field("survives", &D::survives,
                  "the loss after which it is sure to start elsewhere: host, a label of hosts such "
                  "as rack, or nothing; empty: as its application, or else its project, says",
                  {0, 63})};
    }
};

/// What a request may say of a new instance beside its declared fields.
struct InstanceExtras {
    std::optional<std::vector<std::string>> networks;
    std::optional<Ipv4> address;
    MiB disk{};
    std::optional<std::string> pool{};

    friend bool operator==(const InstanceExtras&, const InstanceExtras&) = default;
    template <class D = InstanceExtras>
    static constexpr auto fields() {
        return std::tuple{
            field("networks", &D::networks,
                  "names or ids of networks, a port in each; none given: the network default"),
            field("address", &D::address, "wanted in the first network"),
            field("disk", &D::disk, "size of the root volume; 0MiB or none: the flavor's",
                  {0, 64 << 20}),
            field("pool", &D::pool, "of the root volume; none: local", {1, 63})};
    }
};

/// Why a placement came out as it did, as data.
struct RuleCount {
    std::string rule;
    std::int64_t hosts = 0;
    friend bool operator==(const RuleCount&, const RuleCount&) = default;
    template <class D = RuleCount>
    static constexpr auto fields() {
        return std::tuple{field("rule", &D::rule, "what was asked of hosts"),
                          field("hosts", &D::hosts, "how many hosts it removed")};
    }
};

struct ScorePart {
    std::string part;
    std::int64_t points = 0;
    friend bool operator==(const ScorePart&, const ScorePart&) = default;
    template <class D = ScorePart>
    static constexpr auto fields() {
        return std::tuple{field("part", &D::part, "what was scored"),
                          field("points", &D::points, "higher is better")};
    }
};

struct Explanation {
    std::string sentence;
    std::int64_t candidates = 0;
    std::vector<RuleCount> removed;
    std::vector<ScorePart> scores;
    std::optional<HostId> runner_up;

    friend bool operator==(const Explanation&, const Explanation&) = default;
    template <class D = Explanation>
    static constexpr auto fields() {
        return std::tuple{field("sentence", &D::sentence, "the decision in words"),
                          field("candidates", &D::candidates, "hosts that were looked at"),
                          field("removed", &D::removed, "what each rule removed"),
                          field("scores", &D::scores, "of the host that was chosen"),
                          field("runner_up", &D::runner_up, "the next best host")};
    }
};

// ---- moves -------------------------------------------------------------------------------------

/// How far one end of a move is (docs/migration.md). The sender: copying, sent; the receiver:
/// preparing (its disks and networks), ready, arrived. `sent`: the guest stands still, and all of
/// it is at the receiver; it goes on there only when that move is over. `arrived`: all of it is
/// here, and it goes on only when it is claimed here.
enum class MoveStage { preparing, ready, copying, sent, arrived, failed };
constexpr auto words(MoveStage) {
    return Words<MoveStage, 6>{{{MoveStage::preparing, "preparing"},
                                {MoveStage::ready, "ready"},
                                {MoveStage::copying, "copying"},
                                {MoveStage::sent, "sent"},
                                {MoveStage::arrived, "arrived"},
                                {MoveStage::failed, "failed"}}};
}

/// How much a move may ask of its guest to come to an end. `copy`: it runs, and is slowed down when
/// it writes faster than can be sent; `stop`: it stands still until all is sent.
enum class MoveRung { copy, stop };
constexpr auto words(MoveRung) {
    return Words<MoveRung, 2>{{{MoveRung::copy, "copy"}, {MoveRung::stop, "stop"}}};
}

enum class MoveCause { asked, drained, balanced };
constexpr auto words(MoveCause) {
    return Words<MoveCause, 3>{{{MoveCause::asked, "asked"},
                                {MoveCause::drained, "drained"},
                                {MoveCause::balanced, "balanced"}}};
}

/// A running instance is to go on elsewhere. As long as the claim has this, its host may send it,
/// and may neither start it anew nor let it go on once it was sent; when it has it no more, that
/// generation is never handed over to, and its host lets it go on.
struct Move {
    HostId to;
    Generation generation = 0;
    Epoch epoch = 0;
    Epoch from_epoch = 0;
    MoveCause cause = MoveCause::asked;
    MoveRung rung = MoveRung::copy;
    std::vector<VolumeId> volumes;
    Instant since;
    Instant stop_at;
    Instant until;

    friend bool operator==(const Move&, const Move&) = default;
    template <class D = Move>
    static constexpr auto fields() {
        return std::tuple{
            field("to", &D::to, "the host that it goes to"),
            field("generation", &D::generation, "of the run that comes to be there"),
            field("epoch", &D::epoch, "of that host, when this was ordered"),
            field("from_epoch", &D::from_epoch, "of the host that it leaves, then"),
            field("cause", &D::cause, "why"),
            field("rung", &D::rung, "how much it asks of the guest"),
            field("volumes", &D::volumes, "that go with it, all that it has; in id order"),
            field("since", &D::since, "when it was ordered"),
            field("stop_at", &D::stop_at, "when the guest is stopped until all is sent"),
            field("until", &D::until, "when it is given up")};
    }
};

/// What the host sees that sends the instance.
struct SendingSeen {
    Generation generation = 0;
    MoveStage stage = MoveStage::copying;
    Bytes total{};
    Bytes left{};
    Duration pause{};
    std::string message;

    friend bool operator==(const SendingSeen&, const SendingSeen&) = default;
    template <class D = SendingSeen>
    static constexpr auto fields() {
        return std::tuple{field("generation", &D::generation, "of the run that comes to be"),
                          field("stage", &D::stage, "how far it is"),
                          field("total", &D::total, "bytes to send, in all"),
                          field("left", &D::left, "bytes to send still, in steps of an eighth"),
                          field("pause", &D::pause, "for which the guest stood still"),
                          field("message", &D::message, "why it failed")};
    }
};

/// What the host sees that the instance comes to.
struct ArrivalSeen {
    HostId host;
    Generation generation = 0;
    MoveStage stage = MoveStage::preparing;
    std::string message;

    friend bool operator==(const ArrivalSeen&, const ArrivalSeen&) = default;
    template <class D = ArrivalSeen>
    static constexpr auto fields() {
        return std::tuple{field("host", &D::host, "that saw it"),
                          field("generation", &D::generation, "of the run that comes to be"),
                          field("stage", &D::stage, "how far it is there"),
                          field("message", &D::message, "what stands in the way")};
    }
};

struct InstanceClaimed {
    std::optional<HostId> host;
    Epoch epoch = 0;
    Generation generation = 0;
    std::string evidence;
    Evidence proof = Evidence::none;
    bool leaving = false;
    std::uint64_t stays = 0;
    Explanation placement;
    std::optional<Move> move{};
    Generation moved = 0;
    std::int64_t moves_failed = 0;
    Instant move_again_at{};
    std::string move_trouble{};
    Generation restored = 0;

    friend bool operator==(const InstanceClaimed&, const InstanceClaimed&) = default;
    template <class D = InstanceClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("host", &D::host, "where it may run; none: nowhere now"),
            field("epoch", &D::epoch, "of the host, when it was claimed"),
            field("generation", &D::generation, "claims so far"),
            field("evidence", &D::evidence, "why the run before is known to be over"),
            field("proof", &D::proof, "the kind of that evidence"),
            field("leaving", &D::leaving, "whether it shall stop there, to start on another host"),
            field("stays", &D::stays,
                  "how often that was taken back; each counts as a wish to start"),
            field("placement", &D::placement, "why there"),
            field("move", &D::move, "where it goes while it runs; none: nowhere"),
            field("moved", &D::moved,
                  "the highest generation that a move was ordered for: one up to it that is not "
                  "`move` is over"),
            field("moves_failed", &D::moves_failed, "moves in a row that came to nothing"),
            field("move_again_at", &D::move_again_at, "before this a drain begins no other"),
            field("move_trouble", &D::move_trouble, "why the last one came to nothing"),
            field("restored", &D::restored,
                  "the generation in which a backup was restored: as long as it is the present "
                  "one, a run of an earlier one on that host is this one's")};
    }
};

/// `sending` is what its host sees, as all the rest; `arrival` is what another host does (apply.h).
struct InstanceObserved {
    using OnHost = ArrivalSeen;

    Generation generation = 0;
    InstancePhase phase = InstancePhase::absent;
    Instant since;
    RunEnd ended = RunEnd::none;
    std::string ended_detail;
    std::int64_t crashes = 0;
    std::uint64_t starts = 0;
    std::uint64_t reboots = 0;
    std::uint64_t resets = 0;
    std::uint64_t rules = 0;
    std::string accelerator;
    std::string message;
    std::optional<SendingSeen> sending{};
    std::optional<ArrivalSeen> arrival{};

    friend bool operator==(const InstanceObserved&, const InstanceObserved&) = default;
    template <class O = InstanceObserved>
    static constexpr auto fields() {
        return std::tuple{
            field("generation", &O::generation, "of the claim that this was seen under"),
            field("phase", &O::phase, "what its host sees of it"),
            field("since", &O::since, "when that began"),
            field("ended", &O::ended, "how the last run ended"),
            field("ended_detail", &O::ended_detail, "in words"),
            field("crashes", &O::crashes, "runs that ended on their own, so far"),
            field("starts", &O::starts, "wishes to start that were obeyed"),
            field("reboots", &O::reboots, "wishes to reboot that were obeyed"),
            field("resets", &O::resets, "wishes to reset that were obeyed"),
            field("rules", &O::rules, "changes of its restart rule that its host has heard of"),
            field("accelerator", &O::accelerator, "kvm or tcg"),
            field("message", &O::message, "what stands in the way"),
            field("sending", &O::sending, "how far its host is with sending it elsewhere"),
            field("arrival", &O::arrival, "how far the host is that it moves to")};
    }
};

struct InstanceKind {
    using Id = InstanceId;
    using Declared = InstanceDeclared;
    using Claimed = InstanceClaimed;
    using Observed = InstanceObserved;
    static constexpr Noun noun = Noun::instance;
};
using Instance = Record<InstanceKind>;

}  // namespace vdc::model
