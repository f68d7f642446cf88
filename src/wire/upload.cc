#include "wire/upload.h"

#include <utility>

#include "wire/problem.h"

namespace vdc::wire {

using base::Error;
using base::Status;

static constexpr std::size_t queue_max = 1 << 20;
static constexpr std::size_t chunk_size = 256 << 10;  ///< small pieces are gathered up to this

Upload::Upload(std::unique_ptr<BodySink> sink, Reports reports)
    : sink_(std::move(sink)), reports_(std::move(reports)), thread_([this] { run(); }) {}

Upload::~Upload() {
    abandon();
    thread_.join();
}

void Upload::push(std::string_view chunk) {
    const std::lock_guard lock(mutex_);
    if (error_) return;
    size_ += chunk.size();
    if (chunks_.empty() || chunks_.back().size() + chunk.size() > chunk_size)
        chunks_.emplace_back(chunk);
    else
        chunks_.back() += chunk;
    changed_.notify_one();
}

bool Upload::full() const {
    const std::lock_guard lock(mutex_);
    return size_ >= queue_max;
}

void Upload::finish(Responder responder) {
    std::unique_lock lock(mutex_);
    if (error_) {
        const Error error = *error_;
        lock.unlock();
        responder.send(problem(upload_status_of(error.code), error));
        return;
    }
    responder_.emplace(std::move(responder));
    ending_ = Ending::finished;
    changed_.notify_one();
}

void Upload::abandon() {
    const std::lock_guard lock(mutex_);
    if (ending_ == Ending::open) ending_ = Ending::abandoned;
    changed_.notify_one();
}

/// Nothing when the body has ended, one way or the other.
std::optional<std::string> Upload::next_chunk() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !chunks_.empty() || ending_ != Ending::open; });
    if (ending_ == Ending::abandoned || chunks_.empty()) return {};
    std::string chunk = std::move(chunks_.front());
    chunks_.pop_front();
    const bool was_full = size_ >= queue_max;
    size_ -= chunk.size();
    const bool has_room = was_full && size_ < queue_max;
    lock.unlock();
    if (has_room) reports_.room();
    return chunk;
}

void Upload::fail(const Error& error) {
    std::optional<Responder> responder;
    {
        const std::lock_guard lock(mutex_);
        error_ = error;
        chunks_.clear();
        size_ = 0;
        if (responder_) responder.emplace(std::move(*responder_));
        responder_.reset();
    }
    if (responder)
        responder->send(problem(upload_status_of(error.code), error));
    else
        reports_.failed(error);
}

void Upload::run() {
    Status status;
    while (std::optional<std::string> chunk = next_chunk()) {
        status = sink_->write(*chunk);
        if (!status.ok()) break;
    }
    std::optional<Responder> responder;
    {
        const std::lock_guard lock(mutex_);
        if (status.ok() && responder_) responder.emplace(std::move(*responder_));
        if (status.ok()) responder_.reset();
    }
    if (!status.ok()) fail(status.error());
    if (responder) sink_->finish(std::move(*responder));
    sink_.reset();
    reports_.ended();
}

}  // namespace vdc::wire
