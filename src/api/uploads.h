#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"

namespace vdc::api {

/// Bytes of one image on their way in. Destroyed without finish(): nothing stays behind.
class Upload {
  public:
    virtual ~Upload() = default;
    /// exhausted when the disk is full, too_large past the bound.
    virtual base::Status write(std::string_view bytes) = 0;
    /// All came: they are on the disk and have their name when this returns.
    virtual base::Status finish() = 0;
    /// Takes away what finish() put there: the image does not want it any more.
    virtual void revoke() = 0;
};

/// Where the bytes of images go. Any thread; blocking.
class Uploads {
  public:
    virtual ~Uploads() = default;
    /// `size` if the sender said it: what cannot fit is refused at once. conflict when bytes of
    /// this image are on their way already.
    virtual base::Result<std::unique_ptr<Upload>> begin(model::ImageId image,
                                                        std::optional<std::uint64_t> size) = 0;
};

/// Files FOLDER/ID (drivers::HostPaths::upload). They are written under another name first, synced,
/// then renamed: a name means that all bytes are there.
class FileUploads final : public Uploads {
  public:
    /// Makes the folder (0700) if it is missing and removes what broken uploads left.
    static base::Result<std::unique_ptr<FileUploads>> open(const std::string& folder,
                                                           std::uint64_t size_max = 1ULL << 40);

    base::Result<std::unique_ptr<Upload>> begin(model::ImageId image,
                                                std::optional<std::uint64_t> size) override;

  private:
    class File;
    /// Shared with the uploads under way, which may end after this.
    struct Busy {
        std::mutex mutex;
        std::set<model::ImageId> images;
    };
    FileUploads(std::string folder, std::uint64_t size_max)
        : folder_(std::move(folder)), size_max_(size_max), busy_(std::make_shared<Busy>()) {}

    const std::string folder_;
    const std::uint64_t size_max_;
    const std::shared_ptr<Busy> busy_;
};

}  // namespace vdc::api
