#include "api/api_test_util.h"

#include <sys/socket.h>

#include <cstdlib>
#include <future>

#include "runtime/files.h"

namespace vdc::api::test {

using wire::Method;
using wire::Response;

Folder::Folder() {
    std::string name = "/tmp/vdc-api-XXXXXX";
    base::check(::mkdtemp(name.data()) != nullptr, "a folder for the test");
    path_ = name;
}

Folder::~Folder() {
    const base::Status removed = runtime::remove_tree(path_);
    EXPECT_TRUE(removed.ok()) << base::text(removed.error());
}

// ---- consoles ----------------------------------------------------------------------------------

base::Result<runtime::Fd> EchoConsoles::open(const control::ConsoleWish& wish) {
    int pair[2];
    base::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "a socket pair");
    runtime::Fd here(pair[0]);
    runtime::Fd there(pair[1]);
    const std::lock_guard lock(mutex);
    if (wish.log) {
        const auto found = logs.find(wish.instance);
        if (found == logs.end())
            return base::Error{base::Error::Code::not_found, "this instance never said anything"};
        const std::string& log = found->second;
        const std::string tail =
            log.substr(log.size() - std::min<std::size_t>(wish.log->bytes_max, log.size()));
        base::check(::send(there.get(), tail.data(), tail.size(), 0) >= 0, "the tail fits");
    }
    if (!wish.log || wish.log->follows) ends[wish.instance] = std::move(there);
    return here;
}

base::Result<Forecast> BlindForesight::foresee(const engine::SnapshotPtr& datacenter,
                                               base::Instant now, const WhatIf& what_if) {
    asked = what_if;
    waiting = true;
    const std::lock_guard lock(gate);
    Forecast forecast;
    forecast.revision = datacenter->revision;
    forecast.from = now;
    return forecast;
}

// ---- the site ----------------------------------------------------------------------------------

Json json(std::string_view text) {
    return base::parse_json(text).value();
}

Json body(const Response& response) {
    const auto parsed = base::parse_json(response.body, {64, 64 << 20});
    EXPECT_TRUE(parsed.ok()) << response.body.substr(0, 500);
    return parsed.ok() ? *parsed : Json();
}

wire::Request request(Method method, const std::string& target, std::string content,
                      wire::Headers headers) {
    const wire::Target parsed = wire::parse_target(target).value();
    wire::Request request;
    request.method = method;
    request.path = parsed.path;
    request.query = parsed.query;
    request.headers = std::move(headers);
    if (!content.empty() && !request.headers.has("Content-Type"))
        request.headers.add("Content-Type", "application/json");
    request.body = std::move(content);
    return request;
}

Site::Site(Options options, wire::HttpLimits limits)
    : schemas(base::parse_json(Api::openapi("test"), {64, 16 << 20}).value()) {
    uploads = FileUploads::open(folder / "uploads", 1 << 20).value();
    engine.start().value();
    loop.start();
    api = std::make_unique<Api>(Services{engine, loop, *uploads, consoles, foresight, &joining},
                                std::move(options));
    server = wire::HttpServer::start(*api, limits).value();
    EXPECT_TRUE(server->listen_unix(folder / "api.sock").ok());
    client_ = client();
    EXPECT_EQ(post("/v1/projects", R"({"name": "default"})").status, 201);
    EXPECT_EQ(post("/v1/projects", R"({"name": "other"})").status, 201);
    EXPECT_EQ(post("/v1/flavors", R"({"name": "small", "disk": "1GiB"})").status, 201);
    EXPECT_EQ(post("/v1/images", R"({"name": "tiny"})").status, 201);
    EXPECT_EQ(post("/v1/networks", R"({"name": "default", "range": "10.20.0.0/24"})").status, 201);
    model::ImageObserved observed;
    observed.phase = model::ImagePhase::ready;
    observed.virtual_size = {100 << 20};
    commit({{model::Observe<model::Image>{named<model::Image>("tiny").id, observed}, "imported"}});
}

Site::~Site() {
    server->stop(std::chrono::milliseconds(0));
    server.reset();
    api.reset();
    loop.stop();
    loop.join();
}

std::unique_ptr<wire::Client> Site::client() const {
    return wire::Client::connect(wire::parse_endpoint(folder / "api.sock").value()).value();
}

Response Site::send(wire::Request what) {
    const auto response = client_->request(what);
    EXPECT_TRUE(response.ok()) << base::text(response.error());
    if (!response.ok()) return {};
    for (const std::string& wrong : schemas.answer(what.method, what.path, *response))
        ADD_FAILURE() << wire::word(what.method) << " " << what.path << " " << response->status
                      << ": " << wrong << "\n"
                      << response->body.substr(0, 2000);
    return *response;
}

Response Site::get(const std::string& target, wire::Headers headers) {
    return send(request(Method::get, target, {}, std::move(headers)));
}
Response Site::post(const std::string& target, const std::string& content, wire::Headers headers) {
    return send(request(Method::post, target, content, std::move(headers)));
}
Response Site::patch(const std::string& target, const std::string& content, wire::Headers headers) {
    return send(request(Method::patch, target, content, std::move(headers)));
}
Response Site::remove(const std::string& target, wire::Headers headers) {
    return send(request(Method::delete_, target, {}, std::move(headers)));
}

void Site::commit(std::vector<model::Step> steps) {
    std::promise<base::Status> promise;
    engine::Request request;
    request.actor = "test";
    request.decide = [&](const model::Snapshot&) { return steps; };
    request.done = [&](const base::Result<model::Revision>& outcome, const engine::SnapshotPtr&) {
        promise.set_value(outcome.ok() ? base::Status() : base::Status(outcome.error()));
    };
    engine.submit(std::move(request));
    const base::Status status = promise.get_future().get();
    EXPECT_TRUE(status.ok()) << base::text(status.error());
}

}  // namespace vdc::api::test
