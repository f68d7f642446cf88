#pragma once

#include <string>
#include <string_view>

#include "api/route.h"
#include "base/json.h"
#include "base/result.h"
#include "model/nouns.h"

/// What routes of verbs have in common: what is asked of a record beside changing its fields.
namespace vdc::api {

/// POST /v1/NOUNs/{NOUN}/VERB, for instances, volumes, hosts and operations: a write that is so
/// (200), or on its way (202).
Route verb_route(model::Noun noun, const std::string& verb, std::string summary);

/// A text member that must be there, and not empty.
base::Result<std::string> text_in(const base::Json& body, std::string_view name);
/// One that may be missing: then it is empty.
base::Result<std::string> text_or_nothing_in(const base::Json& body, std::string_view name);
/// A boolean member; false when it is missing.
base::Result<bool> flag_in(const base::Json& body, std::string_view name);

}  // namespace vdc::api
