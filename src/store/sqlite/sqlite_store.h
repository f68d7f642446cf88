#pragma once

#include "store/sqlite/database.h"
#include "store/store.h"

namespace vdc::store {

struct SqliteOptions {
    /// What a commit survives when commit() returns.
    Database::Durability durability = Database::Durability::power;
    /// What a new file begins with, in place of an empty datacenter.
    model::Snapshot begin = {};
};

/// As open_sqlite_store(), for stores that keep their past in such a file.
base::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& folder,
                                                       const SqliteOptions& options);

}  // namespace vdc::store
