#include "api/schemas.h"

#include "api/forecast_json.h"
#include "api/route.h"
#include "control/requests.h"
#include "model/codec.h"
#include "model/noun_words.h"
#include "model/view.h"

namespace vdc::api {

using base::Json;
using model::Mutability;
using model::Noun;
using model::Snapshot;

std::string type_word(Noun noun) {
    std::string word(model::one_word(noun));
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
    return word;
}

std::string types_word(Noun noun) {
    return type_word(noun) + "s";
}

// ---- small ones --------------------------------------------------------------------------------

Json object_schema(Json::Object properties) {
    Json required = Json::array();
    for (const auto& member : properties) required.push(member.name);
    return Json::object({{"type", "object"},
                         {"properties", Json::object(std::move(properties))},
                         {"required", std::move(required)}});
}

Json body_schema(Json::Object properties, std::vector<std::string> required) {
    Json schema = Json::object({{"type", "object"},
                                {"properties", Json::object(std::move(properties))},
                                {"additionalProperties", false}});
    if (required.empty()) return schema;
    Json names = Json::array();
    for (std::string& name : required) names.push(std::move(name));
    schema.set("required", std::move(names));
    return schema;
}

Json described(Json schema, std::string about) {
    if (!about.empty()) schema.set("description", std::move(about));
    return schema;
}

Json text_schema(std::string about) {
    return described(Json::object({{"type", "string"}}), std::move(about));
}

Json integer_schema(std::string about) {
    return described(Json::object({{"type", "integer"}}), std::move(about));
}

Json flag_schema(std::string about) {
    return described(Json::object({{"type", "boolean"}}), std::move(about));
}

Json array_schema(Json items) {
    return Json::object({{"type", "array"}, {"items", std::move(items)}});
}

Json nullable(Json schema) {
    return Json::object(
        {{"anyOf", Json::array({std::move(schema), Json::object({{"type", "null"}})})}});
}

Json word_schema(std::vector<std::string> words) {
    Json known = Json::array();
    for (std::string& word : words) known.push(std::move(word));
    return Json::object({{"type", "string"}, {"enum", std::move(known)}});
}

static Json formatted(const char* format, std::string about) {
    return described(Json::object({{"type", "string"}, {"format", format}}), std::move(about));
}

// ---- records -----------------------------------------------------------------------------------

static Json status_schema() {
    return described(
        object_schema({{"word", text_schema("one word, for tables")},
                       {"sentence", text_schema("reads on from the name: \"runs on h1\"")}}),
        "computed from what is declared, claimed and observed; nothing decides by it");
}

template <class R>
static Json item_schema() {
    using View = decltype(view_of(std::declval<const Snapshot&>(), std::declval<const R&>()));
    return object_schema(
        {{"id", formatted("uuid", "for ever")},
         {"project", nullable(formatted("uuid", "null: it belongs to the datacenter"))},
         {"name", text_schema("unique in its project")},
         {"created", formatted("date-time", "when")},
         {"revision", integer_schema("of the last change of any part")},
         {"declared_revision", integer_schema("of the last change of what is declared")},
         {"deleting", flag_schema("its end was asked for")},
         {"declared", described(model::schema<typename R::Declared>(), "what is wanted of it")},
         {"claimed", described(model::schema<typename R::Claimed>(), "what control decided")},
         {"observed", described(model::schema<typename R::Observed>(), "what its host sees")},
         {"status", schema_ref("Status")},
         {"view", described(model::schema<View>(), "names for ids, and sums")}});
}

/// In requests, references are ids or names.
static Json with_names(Json schema) {
    if (schema.text_at("format") == "uuid") {
        schema.erase("format");
        schema.set("description", schema.text_at("description", "a reference") + "; id or name");
    }
    if (schema.is(Json::Kind::object))
        for (auto& member : schema.members()) member.value = with_names(std::move(member.value));
    if (schema.is(Json::Kind::array))
        for (Json& item : schema.items()) item = with_names(std::move(item));
    return schema;
}

/// The fields of `declared` that a request may give.
template <class Declared>
static Json::Object writable(bool creating) {
    const Json whole = model::schema<Declared>();
    Json::Object properties;
    model::for_each_field<Declared>([&](const auto& field) {
        const bool given = field.mutability == Mutability::any_time ||
                           (field.mutability == Mutability::at_creation && creating);
        if (given)
            properties.push_back(
                {std::string(field.name), with_names(whole.at("properties").at(field.name))});
    });
    return properties;
}

/// What a request must give beside the name.
template <class R>
static std::vector<std::string> needed() {
    if constexpr (std::is_same_v<R, model::Instance>) return {"flavor", "image"};
    if constexpr (std::is_same_v<R, model::Application>) return {"template"};
    if constexpr (std::is_same_v<R, model::KeyPair>) return {"public_key"};
    if constexpr (std::is_same_v<R, model::VolumeSnapshot>) return {"volume"};
    return {};
}

template <class R>
constexpr bool takes_project =
    !(std::is_same_v<R, model::Project> || std::is_same_v<R, model::Host> ||
      std::is_same_v<R, model::Flavor> || std::is_same_v<R, model::Balance>);

/// The fields of a declared part that a request may give, and what it may say beside them.
template <class R>
static Json::Object written(bool creating) {
    Json::Object properties = writable<typename R::Declared>(creating);
    if constexpr (std::is_same_v<R, model::Instance>)
        for (auto& member : writable<model::InstanceExtras>(creating))
            properties.push_back(std::move(member));
    if constexpr (std::is_same_v<R, model::Instance>)
        properties.push_back({"network", text_schema("short for networks with one item")});
    return properties;
}

template <class R>
static Json creation_schema() {
    Json::Object properties{
        {"name", Json::object({{"type", "string"},
                               {"pattern", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
                               {"description", "a DNS label, unique in its project"}})}};
    if constexpr (takes_project<R>)
        properties.push_back({"project", text_schema("id or name; by default that of the query")});
    for (auto& member : written<R>(/*creating=*/true)) properties.push_back(std::move(member));
    std::vector<std::string> required = needed<R>();
    required.insert(required.begin(), "name");
    return body_schema(std::move(properties), std::move(required));
}

template <class R>
static void add_record_schemas(Json& schemas) {
    const std::string type = type_word(R::noun);
    schemas.set(type, item_schema<R>());
    schemas.set(
        type + "List",
        object_schema(
            {{"items", array_schema(schema_ref(type))},
             {"next", nullable(formatted("uuid", "give it as `marker` for the next page"))}}));
    if constexpr (creatable<R>) schemas.set("New" + type, creation_schema<R>());
    if constexpr (changeable<R>)
        schemas.set(type + "Patch",
                    described(body_schema(written<R>(/*creating=*/false), {}),
                              "a merge patch (RFC 7396): null gives a field its default"));
    schemas.set(type + "Written", object_schema({{"operation", nullable(schema_ref("Operation"))},
                                                 {"item", nullable(schema_ref(type))}}));
}

// ---- others ------------------------------------------------------------------------------------

static std::vector<std::string> verbs() {
    return {"create", "declare", "claim", "observe", "sight", "delete", "forget"};
}

static Json problem_schema() {
    Json schema =
        object_schema({{"type", formatted("uri-reference", "what kind of problem")},
                       {"title", text_schema("the kind in words")},
                       {"status", integer_schema("the HTTP status")},
                       {"code", text_schema("the kind, for programs: not_found, conflict, ...")},
                       {"detail", text_schema("what was tried and what stood in the way")}});
    Json properties = schema.at("properties");
    properties.set("hint", text_schema("what to do next"));
    properties.set("request_id", text_schema("names the request in the daemon's log"));
    schema.set("properties", std::move(properties));
    return described(std::move(schema), "RFC 9457");
}

static Json entry_schema() {
    return object_schema({{"revision", integer_schema("of the commit")},
                          {"index", integer_schema("of the step in its commit")},
                          {"at", formatted("date-time", "when")},
                          {"actor", text_schema("who did it: admin, control, host h1, ...")},
                          {"request", text_schema("id of the request behind it, or empty")},
                          {"noun", word_schema(model::all_one_words())},
                          {"id", formatted("uuid", "of the thing")},
                          {"name", nullable(text_schema("of the thing; null: it is gone"))},
                          {"verb", word_schema(verbs())},
                          {"reason", text_schema("why, in a sentence")}});
}

static Json change_schema() {
    Json any = Json::object();
    return described(
        object_schema({{"revision", integer_schema("of the commit")},
                       {"at", formatted("date-time", "when")},
                       {"actor", text_schema("who did it")},
                       {"verb", word_schema(verbs())},
                       {"noun", word_schema(model::all_one_words())},
                       {"id", formatted("uuid", "of the thing")},
                       {"reason", text_schema("why, in a sentence")},
                       {"item", described(std::move(any),
                                          "the thing as it is when this is sent, which may be "
                                          "newer than `revision`; null: it is gone")}}),
        "`data` of an event `change`; an event `bookmark` has {\"revision\"} alone");
}

static Json subject_schema() {
    return object_schema({{"noun", word_schema(model::all_one_words())},
                          {"id", formatted("uuid", "of the thing")},
                          {"name", text_schema("of the thing")}});
}

static Json why_schema() {
    const Json sentence = object_schema({{"at", formatted("date-time", "when")},
                                         {"revision", integer_schema("of the commit")},
                                         {"actor", text_schema("who did it")},
                                         {"noun", word_schema(model::all_one_words())},
                                         {"name", text_schema("of what it happened to")},
                                         {"verb", word_schema(verbs())},
                                         {"text", text_schema("what happened")},
                                         {"reason", text_schema("why")}});
    return object_schema({{"subject", schema_ref("Subject")},
                          {"status", text_schema("its status word")},
                          {"now", text_schema("how it is, in a sentence")},
                          {"sentences", array_schema(sentence)},
                          {"placement", nullable(model::schema<model::Explanation>())}});
}

static Json datacenter_schema() {
    Json::Object counts;
    for (const auto& words : model::noun_words())
        counts.push_back({std::string(words.many), integer_schema()});
    const Json warning = object_schema(
        {{"host", text_schema("its name")}, {"text", text_schema("what an operator should know")}});
    const Json attention = object_schema({{"noun", word_schema(model::all_one_words())},
                                          {"id", formatted("uuid", "its id")},
                                          {"name", text_schema("its name")},
                                          {"word", text_schema("its status word")},
                                          {"sentence", text_schema("reads on from its name")}});
    return object_schema(
        {{"revision", integer_schema("of the datacenter")},
         {"capacity", described(model::schema<model::Resources>(), "of all hosts that are up")},
         {"claimable", described(model::schema<model::Resources>(), "that instances may claim")},
         {"claimed", described(model::schema<model::Resources>(), "of that")},
         {"counts", object_schema(std::move(counts))},
         {"running", integer_schema("instances that run now")},
         {"accelerator", text_schema("kvm, tcg, mixed, or none without a host")},
         {"warnings", array_schema(warning)},
         {"attention", array_schema(described(attention, "at most 20"))},
         {"attention_count", integer_schema("of what is not as it should be")}});
}

static Json document_list_schema() {
    Json document = Json::object(
        {{"type", "object"},
         {"properties",
          Json::object({{"kind", word_schema(model::all_one_words())}, {"name", text_schema()}})},
         {"required", Json::array({"kind", "name"})}});
    Json documents = array_schema(
        described(std::move(document), "the fields of its kind's creation beside these"));
    documents.set("maxItems", static_cast<std::int64_t>(control::documents_max));
    return documents;
}

static Json apply_schema() {
    return body_schema({{"documents", document_list_schema()},
                        {"plan", flag_schema("only say what would be done")}},
                       {"documents"});
}

Json documents_schema() {
    return body_schema({{"documents", document_list_schema()}}, {"documents"});
}

static Json applied_schema() {
    const Json difference = object_schema({{"field", text_schema("\"template.image\"")},
                                           {"from", Json::object()},
                                           {"to", Json::object()}});
    const Json result = object_schema({{"kind", word_schema(model::all_one_words())},
                                       {"id", formatted("uuid", "of the thing")},
                                       {"name", text_schema()},
                                       {"action", word_schema({"create", "update", "none"})},
                                       {"differences", array_schema(difference)}});
    return object_schema(
        {{"results", array_schema(result)}, {"operations", array_schema(schema_ref("Operation"))}});
}

static Json moment_schema() {
    const Json point = object_schema(
        {{"revision", integer_schema()}, {"at", formatted("date-time", "when it was committed")}});
    return object_schema(
        {{"revision", integer_schema("the latest one at that moment")},
         {"at", formatted("date-time", "the moment itself; of a revision, when it was committed")},
         {"committed", formatted("date-time", "when that revision was committed")},
         {"oldest", point},
         {"latest", point}});
}

Json component_schemas() {
    Json schemas = Json::object();
    model::for_each_noun([&]<class R>(std::type_identity<R>) { add_record_schemas<R>(schemas); });
    schemas.set("Status", status_schema());
    schemas.set("Subject", subject_schema());
    schemas.set("Problem", problem_schema());
    schemas.set("Entry", entry_schema());
    schemas.set(
        "EntryList",
        object_schema(
            {{"items", array_schema(schema_ref("Entry"))},
             {"next", nullable(integer_schema("go on `before` it, or `after` it when reading "
                                              "forward; null: that was all"))}}));
    schemas.set("Change", change_schema());
    schemas.set("Why", why_schema());
    schemas.set("Moment", moment_schema());
    schemas.set("Datacenter", datacenter_schema());
    schemas.set("Apply", apply_schema());
    schemas.set("Applied", applied_schema());
    schemas.set("Forecast", forecast_schema());
    return schemas;
}

}  // namespace vdc::api
