#pragma once

#include <string>

#include "model/snapshot.h"

/// Records as the API shows them: the record, its status, its view.
namespace vdc::api {

/// Appends {"id", ..., "declared", "claimed", "observed", "status": {"word", "sentence"}, "view"}.
template <class R>
void write_item(std::string& out, const model::Snapshot& snapshot, const R& record);

/// The same of a record of any kind; "null" when it is not there.
void write_subject(std::string& out, const model::Snapshot& snapshot,
                   const model::Subject& subject);

/// The ETag of an item: its declared revision, for If-Match, and a mark of all that is shown, for
/// If-None-Match.
std::string etag_of(model::Revision declared, const std::string& shown);

/// Whether one of the tags of an If-Match header has this declared revision: "12" and
/// "12-mark" do, with or without W/; so does *.
bool if_match_holds(std::string_view header, model::Revision declared);

/// Whether one of the tags of an If-None-Match header is this ETag.
bool if_none_match_holds(std::string_view header, std::string_view etag);

}  // namespace vdc::api
