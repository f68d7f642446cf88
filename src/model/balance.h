#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// Whether the datacenter makes its hosts equally full by itself (docs/balancing.md). There is at
/// most one such record; without one nothing is balanced.
namespace vdc::model {

/// `advise`: the plan is kept for people to see; `act`: it is carried out.
enum class BalanceMode { off, advise, act };
constexpr auto words(BalanceMode) {
    return Words<BalanceMode, 3>{
        {{BalanceMode::off, "off"}, {BalanceMode::advise, "advise"}, {BalanceMode::act, "act"}}};
}

/// What a move is for, the most urgent first.
enum class BalanceAim {
    room,   ///< its host has more claimed than it may
    apart,  ///< replicas of an application are to be on different hosts
    level,  ///< hosts are to be equally full
};
constexpr auto words(BalanceAim) {
    return Words<BalanceAim, 3>{
        {{BalanceAim::room, "room"}, {BalanceAim::apart, "apart"}, {BalanceAim::level, "level"}}};
}

struct BalanceDeclared {
    BalanceMode mode = BalanceMode::off;
    std::int64_t moves_max = 2;
    std::int64_t moves_per_host = 1;
    std::int64_t least_gain = 100;
    Duration every{60'000'000};
    Duration rest{600'000'000};
    std::uint64_t runs = 0;

    friend bool operator==(const BalanceDeclared&, const BalanceDeclared&) = default;
    template <class D = BalanceDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("mode", &D::mode, "whether it only says what it would move, or moves it"),
            field("moves_max", &D::moves_max, "instances on their way at a time", {1, 100}),
            field("moves_per_host", &D::moves_per_host, "of these, from or to one host", {1, 16}),
            field("least_gain", &D::least_gain,
                  "by how many thousandths its new host is at least emptier than its old one, "
                  "itself counted on neither; more for what takes long to copy",
                  {10, 1000}),
            field("every", &D::every, "how often it looks; 10s to 7d"),
            field("rest", &D::rest,
                  "who began to run on his host less long ago stays there; at most 30d"),
            field("runs", &D::runs, "how often a run was asked for", {}, Mutability::computed)};
    }
};

/// One move of a plan.
struct BalanceStep {
    InstanceId instance;
    HostId from;
    HostId to;
    BalanceAim aim = BalanceAim::level;
    std::int64_t gain = 0;
    Bytes bytes{};
    std::string why;

    friend bool operator==(const BalanceStep&, const BalanceStep&) = default;
    template <class D = BalanceStep>
    static constexpr auto fields() {
        return std::tuple{
            field("instance", &D::instance, "that moves"),
            field("from", &D::from, "the host that it leaves"),
            field("to", &D::to, "the host that it goes to"),
            field("aim", &D::aim, "what it is for"),
            field("gain", &D::gain,
                  "by how many thousandths that host is emptier, itself counted on neither"),
            field("bytes", &D::bytes, "to copy: its memory, and its disks as large as they may be"),
            field("why", &D::why, "in words")};
    }
};

/// A plan that is being carried out.
struct BalanceRound {
    Instant since;
    bool asked = false;
    std::int64_t before = 0;
    std::int64_t predicted = 0;
    std::int64_t moved = 0;
    std::int64_t failed = 0;
    std::vector<BalanceStep> under_way;

    friend bool operator==(const BalanceRound&, const BalanceRound&) = default;
    template <class D = BalanceRound>
    static constexpr auto fields() {
        return std::tuple{
            field("since", &D::since, "when it began"),
            field("asked", &D::asked, "whether a person asked for it"),
            field("before", &D::before, "how uneven hosts were then, in thousandths"),
            field("predicted", &D::predicted, "how uneven they are to be at its end"),
            field("moved", &D::moved, "moves that arrived"),
            field("failed", &D::failed, "moves that came to nothing"),
            field("under_way", &D::under_way, "moves that were begun and are not over")};
    }
};

struct BalanceClaimed {
    std::vector<BalanceStep> plan;
    Instant planned;
    std::string waits;
    std::optional<BalanceRound> round;
    std::uint64_t runs = 0;

    friend bool operator==(const BalanceClaimed&, const BalanceClaimed&) = default;
    template <class D = BalanceClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("plan", &D::plan,
                  "what it would move, or moves next; of every beginning all is valid"),
            field("planned", &D::planned, "when that became so"),
            field("waits", &D::waits, "why nothing is planned or begun now; empty: it may be"),
            field("round", &D::round, "the plan that is carried out; none: it is only advice"),
            field("runs", &D::runs, "wishes for a run that were obeyed")};
    }
};

/// What came of the last plan that was carried out, beside what it was to bring.
struct BalanceObserved {
    Instant since;
    Instant ended;
    std::int64_t moved = 0;
    std::int64_t failed = 0;
    std::int64_t before = 0;
    std::int64_t predicted = 0;
    std::int64_t seen = 0;
    std::string message;

    friend bool operator==(const BalanceObserved&, const BalanceObserved&) = default;
    template <class D = BalanceObserved>
    static constexpr auto fields() {
        return std::tuple{
            field("since", &D::since, "when the last plan was begun"),
            field("ended", &D::ended, "when it was over"),
            field("moved", &D::moved, "moves that arrived"),
            field("failed", &D::failed, "moves that came to nothing"),
            field("before", &D::before,
                  "how uneven hosts were when it began: how far one is from the middle, in "
                  "thousandths of its room"),
            field("predicted", &D::predicted, "how uneven they were to be when all had moved"),
            field("seen", &D::seen, "how uneven they were when it was over"),
            field("message", &D::message, "how it ended")};
    }
};

struct BalanceKind {
    using Id = BalanceId;
    using Declared = BalanceDeclared;
    using Claimed = BalanceClaimed;
    using Observed = BalanceObserved;
    static constexpr Noun noun = Noun::balance;
};
using Balance = Record<BalanceKind>;

}  // namespace vdc::model
