#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/host_paths.h"
#include "drivers/images/inspect.h"
#include "runtime/fd.h"

/// Uploads in, published images out.
///
///     uploads/ID  --inspect--> accepted --hash--> --qemu-img in a jail--> images/.tmp/ID
///                 --hash again--> --inspect the result--> --fsync, freeze-->
///                 images/ID.json, then images/ID.qcow2
///
/// 1. Nothing opens an upload before our parser accepted it.
/// 2. What is published is flat, whole, on the disk, read-only, and says nothing about other files.
/// 3. images/ID.qcow2 appears by one rename, last: it is there wholly or not at all.
/// 4. Only images/.tmp and stray records can be left by a crash; start() removes them.
namespace vdc::drivers::images {

class Images {
  public:
    explicit Images(HostPaths paths) : paths_(std::move(paths)) {}

    /// Once, before the first run(): makes the folders and removes what a crash left behind.
    base::Status start();

    /// Publishes the upload and removes it; an image that is published already stays as it is.
    /// After an error the upload is still there and nothing else is. Errors: not_found (no
    /// upload), invalid, corrupt, unsupported, too_large (what the image is), exhausted (disk
    /// full), timed_out, failed.
    base::Result<control::ImageSighting> run(const control::ImportImage& effect);

    /// Brings an image that is published elsewhere: `bring` writes its bytes into the file, at most
    /// so many. What came is looked at as if anybody had written it; it must be a disk of the size
    /// that the source told. After an error nothing is there. Errors: those of `bring`, corrupt,
    /// exhausted, failed.
    using Bring = std::function<base::Status(const runtime::Fd& into, std::uint64_t size_max)>;
    base::Result<control::ImageSighting> run(const control::FetchImage& effect, const Bring& bring);

    /// Removes image and upload. conflict while a volume on this host needs the image.
    base::Result<control::ImageSighting> run(const control::RemoveImage& effect);

    base::Result<control::ImageSighting> look(model::ImageId image) const;

    /// The file of a published image, to be read by others. Errors: not_found, corrupt.
    base::Result<runtime::Fd> open(model::ImageId image) const;

  private:
    base::Result<control::ImageSighting> fetch(const control::FetchImage& effect,
                                               const Bring& bring);
    base::Result<control::ImageSighting> import(const control::ImageSpec& image);
    base::Status publish(const control::ImageSpec& image, const control::ImageSighting& seen,
                         const runtime::Fd& result);
    base::Status clear(model::ImageId image);
    std::string temporary() const { return paths_.images() + "/.tmp"; }

    HostPaths paths_;
};

/// Converts an accepted image into an empty qcow2 of its size, in a jail. `from` must be open to
/// all (mode 0444). What the result may take: not more than its own size with some room for
/// tables, and not more than 64 times what was uploaded: a file that unpacks to more is a bomb.
base::Status convert(const HostPaths& paths, model::ImageId image, const Found& found,
                     const runtime::Fd& from, std::uint64_t from_size, const runtime::Fd& into);

/// The most bytes that the result of a conversion may have.
std::uint64_t result_size_max(const Found& found, std::uint64_t from_size);

}  // namespace vdc::drivers::images
