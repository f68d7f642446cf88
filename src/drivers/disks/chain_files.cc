#include "drivers/disks/chain_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "drivers/images/empty_qcow2.h"
#include "drivers/images/own_files.h"
#include "drivers/images/qemu_img.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {

using base::Error;
using base::Result;
using base::Status;
using images::open_own;
using runtime::Fd;

static constexpr mode_t head_mode = 0600;
static constexpr mode_t frozen_mode = 0444;

std::string tool_key(model::VolumeId volume) {
    return "volume-" + text(volume);
}

base::Bytes file_size_max(base::MiB size) {
    return base::bytes(base::MiB{size.count + size.count / 32 + 64});
}

Result<Fd> write_overlay(const std::string& folder, std::uint64_t number, base::MiB size) {
    const std::string name = file_name(number);
    TRY(runtime::remove_file(folder + "/" + name));
    const images::EmptyQcow2 empty = images::empty_qcow2(base::bytes(size));
    return images::create_own(folder, name, empty.head, empty.file_size);
}

Status make_overlay(const std::string& folder, std::uint64_t number, base::MiB size) {
    const Fd file = TRY(write_overlay(folder, number, size));
    if (::fsync(file.get()) != 0)
        return runtime::system_error(
            errno, "cannot write " + folder + "/" + file_name(number) + " to the disk");
    return runtime::sync_dir(folder);
}

static bool named(const Record& record, const std::string& name) {
    if (name == "volume.json") return true;
    for (const File& file : record.files)
        if (name == file_name(file.number)) return true;
    return false;
}

Status tidy(const HostPaths& paths, const Record& record) {
    const std::string folder = paths.volume(record.volume);
    TRY(images::end_qemu_img(paths, tool_key(record.volume)));
    for (const std::string& name : TRY(runtime::list_dir(folder)))
        if (!named(record, name)) TRY(runtime::remove_tree(folder + "/" + name));
    for (const File& file : record.files)
        TRY(images::take_back(folder, file_name(file.number),
                              file.number == record.head ? head_mode : frozen_mode));
    return {};
}

static Result<Fd> open_image(const HostPaths& paths, model::ImageId image) {
    Result<Fd> file = open_own(paths.images(), text(image) + ".qcow2", O_RDONLY);
    if (!file.ok() && file.error().code == Error::Code::not_found)
        return Error{Error::Code::not_found,
                     "image " + text(image) + ", on which the volume lies, is not on this host",
                     "import the image again"};
    return file;
}

Result<std::vector<Fd>> open_chain(const HostPaths& paths, const Record& record,
                                   std::uint64_t top) {
    std::vector<Fd> files;
    for (const std::uint64_t number : chain(record, top)) {
        const int flags = number == record.head ? O_RDWR : O_RDONLY;
        files.push_back(TRY(open_own(paths.volume(record.volume), file_name(number), flags)));
    }
    if (record.image) files.push_back(TRY(open_image(paths, *record.image)));
    return files;
}

Result<bool> in_use(const HostPaths& paths, const Record& record, std::uint64_t number) {
    const Fd file = TRY(open_own(paths.volume(record.volume), file_name(number), O_RDWR));
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 100;
    lock.l_len = 200;
    if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0)
        return runtime::system_error(errno, "cannot ask who has " + file_name(number) + " open");
    return lock.l_type != F_UNLCK;
}

Result<base::Bytes> stored_size(const HostPaths& paths, const Record& record) {
    base::Bytes sum{};
    for (const File& file : record.files) {
        const std::string name = file_name(file.number);
        const Fd opened = TRY(open_own(paths.volume(record.volume), name, O_RDONLY));
        sum += TRY(images::stored_size(opened, name));
    }
    return sum;
}

}  // namespace vdc::drivers::disks
