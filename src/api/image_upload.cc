#include "api/image_upload.h"

#include <charconv>

#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/writes.h"
#include "control/requests.h"

namespace vdc::api {

using base::Error;
using base::Result;
using control::Ask;
using model::Snapshot;

namespace {

class ImageSink final : public wire::BodySink {
  public:
    ImageSink(Desk& desk, wire::Request head, Caller caller, model::ImageId image,
              std::unique_ptr<Upload> upload)
        : desk_(desk),
          head_(std::move(head)),
          caller_(std::move(caller)),
          image_(image),
          upload_(std::move(upload)) {}

    base::Status write(std::string_view chunk) override {
        empty_ = empty_ && chunk.empty();
        return upload_->write(chunk);
    }

    void finish(wire::Responder responder) override {
        const auto call = std::make_shared<Call>(std::move(head_), std::move(responder));
        call->caller = caller_;
        if (empty_)
            return call->refuse(Error{Error::Code::invalid, "there are no bytes in this request",
                                      "send the image as its body"});
        const base::Status kept = upload_->finish();
        if (!kept.ok() && kept.error().code == Error::Code::exhausted)
            return call->refuse(507, kept.error());
        if (!kept.ok()) return call->refuse(kept.error());
        declare(call);
    }

  private:
    /// The image may have been deleted meanwhile: then its bytes go as well.
    void declare(const CallPtr& call) {
        const std::shared_ptr<Upload> upload = std::move(upload_);
        api::write(desk_, call, Kind::change,
                   [image = image_, here = desk_.own_host, upload](
                       const Snapshot& snapshot, const Ask& ask) -> Result<control::Decision> {
                       auto decision = control::image_arrived(snapshot, ask, image, here);
                       if (!decision.ok()) upload->revoke();
                       return decision;
                   });
    }

    Desk& desk_;
    wire::Request head_;
    const Caller caller_;
    const model::ImageId image_;
    std::unique_ptr<Upload> upload_;
    bool empty_ = true;
};

std::optional<std::uint64_t> length_of(const wire::Request& head) {
    const std::string* given = head.headers.find("Content-Length");
    if (given == nullptr) return {};
    std::uint64_t length = 0;
    const auto end = given->data() + given->size();
    if (std::from_chars(given->data(), end, length).ptr != end) return {};
    return length;
}

}  // namespace

Result<std::unique_ptr<wire::BodySink>> begin_image_upload(Desk& desk, const wire::Request& head,
                                                           const Caller& caller,
                                                           const std::string& image) {
    const auto snapshot = desk.snapshot();
    const model::ImageId id =
        TRY(control::image_to_upload(*snapshot, head.query.get("project"), image))->id;
    auto upload = TRY(desk.uploads.begin(id, length_of(head)));
    return std::unique_ptr<wire::BodySink>(
        std::make_unique<ImageSink>(desk, head, caller, id, std::move(upload)));
}

void add_image_routes(Routes& routes) {
    Route route{wire::Method::put, "/v1/images/{image}/data", "uploadImage", "images",
                "Send the bytes of an image"};
    route.about =
        "Raw, qcow2, VMDK, VHD or VHDX, with Content-Length or chunked. The import begins when all "
        "bytes are there; the operation is done when the image is ready. Bytes come once.";
    route.query = {project_parameter()};
    route.body_streamed = true;
    const base::Json written = schema_ref("ImageWritten");
    route.answers = {{200, "It is ready.", written},
                     {202, "It is being imported: watch the operation.", written},
                     {507, "The disk is full; nothing was kept.", schema_ref("Problem"),
                      "application/problem+json"}};
    // Only a request without a body comes here; all others go to the sink.
    route.handle = [](Desk&, const CallPtr& call) {
        call->refuse(Error{Error::Code::invalid, "there are no bytes in this request",
                           "send the image as its body"});
    };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
