#include "wire/problem.h"

#include <array>

#include "base/json.h"

namespace vdc::wire {

using base::Error;
using base::Json;

namespace {
struct Row {
    Error::Code code;
    int status;
    std::string_view title;
};
}  // namespace

static constexpr std::array<Row, 13> rows{{
    {Error::Code::invalid, 400, "Bad input"},
    {Error::Code::not_found, 404, "Not found"},
    {Error::Code::conflict, 409, "Conflict"},
    {Error::Code::exists, 409, "Exists already"},
    {Error::Code::forbidden, 403, "Forbidden"},
    {Error::Code::unauthenticated, 401, "Who are you?"},
    {Error::Code::too_large, 413, "Too large"},
    {Error::Code::exhausted, 409, "Nothing left"},
    {Error::Code::unavailable, 503, "Try again later"},
    {Error::Code::unsupported, 501, "Not supported"},
    {Error::Code::timed_out, 504, "Timed out"},
    {Error::Code::corrupt, 422, "Bytes are not what they must be"},
    {Error::Code::failed, 500, "Failed"},
}};

static const Row& row_of(Error::Code code) {
    for (const Row& row : rows)
        if (row.code == code) return row;
    base::broken("an error code without a status");
}

int status_of(Error::Code code) {
    return row_of(code).status;
}

int upload_status_of(Error::Code code) {
    return code == Error::Code::exhausted ? 507 : status_of(code);
}

Response problem(const Error& error, std::string_view request_id) {
    return problem(status_of(error.code), error, request_id);
}

Response problem(int status, const Error& error, std::string_view request_id) {
    const std::string code(word(error.code));
    Json document = Json::object({{"type", "/problems/" + code},
                                  {"title", row_of(error.code).title},
                                  {"status", status},
                                  {"code", code},
                                  {"detail", error.message}});
    if (!error.hint.empty()) document.set("hint", error.hint);
    if (!request_id.empty()) document.set("request_id", request_id);
    Response response = answer(status, "application/problem+json", dump(document) + "\n");
    if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
    if (status == 503) response.headers.add("Retry-After", "1");
    return response;
}

static Error::Code code_of(int status) {
    switch (status) {
        case 408: return Error::Code::timed_out;
        case 412: return Error::Code::conflict;
        case 414:
        case 431: return Error::Code::too_large;
        case 429: return Error::Code::unavailable;
        default: break;
    }
    for (const Row& row : rows)
        if (row.status == status) return row.code;
    return status < 500 ? Error::Code::invalid : Error::Code::failed;
}

std::optional<Error> error_of(const Response& response) {
    if (response.status < 400) return {};
    const base::Result<Json> parsed = base::parse_json(response.body);
    const Json document = parsed.ok() ? *parsed : Json{};
    Error error;
    error.code = base::error_code(document.text_at("code")).value_or(code_of(response.status));
    error.message = document.text_at("detail");
    error.hint = document.text_at("hint");
    if (error.message.empty())
        error.message = "the server answered " + std::to_string(response.status) + " " +
                        std::string(status_word(response.status));
    return error;
}

}  // namespace vdc::wire
