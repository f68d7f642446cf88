#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/session.h"

/// How answers are shown. Pure: text out.
namespace vdc::cli {

/// A column of a table: its heading and where it is found: a path of members ("status.word"), with
/// '|' between alternatives; lists are joined by ','.
struct Column {
    std::string name;
    std::string path;
};

base::Result<Format> parse_format(const std::string& word);

/// The text at a path; "" when there is nothing. Times become ages for columns named "age": at
/// `now`, or at the present.
std::string cell(const base::Json& item, const Column& column,
                 std::optional<base::Instant> now = {});

/// Items as the format asks. `columns` are those of the noun; the person's choice (-c) picks among
/// them or names paths of its own. An error names a column that is nowhere.
base::Result<std::string> shown(const base::Json& items, std::vector<Column> columns,
                                const Common& common, std::optional<base::Instant> now = {});

/// One thing: table lists its fields, json and yaml give it whole.
base::Result<std::string> shown_one(const base::Json& item, const std::vector<Column>& columns,
                                    const Common& common);

std::string to_yaml(const base::Json& value);

}  // namespace vdc::cli
