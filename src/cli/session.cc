#include "cli/session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "runtime/fd.h"
#include "runtime/files.h"
#include "runtime/random.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

int exit_code(const Error& error) {
    switch (error.code) {
        case Error::Code::not_found: return 3;
        case Error::Code::timed_out: return 4;
        case Error::Code::invalid: return 2;
        default: return 1;
    }
}

int say(const Error& error) {
    std::fprintf(stderr, "error: %s\n", text(error).c_str());
    return exit_code(error);
}

void note(const Session& session, const std::string& line) {
    if (!session.common().quiet) std::fprintf(stderr, "%s\n", line.c_str());
}

void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

/// The error that a problem document (RFC 9457) means.
static Error error_of(const wire::Response& response) {
    const auto json = base::parse_json(response.body);
    const Json problem = json.ok() ? *json : Json::object();
    const auto code = base::error_code(problem.text_at("code"));
    const std::string detail = problem.text_at(
        "detail", problem.text_at("title", "the API answered " + std::to_string(response.status)));
    std::string hint = problem.text_at("hint");
    const std::string id = problem.text_at("request_id");
    if (!id.empty() && response.status >= 500)
        hint += (hint.empty() ? "" : "; ") + ("request " + id);
    return {code.value_or(response.status == 404 ? Error::Code::not_found : Error::Code::failed),
            detail, hint};
}

Result<wire::Client*> Session::client() {
    if (client_) return client_.get();
    wire::Endpoint endpoint;
    if (common_.endpoint.empty())
        endpoint.path = common_.socket;
    else
        endpoint = TRY(wire::parse_endpoint(common_.endpoint));
    endpoint.fingerprint = common_.fingerprint;
    endpoint.ca_file = common_.ca_file;
    if (!common_.token_file.empty()) {
        std::string token = TRY(runtime::read_file(common_.token_file, 4096));
        while (!token.empty() && token.back() == '\n') token.pop_back();
        token_ = base::Secret(std::move(token));
    }
    auto connected = wire::Client::connect(endpoint);
    if (!connected.ok()) {
        Error error = connected.error();
        // That there is no socket does not mean that what was asked for is not there.
        if (error.code == Error::Code::not_found) error.code = Error::Code::unavailable;
        error.hint =
            common_.endpoint.empty()
                ? "is the datacenter up? `vdc up` starts it, `vdc doctor` looks for trouble"
                : error.hint;
        return error;
    }
    client_ = std::move(*connected);
    return client_.get();
}

wire::Request Session::request(wire::Method method, const std::string& path,
                               wire::Query query) const {
    wire::Request request = bare_request(method, path, std::move(query));
    if (!common_.project.empty()) request.query.set("project", common_.project);
    return request;
}

wire::Request Session::bare_request(wire::Method method, const std::string& path,
                                    wire::Query query) const {
    wire::Request request;
    request.method = method;
    request.path = path;
    request.query = std::move(query);
    if (!common_.token_file.empty())
        request.headers.set("Authorization", "Bearer " + token_.reveal());
    return request;
}

static Result<Json> json_of(const wire::Response& response) {
    if (response.status < 200 || response.status > 299) return error_of(response);
    if (response.body.empty()) return Json::object();
    return base::parse_json(response.body, {64, 64 << 20});
}

Result<std::optional<Session::Moment>> Session::moment() {
    if (common_.at.empty() || moment_) return moment_;
    wire::Client* api = TRY(client());
    wire::Query query;
    query.set("at", common_.at);
    const wire::Response response =
        TRY(api->request(bare_request(wire::Method::get, "/v1/moment", std::move(query))));
    const Json shown = TRY(json_of(response));
    moment_ = Moment{std::to_string(shown.integer_at("revision")),
                     TRY(base::parse_instant(shown.text_at("at"))), shown};
    if (!common_.quiet)
        std::fprintf(stderr, "as of %s, revision %s\n", text(moment_->at).c_str(),
                     moment_->revision.c_str());
    return moment_;
}

Result<Json> Session::get(const std::string& path, wire::Query query) {
    wire::Client* api = TRY(client());
    if (const auto past = TRY(moment())) query.set("at", past->revision);
    const wire::Response response =
        TRY(api->request(request(wire::Method::get, path, std::move(query))));
    return json_of(response);
}

Result<Json> Session::send(wire::Method method, const std::string& path, const Json& body) {
    wire::Client* api = TRY(client());
    wire::Request asked = request(method, path);
    if (!body.is_null()) {
        asked.body = dump(body);
        asked.headers.set("Content-Type", method == wire::Method::patch
                                              ? "application/merge-patch+json"
                                              : "application/json");
    }
    if (method == wire::Method::post)
        asked.headers.set("Idempotency-Key", text(runtime::random_uuid()));
    const wire::Response response = TRY(api->request(asked));
    return json_of(response);
}

Result<wire::Response> Session::raw(wire::Method method, const std::string& path,
                                    const std::string& body) {
    wire::Client* api = TRY(client());
    const wire::Target target = TRY(wire::parse_target(path));
    wire::Request asked = request(method, target.path, target.query);
    asked.body = body;
    if (!body.empty()) asked.headers.set("Content-Type", "application/json");
    return api->request(asked);
}

Result<Json> Session::list(const std::string& path, wire::Query query) {
    Json all = Json::array();
    query.set("limit", "1000");
    while (true) {
        Json page = TRY(get(path, query));
        for (const Json& item : page.at("items").items()) all.push(item);
        const std::string next = page.text_at("next");
        if (next.empty()) return all;
        query.set("marker", next);
    }
}

Result<Json> Session::upload(const std::string& path, const std::string& file) {
    wire::Client* api = TRY(client());
    const runtime::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info = {};
    if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return Error{Error::Code::not_found, "there is no file '" + file + "' that can be read"};
    const bool show = !common_.quiet && ::isatty(2) != 0;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const auto progress = [&](std::uint64_t sent) {
        if (show)
            std::fprintf(stderr, "\r%3llu %% of %llu MiB sent ",
                         static_cast<unsigned long long>(size == 0 ? 100 : sent * 100 / size),
                         static_cast<unsigned long long>(size >> 20));
    };
    const wire::Response response =
        TRY(api->upload(request(wire::Method::put, path), fd.get(), size, progress));
    if (show) std::fprintf(stderr, "\r\x1b[K");
    return json_of(response);
}

Status Session::stream(const std::string& path, wire::Query query,
                       const std::function<bool(std::string_view)>& on_chunk,
                       std::chrono::milliseconds silence_max) {
    wire::Client* api = TRY(client());
    const wire::Response head =
        TRY(api->stream(request(wire::Method::get, path, std::move(query)), on_chunk, silence_max));
    return head.status < 300 ? Status{} : Status(error_of(head));
}

Result<std::unique_ptr<wire::ClientWebSocket>> Session::websocket(const std::string& path) {
    wire::Client* api = TRY(client());
    return api->connect_websocket(request(wire::Method::get, path));
}

/// One line that is written over; nothing on a pipe.
class LiveLine {
  public:
    explicit LiveLine(bool shown) : shown_(shown) {}
    ~LiveLine() {
        if (shown_ && !last_.empty()) std::fprintf(stderr, "\r\x1b[K");
    }
    void show(const std::string& line) {
        if (!shown_ || line == last_) return;
        last_ = line;
        std::fprintf(stderr, "\r\x1b[K%.110s", line.c_str());
        std::fflush(stderr);
    }

  private:
    bool shown_;
    std::string last_;
};

Status Session::wait_for_operation(const std::string& id) {
    const base::Duration limit = TRY(base::parse_duration(common_.timeout));
    const auto end = std::chrono::steady_clock::now() + limit;
    LiveLine line(!common_.quiet && ::isatty(2) != 0);
    auto pause = std::chrono::milliseconds(20);
    while (true) {
        const Json operation = TRY(get("/v1/operations/" + id));
        const Json& observed = operation.at("observed");
        const std::string phase = observed.text_at("phase");
        const std::string about = operation.at("declared").text_at("noun") + " " +
                                  operation.at("declared").text_at("subject_name");
        const std::string sentence = operation.at("status").text_at("sentence");
        if (phase == "done") return {};
        if (phase == "failed")
            return Error{
                Error::Code::failed, about + ": " + observed.text_at("message"),
                "`vdc why " + operation.at("declared").text_at("subject_name") + "` tells more"};
        if (phase == "cancelled")
            return Error{Error::Code::failed,
                         about + ": " + observed.text_at("message", "cancelled")};
        if (std::chrono::steady_clock::now() > end)
            return Error{Error::Code::timed_out, about + " is not there yet: " + sentence,
                         "it goes on; `vdc operation wait " + id + "` waits for it"};
        line.show(about + ": " + sentence);
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(300));
    }
}

Status Session::wait(const Json& answer) {
    const Json& operation = answer.at("operation");
    if (common_.async || operation.is_null()) return {};
    return wait_for_operation(operation.text_at("id"));
}

}  // namespace vdc::cli
