#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "wire/http.h"

/// Who asks, and what they may.
namespace vdc::api {

struct Caller {
    std::string name;    ///< in the log and in reasons; empty: nobody we know
    bool admin = false;  ///< may do everything a person may
    /// Of one that shows its certificate: it may speak about itself, and ask for nothing else.
    /// Whether it is a host still is for Joining::admit() to say.
    std::string host = {};
};

/// What a route asks of its caller.
enum class Access { anybody, admin, host };

/// Whom the request comes from: over the unix socket the local admin (its mode keeps others away,
/// and the peer's uid must be ours or root's); over TLS whoever shows the token, compared in
/// constant time, or else a controller, for its own local admin, or a host by its certificate. A
/// wrong proof is an error even where none is asked for.
base::Result<Caller> caller_of(const wire::Request& request, const base::Secret& token);

/// The one place that says who may do what.
base::Status authorize(const Caller& caller, Access wanted);

}  // namespace vdc::api
