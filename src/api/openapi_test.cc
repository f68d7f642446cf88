#include <gtest/gtest.h>

#include <set>

#include "api/api.h"
#include "api/route.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/files.h"

namespace vdc::api {

using base::Json;

static Json document() {
    return base::parse_json(Api::openapi("0.1.0")).value();
}

TEST(OpenApi, DescribesEveryRouteOnce) {
    const Json paths = document().at("paths");
    std::set<std::string> ids;
    std::size_t operations = 0;
    for (const auto& path : paths.members()) operations += path.value.members().size();
    for (const Route& route : all_routes()) {
        EXPECT_TRUE(ids.insert(route.id).second) << route.id << " stands twice";
        EXPECT_TRUE(paths.has(route.path)) << route.path;
        EXPECT_FALSE(route.summary.empty() || route.answers.empty()) << route.path;
        EXPECT_TRUE(route.handle) << route.path;
    }
    EXPECT_EQ(operations, all_routes().size());
}

static void collect_refs(const Json& value, std::set<std::string>& refs) {
    if (value.is(Json::Kind::object))
        for (const auto& member : value.members()) {
            if (member.name == "$ref") refs.insert(member.value.text());
            collect_refs(member.value, refs);
        }
    if (value.is(Json::Kind::array))
        for (const Json& item : value.items()) collect_refs(item, refs);
}

TEST(OpenApi, RefersOnlyToWhatItHolds) {
    const Json whole = document();
    std::set<std::string> refs;
    collect_refs(whole, refs);
    for (const std::string& ref : refs) {
        const Json* at = &whole;
        for (const std::string& part : base::split(std::string_view(ref).substr(2), '/'))
            at = &at->at(part);
        EXPECT_FALSE(at->is_null()) << ref;
    }
}

TEST(OpenApi, TakesNamesForReferencesAndNoComputedFields) {
    const Json schemas = document().at("components").at("schemas");
    const Json& creation = schemas.at("NewInstance").at("properties");
    EXPECT_FALSE(creation.at("image").has("format"));
    EXPECT_FALSE(creation.has("starts"));
    EXPECT_TRUE(creation.has("networks"));
    EXPECT_FALSE(schemas.at("InstancePatch").at("properties").has("image"));
}

/// tools/tests/openapi_lint reads it.
TEST(OpenApi, IsWrittenForTheLinter) {
    const std::string path = VDC_BINARY_DIR "/openapi.json";
    EXPECT_TRUE(runtime::write_file_atomic(path, Api::openapi("0.1.0"), 0644).ok());
}

}  // namespace vdc::api
