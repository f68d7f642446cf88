#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/etcd/client.h"

/// Which controllers a datacenter has, as they say themselves in its etcd.
namespace vdc::store {

struct Controller {
    std::string name;
    std::string address;           ///< where its API listens, "10.0.0.1:7443"
    model::Revision revision = 0;  ///< how far its own copy was when it said so
    base::Instant at;              ///< when that was, by its own clock
};
std::string text(const Controller& controller);
base::Result<Controller> parse_controller(std::string_view text);

/// Any thread; blocking. Errors are those of EtcdClient, and corrupt.
base::Status tell_of_controller(EtcdClient& client, const Controller& controller);
/// In the order of their names.
base::Result<std::vector<Controller>> controllers_of(EtcdClient& client);
base::Status forget_controller(EtcdClient& client, const std::string& name);

/// Who leads, and how far the datacenter has come.
struct Standing {
    std::string leader;      ///< by name; empty: nobody
    std::uint64_t term = 0;  ///< of the leader
    model::Revision revision = 0;
};
base::Result<Standing> standing_of(EtcdClient& client);

}  // namespace vdc::store
