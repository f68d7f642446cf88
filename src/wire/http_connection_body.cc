#include "wire/http_connection.h"

#include <utility>

#include "wire/problem.h"
#include "wire/server_exchange.h"

/// The bodies of requests: into memory, or into a sink.
namespace vdc::wire {

using base::Error;
using base::Result;

static constexpr std::uint64_t body_step = 64 << 10;  ///< must come within body_time each

static Error body_too_large(std::uint64_t size_max) {
    return Error{Error::Code::too_large,
                 "the body is larger than " + std::to_string(size_max) + " bytes",
                 "this request takes no more"};
}

void HttpConnection::begin_body(const RequestHead& head) {
    body_.emplace(head.body);
    body_size_ = 0;
    since_progress_ = 0;
    Result<std::unique_ptr<BodySink>> sink = shared_->handler.on_body_begin(request_);
    if (!sink.ok()) return refuse(upload_status_of(sink.error().code), sink.error());
    const std::uint64_t size_max =
        *sink != nullptr ? shared_->limits.upload_max : shared_->limits.body_max;
    if (head.body.size > size_max) return refuse(413, body_too_large(size_max));
    phase_ = Phase::body;
    if (*sink != nullptr) begin_upload(std::move(*sink));
    if (phase_ == Phase::lingering) return;
    expect_within(shared_->limits.body_time);
    if (body_->done()) return end_body();
    if (head.expects_continue) output_.tail() += "HTTP/1.1 100 Continue\r\n\r\n";
}

void HttpConnection::begin_upload(std::unique_ptr<BodySink> sink) {
    if (shared_->uploads.size() >= shared_->limits.uploads_max)
        return refuse(503,
                      Error{Error::Code::unavailable,
                            std::to_string(shared_->limits.uploads_max) + " uploads are under way",
                            "try again when one has ended"});
    const std::uint64_t key = shared_->loop->next_id();
    Upload::Reports reports;
    reports.room = [shared = shared_, id = id_] {
        post_to(shared, id, [](HttpConnection& c) { c.upload_has_room(); });
    };
    reports.failed = [shared = shared_, id = id_](const Error& error) {
        post_to(shared, id, [error](HttpConnection& c) { c.upload_failed(error); });
    };
    reports.ended = [shared = shared_, key] {
        shared->loop->post([shared, key] { shared->uploads.erase(key); });
    };
    auto upload = std::make_unique<Upload>(std::move(sink), std::move(reports));
    upload_ = upload.get();
    shared_->uploads.emplace(key, std::move(upload));
    phase_ = Phase::upload;
}

std::size_t HttpConnection::consume_body(std::string_view bytes) {
    const Result<BodyReader::Piece> piece = body_->next(bytes);
    if (!piece.ok()) {
        refuse(400, piece.error());
        return bytes.size();
    }
    since_progress_ += piece->used;
    if (since_progress_ >= body_step) {
        since_progress_ = 0;
        expect_within(shared_->limits.body_time);
    }
    if (keep(piece->data) && body_->done()) end_body();
    return piece->used;
}

bool HttpConnection::keep(std::string_view data) {
    const std::uint64_t size_max =
        upload_ != nullptr ? shared_->limits.upload_max : shared_->limits.body_max;
    body_size_ += data.size();
    if (body_size_ > size_max) {
        refuse(413, body_too_large(size_max));
        return false;
    }
    if (upload_ == nullptr) {
        request_.body += data;
        return true;
    }
    upload_->push(data);
    if (upload_->full()) deadline_ = SteadyTime::max();  // now it is the sink that is slow
    return true;
}

void HttpConnection::end_body() {
    if (upload_ == nullptr) return dispatch();
    phase_ = Phase::handling;
    deadline_ = SteadyTime::max();
    std::exchange(upload_, nullptr)->finish(Responder(exchange()));
}

void HttpConnection::upload_has_room() {
    if (phase_ != Phase::upload) return;
    expect_within(shared_->limits.body_time);
    proceed();
}

void HttpConnection::upload_failed(const Error& error) {
    if (phase_ != Phase::upload) return;
    refuse(upload_status_of(error.code), error);
    settle();
}

}  // namespace vdc::wire
