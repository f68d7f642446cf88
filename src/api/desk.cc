#include "api/desk.h"

namespace vdc::api {

Desk::Desk(Services services, Options with)
    : engine(services.engine),
      executor(services.executor),
      uploads(services.uploads),
      consoles(services.consoles),
      foresight(services.foresight),
      joining(services.joining),
      links(services.links),
      options(std::move(with)),
      watchers(services.engine) {}

void Desk::read_slowly(const CallPtr& call, std::function<void()> work) {
    if (readers.submit(std::move(work))) return;
    call->refuse(base::Error{base::Error::Code::unavailable, "too many requests wait",
                             "try again in a moment"});
}

}  // namespace vdc::api
