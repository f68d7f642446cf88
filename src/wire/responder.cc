#include "wire/responder.h"

#include "base/result.h"
#include "wire/problem.h"

namespace vdc::wire {

using base::Error;

Stream::Stream(std::shared_ptr<Outlet> outlet) : end_(std::make_shared<End>(std::move(outlet))) {}

Responder::~Responder() {
    if (exchange_ == nullptr) return;
    exchange_->send(problem(Error{Error::Code::failed, "the request was dropped unanswered",
                                  "this is a mistake in vdc; please report it"}));
}

std::unique_ptr<Exchange> Responder::taken() {
    base::check(exchange_ != nullptr, "a request is answered once");
    return std::move(exchange_);
}

}  // namespace vdc::wire
