#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "model/record.h"

/// Requests, followed to their end.
namespace vdc::model {

/// What a request asked for; its operation is done when that holds.
enum class Goal {
    exists,
    running,
    stopped,
    paused,
    rebooted,
    reset,
    ready,
    attached,
    detached,
    grown,
    taken,
    reverted,
    gone,
    drained,
    declared_dead,
    moved,
    balanced
};
constexpr auto words(Goal) {
    return Words<Goal, 17>{{{Goal::exists, "exists"},
                            {Goal::running, "running"},
                            {Goal::stopped, "stopped"},
                            {Goal::paused, "paused"},
                            {Goal::rebooted, "rebooted"},
                            {Goal::reset, "reset"},
                            {Goal::ready, "ready"},
                            {Goal::attached, "attached"},
                            {Goal::detached, "detached"},
                            {Goal::grown, "grown"},
                            {Goal::taken, "taken"},
                            {Goal::reverted, "reverted"},
                            {Goal::gone, "gone"},
                            {Goal::drained, "drained"},
                            {Goal::declared_dead, "declared_dead"},
                            {Goal::moved, "moved"},
                            {Goal::balanced, "balanced"}}};
}

enum class OperationPhase { running, done, failed, cancelled };
constexpr auto words(OperationPhase) {
    return Words<OperationPhase, 4>{{{OperationPhase::running, "running"},
                                     {OperationPhase::done, "done"},
                                     {OperationPhase::failed, "failed"},
                                     {OperationPhase::cancelled, "cancelled"}}};
}

/// One request of a person or a program, followed to its end. Its name is the idempotency key of
/// the request, or its own id: repeating a request with a key finds the first one's operation.
struct OperationDeclared {
    Noun noun = Noun::instance;
    base::Uuid subject;
    std::string subject_name;
    Goal goal = Goal::exists;
    std::uint64_t count = 0;
    std::string actor;
    std::string request;

    friend bool operator==(const OperationDeclared&, const OperationDeclared&) = default;
    template <class D = OperationDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("noun", &D::noun, "what kind of thing it is about"),
            field("subject", &D::subject, "which one"),
            field("subject_name", &D::subject_name, "its name when it began"),
            field("goal", &D::goal, "what shall hold at its end"),
            field("count", &D::count,
                  "for reboots, resets, reverts: which one; for moves: the generation; for "
                  "balances: the run"),
            field("actor", &D::actor, "who asked"),
            field("request", &D::request,
                  "fingerprint of the request; a key repeated with another is refused")};
    }
};

struct OperationObserved {
    OperationPhase phase = OperationPhase::running;
    std::string message;
    Instant finished;

    friend bool operator==(const OperationObserved&, const OperationObserved&) = default;
    template <class D = OperationObserved>
    static constexpr auto fields() {
        return std::tuple{field("phase", &D::phase, "how far it is"),
                          field("message", &D::message, "what it waits for, or why it failed"),
                          field("finished", &D::finished, "when it ended")};
    }
};

struct OperationKind {
    using Id = OperationId;
    using Declared = OperationDeclared;
    using Claimed = Nothing;
    using Observed = OperationObserved;
    static constexpr Noun noun = Noun::operation;
};
using Operation = Record<OperationKind>;

}  // namespace vdc::model
