#include "cli/manifest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cli/output.h"

namespace vdc::cli {

using base::Json;

static std::string parsed(const std::string& yaml) {
    const auto documents = parse_manifest(yaml);
    if (!documents.ok()) return base::text(documents.error());
    std::string all;
    for (const Json& document : *documents) all += dump(document) + "\n";
    return all;
}

TEST(Manifest, HoldsDocumentsAsTheyStand) {
    EXPECT_EQ(parsed("kind: app\nname: web\nreplicas: 2\nnat: true\nnote: '2'\n---\nkind: x\n"),
              "{\"kind\":\"app\",\"name\":\"web\",\"replicas\":2,\"nat\":true,\"note\":\"2\"}\n"
              "{\"kind\":\"x\"}\n");
    EXPECT_EQ(parsed("a: {b: [1, two, null]}\n"), "{\"a\":{\"b\":[1,\"two\",null]}}\n");
    EXPECT_EQ(parsed("user_data: |\n  #!/bin/sh\n  echo hi\n"),
              "{\"user_data\":\"#!/bin/sh\\necho hi\\n\"}\n");
    EXPECT_EQ(parsed(""), "");
}

TEST(Manifest, RefusesWhatCanUnfoldAndNamesThePlace) {
    EXPECT_EQ(parsed("a: &x 1\nb: *x\n"),
              "line 1, column 4: anchors (&name) are not taken here; write the value out");
    EXPECT_NE(parsed("a: !!binary x\n").find("tags (!name) are not taken here"), std::string::npos);
    EXPECT_EQ(parsed("a: 1\na: 2\n"), "line 2, column 1: 'a' stands twice");
    EXPECT_EQ(parsed("[1]\n"), "a document of a manifest must be a mapping with kind and name");
    EXPECT_TRUE(parsed("a: [1\n").starts_with("line 2, column 1: "));
    std::string deep;
    for (std::size_t depth = 0; depth < 40; ++depth) deep += std::string(depth, ' ') + "a:\n";
    EXPECT_NE(parsed(deep).find("nested more than 32 deep"), std::string::npos) << parsed(deep);
    EXPECT_NE(parsed(std::string((1 << 20) + 1, '#')).find("the most is 1 MiB"), std::string::npos);
}

static std::string some_text() {
    return *rc::gen::element<std::string>(
        "web", "", "true", "null", "12", "- a", "a: b", "#x", "two\nlines", " lead", "trail ", "é",
        "'", "\"", "yes", "1e3", "/path", "@file", "a,b", "~", "a-b", "x:", "0x10", "{", "%a");
}

static Json some_json(int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
        case 0: return some_text();
        case 1: return *rc::gen::inRange(-5, 100000);
        case 2: return *rc::gen::arbitrary<bool>();
        case 3: return nullptr;
        case 4: {
            Json array = Json::array();
            for (int left = *rc::gen::inRange(0, 3); left > 0; --left)
                array.push(some_json(depth - 1));
            return array;
        }
        default: {
            Json object = Json::object();
            for (int left = *rc::gen::inRange(0, 3); left > 0; --left)
                object.set(some_text(), some_json(depth - 1));
            return object;
        }
    }
}

RC_GTEST_PROP(Yaml, ThatWeWriteIsReadAsWhatItWas, ()) {
    Json document = Json::object({{"kind", "x"}});
    for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
        document.set(some_text(), some_json(3));
    const std::string yaml = to_yaml(document);
    RC_LOG() << yaml;
    const auto read = parse_manifest(yaml);
    RC_ASSERT(read.ok());
    RC_ASSERT(read->size() == 1u);
    RC_ASSERT(dump(read->front()) == dump(document));
}

}  // namespace vdc::cli
