#pragma once

#include <memory>
#include <optional>

#include "api/call.h"
#include "engine/engine.h"

namespace vdc::api {

/// Those who watch the datacenter change: event streams that begin in the log and go on live,
/// without gap or double. One thread of its own; a watcher who reads slowly is served from the log
/// at its own speed, one who does not read at all is cut off by the server.
///
///     after=7        8 9 10 | from the log        11 12 13 ... | live
///
/// Each event but a bookmark is one step. Only the last one of a commit carries an id, so that who
/// resumes by it gets the commits that it has not had wholly once more.
class Watchers {
  public:
    explicit Watchers(engine::Engine& engine);
    ~Watchers();

    struct Wanted {
        model::Revision after = 0;
        std::optional<model::Noun> noun;
        std::optional<model::Subject> subject;
    };

    /// Answers the call with a stream; or 410 when the log no longer reaches back so far.
    void add(CallPtr call, Wanted wanted);

  private:
    class Body;
    std::shared_ptr<Body> body_;
};

}  // namespace vdc::api
