#include "api/uploads.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::api {

using base::Error;
using base::Result;
using base::Status;
using runtime::system_error;

static constexpr std::string_view partial = ".part";
static constexpr std::uint64_t kept_free = 64 << 20;  ///< of the disk, for everybody else

static Error too_large(std::uint64_t size_max) {
    return {Error::Code::too_large,
            "the image is larger than " + std::to_string(size_max) + " bytes",
            "this datacenter takes no larger ones"};
}

static Error disk_full(const std::string& folder) {
    return {Error::Code::exhausted, "the disk that holds " + folder + " is full",
            "make room there, then upload the image again"};
}

// ---- one file ----------------------------------------------------------------------------------

class FileUploads::File final : public Upload {
  public:
    File(const FileUploads& owner, model::ImageId image, runtime::Fd file)
        : folder_(owner.folder_),
          path_(owner.folder_ + "/" + text(image)),
          size_max_(owner.size_max_),
          image_(image),
          busy_(owner.busy_),
          file_(std::move(file)) {}

    ~File() override {
        if (!finished_) (void)runtime::remove_file(path_ + std::string(partial));
        const std::lock_guard lock(busy_->mutex);
        busy_->images.erase(image_);
    }

    Status write(std::string_view bytes) override {
        size_ += bytes.size();
        if (size_ > size_max_) return too_large(size_max_);
        while (!bytes.empty()) {
            const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed("cannot write");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    Status finish() override {
        if (::fsync(file_.get()) != 0) return failed("cannot sync");
        file_.reset();
        if (::rename((path_ + std::string(partial)).c_str(), path_.c_str()) != 0)
            return failed("cannot rename");
        finished_ = true;
        return runtime::sync_dir(folder_);
    }

    void revoke() override { (void)runtime::remove_file(path_); }

  private:
    Error failed(const std::string& deed) const {
        if (errno == ENOSPC || errno == EDQUOT) return disk_full(folder_);
        return system_error(errno, deed + " " + path_);
    }

    const std::string folder_;
    const std::string path_;
    const std::uint64_t size_max_;
    const model::ImageId image_;
    const std::shared_ptr<Busy> busy_;
    runtime::Fd file_;
    std::uint64_t size_ = 0;
    bool finished_ = false;
};

// ---- all of them -------------------------------------------------------------------------------

Result<std::unique_ptr<FileUploads>> FileUploads::open(const std::string& folder,
                                                       std::uint64_t size_max) {
    TRY(runtime::ensure_dir(folder, 0700));
    for (const std::string& name : TRY(runtime::list_dir(folder)))
        if (name.ends_with(partial)) TRY(runtime::remove_file(folder + "/" + name));
    return std::unique_ptr<FileUploads>(new FileUploads(folder, size_max));
}

Result<std::unique_ptr<Upload>> FileUploads::begin(model::ImageId image,
                                                   std::optional<std::uint64_t> size) {
    if (size && *size > size_max_) return too_large(size_max_);
    const runtime::Space space = TRY(runtime::free_space(folder_));
    const auto room = static_cast<std::uint64_t>(space.free.count);
    if (room < kept_free + size.value_or(0)) return disk_full(folder_);
    {
        const std::lock_guard lock(busy_->mutex);
        if (!busy_->images.insert(image).second)
            return Error{Error::Code::conflict, "the bytes of this image are on their way already",
                         "wait for that upload, or end it"};
    }
    const std::string path = folder_ + "/" + text(image) + std::string(partial);
    runtime::Fd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
        const Error error = system_error(errno, "cannot create " + path);
        const std::lock_guard lock(busy_->mutex);
        busy_->images.erase(image);
        return error;
    }
    return std::unique_ptr<Upload>(std::make_unique<File>(*this, image, std::move(file)));
}

}  // namespace vdc::api
