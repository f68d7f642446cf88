#pragma once

#include <string>
#include <vector>

#include "base/result.h"

/// The unprivileged users that our daemons run as.
namespace vdc::drivers::networks {

struct Account {
    std::string user;
    std::string group;
};

/// The first of these users that this machine knows, with its primary group.
base::Result<Account> find_account(const std::vector<std::string>& users);

}  // namespace vdc::drivers::networks
