#include "trials/table.h"

#include <algorithm>
#include <charconv>

#include <sys/stat.h>

#include "base/text.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::trials {

using base::Error;
using base::Result;

Result<std::size_t> Table::column(const std::string& name) const {
    const auto at = std::find(heading_.begin(), heading_.end(), name);
    if (at == heading_.end())
        return Error{Error::Code::not_found, name_ + " has no column '" + name + "'",
                     "its heading says: " + base::quoted(base::join(heading_, ","))};
    return static_cast<std::size_t>(at - heading_.begin());
}

Result<std::int64_t> Table::number(std::size_t row, std::size_t column) const {
    const std::string& text = rows_[row][column];
    std::int64_t value = 0;
    if (text.empty()) return value;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || (end != text.data() + text.size() && *end != '.'))
        return Error{Error::Code::invalid,
                     name_ + ", row " + std::to_string(row + 1) + ": " + base::quoted(text) +
                         " is no number",
                     "column " + heading_[column]};
    return value;
}

Result<Table> Table::parse(std::string name, const std::string& text) {
    Table table;
    table.name_ = std::move(name);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty()) continue;
        std::vector<std::string> cells = base::split(line, ',');
        if (table.heading_.empty()) {
            table.heading_ = std::move(cells);
            continue;
        }
        if (cells.size() != table.heading_.size())
            return Error{Error::Code::invalid,
                         table.name_ + ", row " + std::to_string(table.rows_.size() + 1) +
                             ": it has " + std::to_string(cells.size()) + " values",
                         "the heading has " + std::to_string(table.heading_.size())};
        table.rows_.push_back(std::move(cells));
    }
    return table;
}

static bool is_folder(const std::string& path) {
    struct stat there {};
    return ::stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
}

Result<Table> read_table(const std::string& file) {
    constexpr std::size_t size_max = 16 << 20;
    if (file.ends_with(".gz")) {
        const std::string text =
            TRY(runtime::must_run({{"gzip", "--decompress", "--stdout", "--", file}}));
        if (text.size() >= size_max)
            return Error{Error::Code::too_large, file + " is larger than 16 MiB when unpacked",
                         "give a part of it"};
        return Table::parse(file, text);
    }
    return Table::parse(file, TRY(runtime::read_file(file, size_max)));
}

Result<std::string> data_file(const std::string& folder, const std::string& name) {
    for (const char* ending : {".csv", ".csv.gz"})
        if (runtime::exists(folder + "/" + name + ending)) return folder + "/" + name + ending;
    return Error{Error::Code::not_found,
                 "there is no " + name + ".csv (nor .csv.gz) in '" + folder + "'",
                 "the data is not part of this program; give its folder with --data, and see "
                 "docs/scheduler.md for what it must hold"};
}

Result<std::string> file_or_in_folder(const std::string& path, const std::string& name) {
    if (!path.empty() && runtime::exists(path) && !is_folder(path)) return path;
    return data_file(path, name);
}

}  // namespace vdc::trials
