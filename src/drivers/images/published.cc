#include "drivers/images/published.h"

#include <fcntl.h>

#include "base/json.h"
#include "drivers/images/own_files.h"
#include "runtime/files.h"

namespace vdc::drivers::images {

using base::Error;
using base::Json;
using base::Result;
using control::ImageSighting;

std::string sidecar(const HostPaths& paths, model::ImageId image) {
    return paths.images() + "/" + text(image) + ".json";
}

std::string sidecar_text(const ImageSighting& image) {
    return base::dump(Json::object({{"record", 1},
                                    {"format", image.format},
                                    {"sha256", image.sha256},
                                    {"virtual_size", image.virtual_size.count}})) +
           "\n";
}

Result<ImageSighting> parse_sidecar(const std::string& text) {
    const Json record = TRY(base::parse_json(text));
    if (!record.at("format").is(Json::Kind::text) || !record.at("sha256").is(Json::Kind::text) ||
        !record.at("virtual_size").is(Json::Kind::integer) ||
        record.at("virtual_size").integer() <= 0)
        return Error{Error::Code::corrupt,
                     "the record of an image lacks format, sha256 or virtual_size"};
    return ImageSighting{.present = true,
                         .format = record.at("format").text(),
                         .sha256 = record.at("sha256").text(),
                         .virtual_size = {record.at("virtual_size").integer()}};
}

/// The image is renamed into its place last: when it is there, all is.
Result<ImageSighting> look(const HostPaths& paths, model::ImageId image) {
    if (!runtime::exists(paths.image(image))) return ImageSighting{};
    const std::string name = sidecar(paths, image);
    const std::string record = TRY(runtime::read_file(name, 64 << 10));
    const Result<ImageSighting> parsed = parse_sidecar(record);
    if (!parsed.ok())
        return Error{Error::Code::corrupt, name + ": " + parsed.error().message,
                     "remove the image and import it again"};
    ImageSighting seen = *parsed;
    const runtime::Fd file = TRY(open_own(paths.images(), text(image) + ".qcow2", O_RDONLY));
    seen.stored_size = TRY(stored_size(file, paths.image(image)));
    return seen;
}

}  // namespace vdc::drivers::images
