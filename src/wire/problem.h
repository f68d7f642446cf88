#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/http.h"

/// Errors on the wire: problem documents (RFC 9457).
namespace vdc::wire {

/// The HTTP status that each code has.
int status_of(base::Error::Code code);

/// The same for an error that ended a body on its way to a BodySink: what there was no room for
/// (exhausted) is 507 there, not 409.
int upload_status_of(base::Error::Code code);

/// {"type": "/problems/not_found", "title": "Not found", "status": 404, "code": "not_found",
///  "detail": message, "hint": hint, "request_id": id} as application/problem+json.
/// Empty hint and id are left out. 401 also carries WWW-Authenticate, 503 Retry-After.
Response problem(const base::Error& error, std::string_view request_id = {});

/// As above with a status that says it more exactly (405, 408, 415, 428, 431, ...).
Response problem(int status, const base::Error& error, std::string_view request_id = {});

/// The error a response means: nothing below 400; what the problem document says; or, from
/// another server, one made from the status.
std::optional<base::Error> error_of(const Response& response);

}  // namespace vdc::wire
