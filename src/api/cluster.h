#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/ids.h"
#include "wire/tls.h"

/// The controllers of a datacenter (docs/controllers.md), as its API tells of them and changes
/// them.
namespace vdc::api {

struct ClusterState {
    struct Controller {
        std::string name;
        std::string address;           ///< where its API listens; empty: it never said
        bool votes = true;             ///< false: it has begun, and follows
        bool answers = false;          ///< its part of the store does
        model::Revision revision = 0;  ///< how far its own copy was when it said so
        base::Instant at;              ///< when that was; 0: never
        friend bool operator==(const Controller&, const Controller&) = default;
    };
    bool several = false;  ///< there may be; false: one, with a store of its own
    std::string leader;    ///< by name; empty: nobody
    std::uint64_t term = 0;
    model::Revision revision = 0;  ///< of the datacenter
    std::vector<Controller> controllers = {};
};

base::Json to_json(const ClusterState& state, base::Instant now);

/// What an operator should see to, in sentences; none: all is well.
std::vector<std::string> findings(const ClusterState& state, base::Instant now);

/// Blocking; any thread.
class Cluster {
  public:
    virtual ~Cluster() = default;

    virtual base::Result<ClusterState> state() = 0;

    /// There may be several controllers from soon on: the daemon begins anew for it, and answers
    /// nobody meanwhile. Instances go on. conflict: so it is already.
    virtual base::Status begin() = 0;

    /// What all controllers share. Secrets, but for `servers`.
    struct Papers {
        wire::Identity authority;        ///< the datacenter's
        wire::Identity store_authority;  ///< whose certificates open the store
        std::string token;               ///< that opens the API
        std::vector<std::string> servers;
    };
    virtual base::Result<Papers> papers() = 0;

    /// What a backup needs of this controller beside the records. Secrets are among it.
    struct Keepsakes {
        wire::Identity authority;              ///< the datacenter's
        std::string token;                     ///< that opens the API; empty: nothing does
        std::string datacenter;                ///< its id
        std::string host;                      ///< of this machine, by name
        std::string tag;                       ///< of this machine
        std::vector<std::string> controllers;  ///< where the API of each listens; none: nowhere
    };
    virtual base::Result<Keepsakes> keepsakes() = 0;

    /// It is no controller any more. Refused for the one that leads, and for one without which the
    /// others would not be most of those that are left.
    virtual base::Status remove(const std::string& name) = 0;
};

}  // namespace vdc::api
