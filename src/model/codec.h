#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/snapshot.h"

/// Records and their parts as JSON, from the one description of their fields (fields.h).
namespace vdc::model {

/// What becomes of members that no field describes.
enum class Unknown {
    refused,  ///< an error that names the member and what might have been meant: for requests
    kept,     ///< kept in Record::unknown and written again: for stored records
};

/// All of a record: id, project, name, created, revision, deleting, declared, claimed, observed.
/// Sizes are text with a unit, ids UUIDs, times RFC 3339, durations text; absent optionals null.
template <class R>
base::Json to_json(const R& record);

/// Back again. Missing members take their defaults; errors name the member's path.
template <class R>
base::Result<R> record_from_json(const base::Json& json, Unknown unknown);

/// One part (declared, claimed or observed).
template <class Part>
base::Json part_to_json(const Part& part);
template <class Part>
base::Result<Part> part_from_json(const base::Json& json, Unknown unknown);

/// Changes `part` by the members that stand in `patch` (RFC 7396 for the top level: null gives a
/// field its default). Refuses unknown members, values out of bounds, and fields that may not be
/// written: computed ones always, those settable at creation when `creating` is false.
enum class Writing { creating, updating };
/// Only for declared parts, and what a creation may say beside them.
template <class Part>
base::Status merge(Part& part, const base::Json& patch, Writing writing);

/// The JSON Schema (2020-12) of a part: types, bounds, words, descriptions; `readOnly` for
/// computed fields.
template <class Part>
base::Json schema();

}  // namespace vdc::model
