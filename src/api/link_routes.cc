#include <sys/types.h>
#include <unistd.h>

#include <functional>

#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"

/// What hosts on other machines ask of a controller (docs/joining.md).
namespace vdc::api {

using base::Error;
using wire::Method;

/// Goes on with the name of the host that calls, where hosts are served.
static void for_host(Desk& desk, const CallPtr& call,
                     std::function<void(const std::string&)> go_on) {
    if (desk.links == nullptr)
        return call->refuse(Error{Error::Code::unsupported, "no hosts are served here"});
    desk.admit_host(call, std::move(go_on));
}

static Route link_route() {
    Route route{Method::get, "/v1/host-link", "openHostLink", "hosts",
                "Open the stream between a host and the controller"};
    route.about =
        "A WebSocket of text messages, each a JSON object: the host says hello, then reports what "
        "it sees and renews its lease; it is told its duties. A newer stream of the same host ends "
        "the one before.";
    route.access = Access::host;
    route.answers = {{101, "The connection is a WebSocket now.", {}}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        for_host(desk, call, [&desk, call](const std::string& host) {
            call->upgrade(desk.links->stream_of(host));
        });
    };
    return route;
}

// ---- consoles

static void take_console(Desk& desk, const CallPtr& call, const std::string& host) {
    const std::string& session = call->path_value();
    desk.links->take_console(
        host, session, [&desk, call, session](const base::Result<ConsoleCalls::Done>& taken) {
            if (!taken.ok()) return call->refuse(taken.error());
            auto end = desk.bridge.far_end();
            if (!end.ok()) {
                desk.links->console_ended(session);
                (*taken)(end.error());
                return call->refuse(end.error());
            }
            end->events.on_closed = [&links = *desk.links, session,
                                     closed = std::move(end->events.on_closed)](auto code) {
                links.console_ended(session);
                closed(code);
            };
            call->upgrade(std::move(end->events));
            (*taken)(std::move(end->socket));
        });
}

static Route console_route() {
    Route route{Method::get, "/v1/host-consoles/{session}", "openHostConsole", "hosts",
                "Bring a console that the controller has asked for"};
    route.about =
        "A WebSocket, for the host that was asked on its stream, once: the console's bytes both "
        "ways in binary messages. The host hears in text messages how many bytes were taken in "
        "all, and is never more than 131072 ahead.";
    route.access = Access::host;
    route.answers = {{101, "The connection is a WebSocket now.", {}}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        for_host(desk, call,
                 [&desk, call](const std::string& host) { take_console(desk, call, host); });
    };
    return route;
}

// ---- images

namespace {

/// A file on its way, from its beginning on.
struct Download {
    runtime::Fd file;
    off_t sent = 0;
};

}  // namespace

/// Sends one piece, on a thread that may block, each time the reader has taken the one before.
/// Whoever reads looks at what came: a file that broke off is no image.
static void send_on(const std::shared_ptr<Download>& download, const wire::Stream& stream) {
    constexpr std::size_t piece = 1 << 20;
    std::string bytes(piece, '\0');
    const ssize_t count = ::pread(download->file.get(), bytes.data(), bytes.size(), download->sent);
    if (count <= 0) return stream.close();
    bytes.resize(static_cast<std::size_t>(count));
    download->sent += count;
    if (!stream.write(std::move(bytes))) stream.close();
}

static void send_image(Desk& desk, const CallPtr& call, model::ImageId image) {
    auto file = desk.open_image(image);
    if (!file.ok()) return call->refuse(file.error());
    const auto download = std::make_shared<Download>(Download{std::move(*file)});
    const wire::Stream stream = call->stream(
        200, {{"Content-Type", "application/octet-stream"}, {"Cache-Control", "no-store"}});
    desk.send_in_pieces(stream, [download, stream] { send_on(download, stream); });
}

static Route image_route() {
    Route route{Method::get, "/v1/host-images/{image}", "getHostImage", "hosts",
                "Bring a published image to a host"};
    route.about = "By its id: the bytes of the image as it is published on the controller's host.";
    route.access = Access::host;
    route.answers = {{200, "The image.", {}, "application/octet-stream"}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        const auto id = base::parse_uuid(call->path_value());
        if (!id)
            return call->refuse(Error{Error::Code::not_found, "images are asked for by their id"});
        if (!desk.open_image)
            return call->refuse(Error{Error::Code::unsupported, "no images are served here"});
        desk.admit_host(call, [&desk, call, id = *id](const std::string&) {
            desk.read_slowly(call, [&desk, call, id] { send_image(desk, call, {id}); });
        });
    };
    return route;
}

void add_link_routes(Routes& routes) {
    routes.push_back(link_route());
    routes.push_back(console_route());
    routes.push_back(image_route());
}

}  // namespace vdc::api
