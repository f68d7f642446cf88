#include "drivers/images/importer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "drivers/disks/record.h"
#include "drivers/images/empty_qcow2.h"
#include "drivers/images/graph.h"
#include "drivers/images/own_files.h"
#include "drivers/images/published.h"
#include "drivers/images/qemu_img.h"
#include "drivers/images/sha256.h"
#include "runtime/files.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;
using control::ImageSighting;
using control::ImageSpec;
using runtime::Fd;

static std::string key_of(model::ImageId image) {
    return "image-" + text(image);
}

/// A result takes at most 64 times its upload, and some room for small ones.
static constexpr std::uint64_t unpack_always = 256 << 20;

std::uint64_t result_size_max(const Found& found, std::uint64_t from_size) {
    const std::uint64_t whole = found.virtual_size + found.virtual_size / 64 + (16 << 20);
    return std::min(whole, from_size * lie_factor + unpack_always);
}

/// A minute, and one more for each 4 GiB that it may write or must read.
static int seconds_for(std::uint64_t from_size, std::uint64_t result_max) {
    return static_cast<int>(60 + 60 * ((from_size + result_max) >> 32));
}

Status convert(const HostPaths& paths, model::ImageId image, const Found& found, const Fd& from,
               std::uint64_t from_size, const Fd& into) {
    const std::uint64_t size_max = result_size_max(found, from_size);
    const Job job{.what = "the conversion of image " + text(image),
                  .key = key_of(image),
                  .arguments = {"convert", "-n", "--target-is-zero", "--target-image-opts",
                                graph_of(found, name_in_jail(0)),
                                "driver=qcow2,file.driver=file,file.filename=" + name_in_jail(1)},
                  .to_read = {from.get()},
                  .to_write = {into.get()},
                  .file_size = {static_cast<std::int64_t>(size_max)},
                  .cpu_seconds = seconds_for(from_size, size_max)};
    return run_qemu_img(paths, job);
}

// ---- steps of an import ------------------------------------------------------------------------

/// Open to all who hold it, as the jail asks; the folder is root's alone.
static Result<Fd> open_upload(const HostPaths& paths, model::ImageId image) {
    Result<Fd> file = open_own(paths.uploads(), text(image), O_RDONLY);
    if (!file.ok() && file.error().code == Error::Code::not_found)
        return Error{Error::Code::not_found,
                     "image " + text(image) + " was not uploaded to this host",
                     "upload its bytes again"};
    if (file.ok() && ::fchmod(file->get(), 0444) != 0)
        return runtime::system_error(errno, "cannot protect the upload of image " + text(image));
    return file;
}

static Status check_sum(const ImageSpec& image, const std::string& sum) {
    std::string declared = image.sha256;
    std::ranges::transform(declared, declared.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (declared.empty() || declared == sum) return {};
    return Error{Error::Code::corrupt,
                 "the uploaded bytes have the SHA-256 " + sum + ", but " +
                     base::quoted(declared, 64) + " was declared",
                 "upload the image again, or correct the sum"};
}

/// What lies in the result is ours to vouch for: it was written by a program that read what
/// others wrote.
static Status check_result(const Fd& result, const Found& found) {
    const FileSource source = TRY(FileSource::of(result.get(), "the converted image"));
    const Found made = TRY(inspect_qcow2(source, {.virtual_size_max = found.virtual_size}));
    if (made.virtual_size == found.virtual_size) return {};
    return Error{Error::Code::failed, "the conversion made a disk of " +
                                          std::to_string(made.virtual_size) + " bytes instead of " +
                                          std::to_string(found.virtual_size)};
}

static Status check_unchanged(const Fd& upload, const std::string& sum) {
    if (TRY(sha256_of(upload.get(), "the upload")) == sum) return {};
    return Error{Error::Code::conflict, "the uploaded bytes changed while they were converted",
                 "upload the image again, and import it when that has ended"};
}

static Limits limits_of(const ImageSpec& image) {
    return {.virtual_size_max =
                static_cast<std::uint64_t>(base::bytes(image.virtual_size_max).count)};
}

static Result<Fd> make_result(const std::string& folder, model::ImageId image, const Found& found) {
    const EmptyQcow2 empty = empty_qcow2({static_cast<std::int64_t>(found.virtual_size)});
    return create_own(folder, text(image), empty.head, empty.file_size);
}

static Status rename_into(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return runtime::system_error(errno, "cannot publish " + to);
}

/// A record without its image, or half of one.
static bool stray(const HostPaths& paths, const std::string& name) {
    if (name.find(".tmp-") != std::string::npos) return true;
    if (!name.ends_with(".json")) return false;
    const std::string image = name.substr(0, name.size() - 5) + ".qcow2";
    return !runtime::exists(paths.images() + "/" + image);
}

// ---- the class ---------------------------------------------------------------------------------

Status Images::start() {
    for (const std::string& folder : {paths_.uploads(), paths_.images(), temporary()})
        TRY(ensure_own_dir(folder));
    for (const std::string& name : TRY(runtime::list_dir(temporary()))) {
        TRY(end_qemu_img(paths_, "image-" + name));
        TRY(runtime::remove_tree(temporary() + "/" + name));
    }
    for (const std::string& name : TRY(runtime::list_dir(paths_.images()))) {
        if (stray(paths_, name)) TRY(runtime::remove_file(paths_.images() + "/" + name));
    }
    return {};
}

Result<ImageSighting> Images::look(model::ImageId image) const {
    return images::look(paths_, image);
}

Status Images::clear(model::ImageId image) {
    TRY(end_qemu_img(paths_, key_of(image)));
    TRY(runtime::remove_file(temporary() + "/" + text(image)));
    if (!runtime::exists(paths_.image(image))) TRY(runtime::remove_file(sidecar(paths_, image)));
    return {};
}

Status Images::publish(const ImageSpec& image, const ImageSighting& seen, const Fd& result) {
    TRY(freeze(result, "image " + text(image.id)));
    TRY(runtime::write_file_atomic(sidecar(paths_, image.id), sidecar_text(seen)));
    TRY(rename_into(temporary() + "/" + text(image.id), paths_.image(image.id)));
    return runtime::sync_dir(paths_.images());
}

Result<ImageSighting> Images::import(const ImageSpec& image) {
    const Fd upload = TRY(open_upload(paths_, image.id));
    const FileSource source = TRY(FileSource::of(upload.get(), "the upload"));
    const Found found = TRY(inspect(source, image.format, limits_of(image)));
    const std::string sum = TRY(sha256_of(upload.get(), "the upload"));
    TRY(check_sum(image, sum));
    const Fd result = TRY(make_result(temporary(), image.id, found));
    TRY(convert(paths_, image.id, found, upload, source.size(), result));
    TRY(check_unchanged(upload, sum));
    TRY(check_result(result, found));
    const ImageSighting seen{.present = true,
                             .format = std::string(word(found.format)),
                             .sha256 = sum,
                             .virtual_size = {static_cast<std::int64_t>(found.virtual_size)}};
    TRY(publish(image, seen, result));
    return look(image.id);
}

Result<ImageSighting> Images::run(const control::ImportImage& effect) {
    const model::ImageId image = effect.image.id;
    ImageSighting seen = TRY(look(image));
    if (!seen.present) {
        TRY(clear(image));
        Result<ImageSighting> imported = import(effect.image);
        if (!imported.ok()) {
            (void)clear(image);  // what stands in the way of that, start() meets again
            return imported;
        }
        seen = *imported;
    }
    TRY(runtime::remove_file(paths_.upload(image)));
    return seen;
}

Result<ImageSighting> Images::fetch(const control::FetchImage& effect, const Bring& bring) {
    const model::ImageId image = effect.image.id;
    const auto size = static_cast<std::uint64_t>(effect.source.image.virtual_size.count);
    Found told;
    told.virtual_size = size;
    const Fd result = TRY(create_own(temporary(), text(image), {}, 0));
    // Published ones are flat and whole: not larger than their disk and its tables.
    TRY(bring(result, size + size / 64 + (16 << 20)));
    TRY(check_result(result, told));
    ImageSighting seen = effect.source.image;
    seen.present = true;
    TRY(publish(effect.image, seen, result));
    return look(image);
}

Result<ImageSighting> Images::run(const control::FetchImage& effect, const Bring& bring) {
    const model::ImageId image = effect.image.id;
    const ImageSighting seen = TRY(look(image));
    if (seen.present) return seen;
    TRY(clear(image));
    Result<ImageSighting> fetched = fetch(effect, bring);
    if (!fetched.ok()) (void)clear(image);
    return fetched;
}

Result<Fd> Images::open(model::ImageId image) const {
    return open_own(paths_.images(), text(image) + ".qcow2", O_RDONLY);
}

Result<ImageSighting> Images::run(const control::RemoveImage& effect) {
    const std::vector<model::VolumeId> needing = TRY(disks::volumes_on(paths_, effect.image));
    if (!needing.empty())
        return Error{
            Error::Code::conflict,
            "image " + text(effect.image) + " is needed by volume " + text(needing.front()),
            "delete the volumes made from it first"};
    TRY(runtime::remove_file(paths_.image(effect.image)));
    TRY(clear(effect.image));
    TRY(runtime::remove_file(paths_.upload(effect.image)));
    return look(effect.image);
}

}  // namespace vdc::drivers::images
