#pragma once

#include "base/json.h"
#include "control/duties.h"

/// A host's duties on their way to it, as a controller that is not on the same machine sends them:
/// all of them first, then the parts that changed. Pure.
namespace vdc::control {

struct DutiesUpdate {
    bool whole = false;  ///< all there are: what the host had before counts no more
    Duties parts;        ///< those that changed, and what is about the host as a whole
    Parts gone;          ///< duties no longer
    friend bool operator==(const DutiesUpdate&, const DutiesUpdate&) = default;
};

DutiesUpdate whole_update(Duties duties);

/// These parts of `duties`; the host itself stands for all of them, as in renew().
DutiesUpdate update_of(const Duties& duties, const Parts& changed);

/// Makes the duties that a host has those that the sender has.
void take(Duties& duties, DutiesUpdate update);

/// As JSON, and back. Members that this build does not know are passed over, missing ones have
/// their defaults, so that hosts and controllers of different builds understand each other.
/// Errors: invalid, with the member's path.
base::Json to_json(const DutiesUpdate& update);
base::Result<DutiesUpdate> duties_update_from_json(const base::Json& json);

}  // namespace vdc::control
