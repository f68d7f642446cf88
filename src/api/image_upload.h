#pragma once

#include <memory>

#include "api/desk.h"
#include "wire/http_server.h"

namespace vdc::api {

/// The sink for the bytes of an image, from PUT /v1/images/{image}/data; or why they may not come.
/// When they are all there, the image is declared uploaded, and its import begins.
base::Result<std::unique_ptr<wire::BodySink>> begin_image_upload(Desk& desk,
                                                                 const wire::Request& head,
                                                                 const Caller& caller,
                                                                 const std::string& image);

}  // namespace vdc::api
