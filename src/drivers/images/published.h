#pragma once

#include <string>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/host_paths.h"

namespace vdc::drivers::images {

/// The file beside a published image that tells what it was made from.
std::string sidecar(const HostPaths& paths, model::ImageId image);

/// What lies published on this host; not present when the image is not, or not wholly, there.
/// corrupt when the file beside it cannot be read.
base::Result<control::ImageSighting> look(const HostPaths& paths, model::ImageId image);

/// The bytes of the file beside the image, and back.
std::string sidecar_text(const control::ImageSighting& image);
base::Result<control::ImageSighting> parse_sidecar(const std::string& text);

}  // namespace vdc::drivers::images
