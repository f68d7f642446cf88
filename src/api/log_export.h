#pragma once

#include <string>

#include "model/log_text.h"
#include "store/store.h"

namespace vdc::api {

/// Writes the log between two revisions as text (model/log_text.h), piece by piece.
class LogExport {
  public:
    /// `from` is where it begins. Its commits lead to `head.to`.
    LogExport(store::Store& store, model::Snapshot from, model::LogHead head);

    /// Appends lines until `out` has `size` bytes or all is written: then true, and nothing more
    /// comes. Errors are the
    /// store's; what was written without its last line is known to be cut off.
    base::Result<bool> write(std::string& out, std::size_t size);

  private:
    /// True when all records are written.
    bool write_records(std::string& out, std::size_t size);
    base::Result<bool> write_commits(std::string& out, std::size_t size);

    store::Store& store_;
    const model::Snapshot base_;
    const model::LogHead head_;
    bool begun_ = false;
    bool ended_ = false;
    model::Subject next_;  ///< the record to go on with
    bool records_done_ = false;
    model::Revision written_ = 0;  ///< the last commit
    model::LogCounts counts_;
};

}  // namespace vdc::api
