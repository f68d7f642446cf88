#include "api/desk.h"

namespace vdc::api {

using base::Error;

bool OneEach::begin(const std::string& caller) {
    const std::lock_guard lock(mutex_);
    return busy_.insert(caller).second;
}

void OneEach::end(const std::string& caller) {
    const std::lock_guard lock(mutex_);
    busy_.erase(caller);
}

Desk::Desk(Services services, Options with)
    : engine(services.engine),
      executor(services.executor),
      uploads(services.uploads),
      consoles(services.consoles),
      foresight(services.foresight),
      joining(services.joining),
      links(services.links),
      cluster(services.cluster),
      own_host(services.own_host),
      open_image(std::move(services.open_image)),
      options(std::move(with)),
      watchers(services.engine) {}

void Desk::admit_host(const CallPtr& call, std::function<void(const std::string& host)> then) {
    if (joining == nullptr)
        return call->refuse(Error{Error::Code::unsupported, "no machine can join here"});
    executor.post([this, call, then = std::move(then)] {
        const auto host = joining->admit(call->request.peer.certificate, executor.now());
        if (!host.ok()) return call->refuse(host.error());
        then(*host);
    });
}

void Desk::read_slowly(const CallPtr& call, std::function<void()> work) {
    if (readers.submit(std::move(work))) return;
    call->refuse(
        Error{Error::Code::unavailable, "too many requests wait", "try again in a moment"});
}

void Desk::foresee(const CallPtr& call, std::function<base::Result<std::string>()> answer) {
    if (!asking.begin(call->caller.name))
        return call->refuse(
            Error{Error::Code::unavailable,
                  "a question of " + call->caller.name + " about what would be is being answered",
                  "ask again when it is: one at a time"});
    const bool taken = foreseers.submit([this, call, answer = std::move(answer)] {
        const base::Result<std::string> json = answer();
        asking.end(call->caller.name);
        if (!json.ok()) return call->refuse(json.error());
        call->answer_json(200, *json);
    });
    if (taken) return;
    asking.end(call->caller.name);
    call->refuse(Error{Error::Code::unavailable, "too many questions about what would be wait",
                       "try again in a moment"});
}

void Desk::send_in_pieces(const wire::Stream& stream, std::function<void()> send_piece) {
    stream.on_drained([this, send_piece, stream] {
        if (!stream.closed() && !readers.submit(send_piece)) stream.close();
    });
    send_piece();
}

}  // namespace vdc::api
