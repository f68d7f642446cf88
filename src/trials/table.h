#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

/// Data that others published, as lines of comma-separated values under a heading.
namespace vdc::trials {

class Table {
  public:
    std::size_t rows() const { return rows_.size(); }

    /// The column of that name; not_found when the heading has none.
    base::Result<std::size_t> column(const std::string& name) const;
    bool has(const std::string& name) const { return column(name).ok(); }

    const std::string& text(std::size_t row, std::size_t column) const {
        return rows_[row][column];
    }

    /// A whole number; parts after a point are dropped, nothing is 0.
    base::Result<std::int64_t> number(std::size_t row, std::size_t column) const;

    static base::Result<Table> parse(std::string name, const std::string& text);

  private:
    std::string name_;
    std::vector<std::string> heading_;
    std::vector<std::vector<std::string>> rows_;
};

/// Reads FILE; one that ends in .gz through gzip. At most 16 MiB when unpacked.
base::Result<Table> read_table(const std::string& file);

/// The file FOLDER/NAME.csv or FOLDER/NAME.csv.gz, whichever is there; not_found says how to give
/// the data.
base::Result<std::string> data_file(const std::string& folder, const std::string& name);

/// `path` itself if it is a file, else the file of that name in the folder `path`.
base::Result<std::string> file_or_in_folder(const std::string& path, const std::string& name);

}  // namespace vdc::trials
