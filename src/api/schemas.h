#pragma once

#include <string>

#include "base/json.h"
#include "model/nouns.h"

/// JSON Schemas (2020-12) of what the API takes and gives, from the records' own descriptions.
namespace vdc::api {

/// "Instance", "Key": the noun in names of schemas and operations.
std::string type_word(model::Noun noun);
/// "Instances"
std::string types_word(model::Noun noun);

/// Everything under components/schemas.
base::Json component_schemas();

/// Whether a person may create, change or delete records of a kind.
template <class R>
constexpr bool creatable = !(std::is_same_v<R, model::Host> || std::is_same_v<R, model::Operation>);
template <class R>
constexpr bool changeable =
    std::is_same_v<R, model::Project> || std::is_same_v<R, model::Host> ||
    std::is_same_v<R, model::Image> || std::is_same_v<R, model::Network> ||
    std::is_same_v<R, model::Volume> || std::is_same_v<R, model::Instance> ||
    std::is_same_v<R, model::Application> || std::is_same_v<R, model::Balance>;
template <class R>
constexpr bool deletable = !std::is_same_v<R, model::Operation>;

/// {"type": "object", "properties": ..., "required": all of them}
base::Json object_schema(base::Json::Object properties);
/// {"type": "object", ...} with these members required and no others allowed.
base::Json body_schema(base::Json::Object properties, std::vector<std::string> required);
/// {"documents": [...]}, as `apply` takes them.
base::Json documents_schema();
base::Json described(base::Json schema, std::string about);
base::Json text_schema(std::string about = {});
base::Json integer_schema(std::string about = {});
base::Json flag_schema(std::string about = {});
base::Json array_schema(base::Json items);
base::Json nullable(base::Json schema);
base::Json word_schema(std::vector<std::string> words);

}  // namespace vdc::api
