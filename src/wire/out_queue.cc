#include "wire/out_queue.h"

#include <algorithm>

#include "base/result.h"

namespace vdc::wire {

static constexpr std::size_t copied_max = 16 << 10;  ///< copying less is cheaper than a slice
static constexpr std::size_t tail_max = 64 << 10;    ///< so that what was sent is given back
static constexpr std::size_t kept_max = 4 << 10;     ///< of an idle connection

std::string& OutQueue::tail() {
    if (!tail_open_ || parts_.back().size() > tail_max) parts_.emplace_back();
    tail_open_ = true;
    return parts_.back();
}

void OutQueue::push(std::string bytes) {
    if (bytes.empty()) return;
    if (bytes.size() <= copied_max) {
        tail() += bytes;
        return;
    }
    parts_.push_back(std::move(bytes));
    tail_open_ = false;
}

std::size_t OutQueue::size() const {
    std::size_t size = 0;
    for (const std::string& part : parts_) size += part.size();
    return size - sent_;
}

int OutQueue::front(Slices& slices) const {
    std::size_t count = 0;
    std::size_t skipped = sent_;
    for (const std::string& part : parts_) {
        if (count == slices.size()) break;
        if (part.size() > skipped)
            slices[count++] = {const_cast<char*>(part.data()) + skipped, part.size() - skipped};
        skipped = 0;
    }
    return static_cast<int>(count);
}

void OutQueue::drop(std::size_t count) {
    sent_ += count;
    auto part = parts_.begin();
    while (part != parts_.end() && sent_ >= part->size()) {
        sent_ -= part->size();
        ++part;
    }
    if (part != parts_.end()) {
        parts_.erase(parts_.begin(), part);
        return;
    }
    base::check(sent_ == 0, "no more is sent than was queued");
    const bool keep = tail_open_ && parts_.size() == 1 && parts_[0].capacity() <= kept_max;
    parts_.resize(keep ? 1 : 0);
    if (keep) parts_[0].clear();
    tail_open_ = keep;
}

}  // namespace vdc::wire
