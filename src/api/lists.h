#pragma once

#include <vector>

#include "api/desk.h"

namespace vdc::api {

/// The query parameters that a list of this kind takes.
template <class R>
std::vector<Parameter> list_parameters();

/// Answers with a page, or, for limit=all, streams the whole list from one snapshot in pieces, so
/// that other requests are served between them.
template <class R>
void list(Desk& desk, CallPtr call);

}  // namespace vdc::api
