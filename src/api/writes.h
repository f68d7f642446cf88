#pragma once

#include <functional>

#include "api/desk.h"
#include "control/requests.h"

/// Requests that change something: decided and made durable by the engine, then answered.
namespace vdc::api {

using Decide =
    std::function<base::Result<control::Decision>(const model::Snapshot&, const control::Ask&)>;

/// What a write is answered with.
enum class Kind { creation, change };

/// Has `decide` decided by the engine and answers {"operation", "item"}: 202 while the operation
/// runs, otherwise 201 for a creation and 200 for a change; Location leads to the item of a
/// creation. Obeys Idempotency-Key and If-Match.
void write(Desk& desk, const CallPtr& call, Kind kind, Decide decide);

/// Who asks what, with fresh chance. An error when the idempotency key is not one.
base::Result<control::Ask> ask_of(const Desk& desk, const Call& call);

}  // namespace vdc::api
