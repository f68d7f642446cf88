#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"

/// What would happen if: a datacenter's own control code, run forward from the present in virtual
/// time.
namespace vdc::api {

/// The closed set of what can be asked. All of it happens at once, but what makes something new
/// (hosts, documents, flavors, settings) happens first and comes to rest, so that a loss or a drain
/// meets the datacenter as it would be then.
struct WhatIf {
    struct Hosts {
        std::int64_t count = 0;
        std::string like;  ///< name or id of a host: theirs is its size, its labels, its settings
    };
    struct Flavor {
        std::string of;  ///< an application or an instance
        std::string flavor;
    };

    std::vector<std::string> fail =
        {};  ///< "host/h3", "instance/web-1", "LABEL/VALUE": hosts with it
    std::vector<std::string> drain = {};  ///< "host/h2", "LABEL/VALUE"
    std::optional<Hosts> add_hosts = {};
    std::vector<base::Json> run = {};  ///< documents, as of POST /v1/apply
    std::vector<Flavor> flavors = {};
    base::Json policy =
        {};  ///< {"host": {...}, "project": {...}}: what each of them declares instead

    std::string project = {};  ///< of names; empty: default
    std::uint64_t seed = 0;    ///< of all chance: equal seeds and questions have equal answers
    base::Duration within = std::chrono::minutes(10);  ///< how far ahead is looked

    bool asks_nothing() const {
        return fail.empty() && drain.empty() && !add_hosts && run.empty() && flavors.empty() &&
               policy.is_null();
    }
};

/// What would come of it. Times are counted from the moment of the loss or the drain: what is made
/// new before it has negative ones. Where there is neither, they are counted from the beginning.
struct Forecast {
    /// How long something takes on this datacenter.
    struct Speed {
        std::string of;
        base::Duration takes{};
        std::size_t samples = 0;  ///< none: it is the usual time, nothing was seen here
    };
    struct Instance {
        model::InstanceId id;
        std::string name;
        std::string project;
        std::string application;  ///< empty: none
    };
    struct Move {
        Instance instance;
        std::string from;  ///< a host's name; empty: it is new, or was nowhere
        std::string to;
        base::Duration at{};
        std::string reason;
    };
    /// An instance that was down for a while.
    struct Recovery {
        Instance instance;
        base::Duration down{};                ///< when that began
        std::optional<base::Duration> runs;   ///< when its QEMU was there again
        std::optional<base::Duration> ready;  ///< when it could be used again; none: not by the end
        std::string host;                     ///< where it is at the end; empty: nowhere
    };
    /// An instance that shall run and does not at the end.
    struct Waiting {
        Instance instance;
        std::string reason;    ///< reads on from its name
        bool already = false;  ///< it was so at the beginning, too
    };
    /// An application that had fewer replicas ready than promised.
    struct Broken {
        std::string application;
        std::string project;
        std::int64_t promised = 0;
        std::int64_t least = 0;    ///< replicas that were ready at the worst moment
        base::Duration below{};    ///< for how long there were too few
        base::Duration missing{};  ///< replica-time that was not kept
        bool for_good = false;     ///< there still are too few at the end
    };
    struct Cost {
        std::int64_t hosts_in_use_before = 0;
        std::int64_t hosts_in_use_after = 0;
        model::Resources claimed_before;
        model::Resources claimed_after;
        model::Resources claimable_before;
        model::Resources claimable_after;
        std::int64_t images_brought = 0;  ///< to a host that had not had them
        base::Duration missing{};         ///< instance-time wanted and not running
    };
    /// How many instances that shall run do not, from a moment on.
    struct Point {
        base::Duration at{};
        std::int64_t down = 0;
    };
    enum class End { rest, horizon, limit };

    model::Revision revision = 0;  ///< of the datacenter that it began with
    base::Instant from;
    std::int64_t hosts = 0;
    std::int64_t instances = 0;
    std::vector<std::string> happened;  ///< what was done to it, in words
    std::vector<Speed> speeds;
    std::vector<Move> moves;
    std::vector<Recovery> recoveries;
    std::vector<Waiting> cannot_run;
    std::vector<Broken> broken;
    Cost cost;
    std::vector<Point> down;
    base::Duration lasted{};
    End ended = End::rest;  ///< nothing changes any more; or how far it was looked; or a bound
};

/// Any thread; one call may take seconds. The datacenter itself is never touched.
class Foresight {
  public:
    virtual ~Foresight() = default;

    /// Errors name what is asked for and is not there, or cannot be.
    virtual base::Result<Forecast> foresee(const engine::SnapshotPtr& datacenter, base::Instant now,
                                           const WhatIf& what_if) = 0;
};

}  // namespace vdc::api
