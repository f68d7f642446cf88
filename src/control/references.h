#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/snapshot.h"

/// What people mean when they name a thing: an id, or a name in their project.
namespace vdc::control {

/// The record that `name_or_id` means to a request of `project`: by its id, by its name in the
/// project, or by its name among what belongs to the datacenter. What belongs to another project is
/// not found. The error says what was missing and what may have been meant.
template <class R>
base::Result<const R*> find_record(const model::Snapshot& snapshot, model::ProjectId project,
                                   std::string_view name_or_id);

/// As above for a kind that is known only when the program runs.
base::Result<model::Subject> find_subject(const model::Snapshot& snapshot, model::Noun noun,
                                          model::ProjectId project, std::string_view name_or_id);

/// The project of a request, by name or id; empty: the project "default".
base::Result<model::ProjectId> find_project(const model::Snapshot& snapshot,
                                            std::string_view name_or_id);

/// Puts ids in the place of names in every member of `body` that refers to a record, also in nested
/// objects. Members that are absent, null or no text are left as they are.
template <class Part>
base::Status resolve_references(const model::Snapshot& snapshot, model::ProjectId project,
                                base::Json& body);

/// The inverse, for people's eyes: names in the place of ids, where there is such a record.
template <class Part>
void name_references(const model::Snapshot& snapshot, base::Json& part);

}  // namespace vdc::control
