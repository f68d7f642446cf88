#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/access.h"
#include "base/json.h"
#include "wire/http.h"

/// One row of the table from which both the dispatch and the OpenAPI document are made.
namespace vdc::api {

struct Desk;
class Call;
using CallPtr = std::shared_ptr<Call>;

/// A query parameter.
struct Parameter {
    std::string name;
    std::string about;
    base::Json schema;
};

/// A way to answer. Problems are added to every route and need not be named.
struct Answer {
    int status = 200;
    std::string about;
    base::Json schema;  ///< null: no body
    std::string media_type = "application/json";
};

struct Route {
    wire::Method method = wire::Method::get;
    std::string path;     ///< "/v1/instances/{instance}"; a segment in braces takes any one segment
    std::string id;       ///< "getInstance"
    std::string tag;      ///< "instances"
    std::string summary;  ///< one line
    std::string about = {};  ///< more, in Markdown
    std::vector<Parameter> query = {};
    base::Json body = {};                 ///< schema of the JSON body; null: none is taken
    bool body_optional = false;           ///< no body means {}
    bool body_streamed = false;           ///< bytes that go to a sink
    std::size_t body_size_max = 1 << 20;  ///< of JSON
    std::vector<Answer> answers = {};
    Access access = Access::admin;
    bool conditional_read = false;   ///< answers an ETag, takes If-None-Match
    bool conditional_write = false;  ///< takes If-Match
    bool keyed = true;               ///< obeys Idempotency-Key, if it is no GET
    std::function<void(Desk&, CallPtr)> handle = {};
};

/// {"$ref": "#/components/schemas/NAME"}
base::Json schema_ref(const std::string& name);

using Routes = std::vector<Route>;

/// The whole table.
Routes all_routes();

}  // namespace vdc::api
