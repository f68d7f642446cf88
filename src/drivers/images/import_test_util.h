#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drivers/host_paths.h"
#include "drivers/images/importer.h"

namespace vdc::drivers::images {

/// A data folder of its own, with an importer; removed at the end, jails included.
class Imported : public testing::Test {
  protected:
    Imported();
    ~Imported() override;

    /// Puts bytes where an upload lies; the image's id.
    model::ImageId upload(const std::string& bytes);
    /// Puts a file there.
    model::ImageId upload_file(const std::string& path);
    control::ImportImage import_of(model::ImageId image, std::string declared = "auto") const;

    /// Runs a program to its good end; its output.
    static std::string must(std::vector<std::string> words);

    /// Names below the data folder that are files, sorted.
    std::vector<std::string> files() const;

    HostPaths paths;
    std::string scratch;  ///< a folder beside the data folder
    Images images;

  private:
    std::uint64_t count_ = 0;
};

}  // namespace vdc::drivers::images
