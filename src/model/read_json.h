#pragma once

#include <string_view>

#include "model/commit.h"

/// Stored JSON read straight from its text, without a tree: for the log and stored snapshots. What
/// write_json.h writes is read about ten times as fast; all else (members in another order, spaces,
/// members that a newer build added) goes the way of codec.h, so that the answer is always the
/// same.
namespace vdc::model {

/// What record_from_json(parse_json(text), Unknown::kept) gives.
template <class R>
base::Result<R> read_record(std::string_view text);

/// What commit_from_json(parse_json(text)) gives.
base::Result<Commit> read_commit(std::string_view text);

}  // namespace vdc::model
