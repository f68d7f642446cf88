#include "agent/metadata_service.h"

#include <charconv>

#include "control/metadata.h"
#include "runtime/log.h"

namespace vdc::agent {

using base::Result;

Result<std::unique_ptr<MetadataService>> MetadataService::start(Open open) {
    std::unique_ptr<MetadataService> service(new MetadataService(std::move(open)));
    wire::HttpLimits limits;  // guests are strangers: little of everything
    limits.head_size_max = 8 << 10;
    limits.body_max = 4 << 10;
    limits.connections_max = 256;
    limits.head_time = limits.body_time = std::chrono::seconds(5);
    limits.idle_time = std::chrono::seconds(10);
    service->server_ = TRY(wire::HttpServer::start(*service, limits));
    return service;
}

MetadataService::~MetadataService() {
    if (server_) server_->stop(std::chrono::seconds(0));
}

void MetadataService::set_duties(std::shared_ptr<const control::Duties> duties) {
    const std::scoped_lock lock(mutex_);
    duties_ = std::move(duties);
}

void MetadataService::network_up(int number) {
    const std::scoped_lock lock(mutex_);
    if (listeners_.contains(number)) return;
    const Result<int> socket = open_(number);
    const auto listener = socket.ok() ? server_->listen_fd(*socket, std::to_string(number))
                                      : Result<wire::Listener>(socket.error());
    if (listener.ok()) {
        listeners_[number] = listener->id;
        return;
    }
    runtime::log().warning("agent", "a network has no metadata service",
                           {{"network", std::int64_t{number}}, {"error", text(listener.error())}});
}

void MetadataService::network_going(int number) {
    const std::scoped_lock lock(mutex_);
    const auto listener = listeners_.find(number);
    if (listener == listeners_.end()) return;
    server_->stop_listening(listener->second);
    listeners_.erase(listener);
}

static int number_of(const std::string& tag) {
    int number = 0;
    (void)std::from_chars(tag.data(), tag.data() + tag.size(), number);  // 0 is no network
    return number;
}

void MetadataService::on_request(wire::Request request, wire::Responder responder) {
    std::shared_ptr<const control::Duties> duties;
    {
        const std::scoped_lock lock(mutex_);
        duties = duties_;
    }
    const auto address =
        base::parse_ipv4(request.peer.address.substr(0, request.peer.address.find(':')));
    const control::InstanceDuty* instance =
        duties && address.ok()
            ? control::instance_at(*duties, number_of(request.peer.tag), *address)
            : nullptr;
    if (instance == nullptr)
        return responder.send(wire::answer(404, "text/plain", "unknown instance\n"));
    // EC2's second version asks for a token first; identity does not rest on it here.
    if (request.method == wire::Method::put && request.path == "/latest/api/token")
        return responder.send(
            wire::answer(200, "text/plain", "vdc-" + text(instance->instance.id)));
    const auto found = control::metadata_answer(*instance, *address, request.path);
    if (request.method != wire::Method::get || !found)
        return responder.send(wire::answer(found ? 405 : 404, "text/plain", "not found\n"));
    responder.send(wire::answer(200, found->content_type, found->body));
}

}  // namespace vdc::agent
