#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/change.h"
#include "model/snapshot.h"

/// What people ask for, as steps. Pure: a snapshot and a request in; steps, each with its reason,
/// or the error out. The engine applies the steps, wholly or not at all; what the rules of
/// model::apply forbid is found there.
///
/// Every request leaves an operation, whose goal says when it is done. One that asks for what holds
/// already, or for what is done when it is written down, is born done.
///
/// A request with a key that was used before is answered with the earlier operation and no steps;
/// when it is another request than the earlier one: conflict.
namespace vdc::control {

/// Who asks, and what pure code cannot make itself.
struct Ask {
    std::string actor;        ///< "admin"
    std::string project;      ///< name or id; empty: "default"
    std::string key;          ///< idempotency key; empty: none
    std::string fingerprint;  ///< equal for equal requests
    base::Uuid fresh;         ///< never used before: what is made takes its ids from it
    model::Instant now;
};

struct Decision {
    std::vector<model::Step> steps;
    model::Subject subject;
    model::OperationId operation;  ///< made by the steps, or found
    bool earlier = false;          ///< an earlier request with this key did it
};

/// `body`: "name", the fields of the kind's declared part, references by id or by name, and for an
/// instance those of model::InstanceExtras. "project" overrides the ask's; an image belongs to a
/// project only if the body says so, otherwise to the datacenter, as projects and flavors do.
base::Result<Decision> create(const model::Snapshot& snapshot, const Ask& ask, model::Noun noun,
                              const base::Json& body);

/// `patch` is a merge patch (RFC 7396) of the declared part.
base::Result<Decision> update(const model::Snapshot& snapshot, const Ask& ask, model::Noun noun,
                              std::string_view name_or_id, const base::Json& patch);

base::Result<Decision> remove(const model::Snapshot& snapshot, const Ask& ask, model::Noun noun,
                              std::string_view name_or_id);

enum class PowerVerb { start, stop, reboot, reset, pause, resume };
constexpr auto words(PowerVerb) {
    return model::Words<PowerVerb, 6>{{{PowerVerb::start, "start"},
                                       {PowerVerb::stop, "stop"},
                                       {PowerVerb::reboot, "reboot"},
                                       {PowerVerb::reset, "reset"},
                                       {PowerVerb::pause, "pause"},
                                       {PowerVerb::resume, "resume"}}};
}

/// Of a stop or a reboot: by asking the guest, or over its head. Other verbs do not ask anyway.
enum class Force { soft, hard };

base::Result<Decision> power(const model::Snapshot& snapshot, const Ask& ask,
                             std::string_view instance, PowerVerb verb, Force force);

/// Moves a running instance to that host (empty: to the best one) while it runs. One attempt: its
/// operation (goal `moved`, its count the generation of the move) fails when that comes to nothing.
/// Conflict, unsupported or exhausted, with the reason, when it cannot be begun now (moves.h).
base::Result<Decision> migrate(const model::Snapshot& snapshot, const Ask& ask,
                               std::string_view instance, std::string_view host);

base::Result<Decision> attach(const model::Snapshot& snapshot, const Ask& ask,
                              std::string_view volume, std::string_view instance);
base::Result<Decision> detach(const model::Snapshot& snapshot, const Ask& ask,
                              std::string_view volume);
base::Result<Decision> grow(const model::Snapshot& snapshot, const Ask& ask,
                            std::string_view volume, model::MiB size);
base::Result<Decision> revert(const model::Snapshot& snapshot, const Ask& ask,
                              std::string_view volume, std::string_view volume_snapshot);

/// The bytes of an image have arrived: on that host, which imports it; none: on the one that was
/// chosen already. Its operation is done when the image is ready.
base::Result<Decision> image_arrived(const model::Snapshot& snapshot, const Ask& ask,
                                     model::ImageId image, std::optional<model::HostId> host = {});

/// The image whose bytes may come now; conflict when they have come already.
base::Result<const model::Image*> image_to_upload(const model::Snapshot& snapshot,
                                                  std::string_view project,
                                                  std::string_view name_or_id);

// ---- hosts -------------------------------------------------------------------------------------

/// Whether the host's instances shall leave it. A drain is done when those that can have left.
enum class Drain { begin, end };
base::Result<Decision> drain(const model::Snapshot& snapshot, const Ask& ask, std::string_view host,
                             Drain what);

/// The operator's word that nothing of the host's present epoch runs any more, and never will: its
/// instances may start elsewhere. Conflict for a host that is up, for its word stands against it.
base::Result<Decision> declare_dead(const model::Snapshot& snapshot, const Ask& ask,
                                    std::string_view host);

/// Nobody waits for the operation any more; what it asked for stays asked for.
base::Result<Decision> cancel(const model::Snapshot& snapshot, const Ask& ask,
                              std::string_view operation);

/// Makes hosts equally full once, whatever the mode of the balance is: its operation (goal
/// `balanced`) is done when the plan is over, and says what came of it. Conflict, with the reason,
/// while hosts are suspected, fenced or drained.
base::Result<Decision> run_balance(const model::Snapshot& snapshot, const Ask& ask,
                                   std::string_view balance);

// ---- documents ---------------------------------------------------------------------------------

enum class Action { create, update, none };
constexpr auto words(Action) {
    return model::Words<Action, 3>{
        {{Action::create, "create"}, {Action::update, "update"}, {Action::none, "none"}}};
}

struct Difference {
    std::string field;  ///< "template.image"
    base::Json from;
    base::Json to;
};

struct DocumentResult {
    model::Noun noun = model::Noun::application;
    base::Uuid id;
    std::string name;
    Action action = Action::none;
    std::vector<Difference> differences;  ///< of an update
};

struct Applied {
    std::vector<model::Step> steps;
    std::vector<DocumentResult> results;  ///< one for each document, in order
    std::vector<model::OperationId> operations;
};

constexpr std::size_t documents_max = 1000;

/// Documents {"kind", "name", ...}: what is not there is created, what differs is updated, all in
/// one. A later document may refer to what an earlier one creates. Errors name the document.
base::Result<Applied> apply_documents(const model::Snapshot& snapshot, const Ask& ask,
                                      const std::vector<base::Json>& documents);

}  // namespace vdc::control
