#include <thread>

#include "api/api_test_util.h"
#include "api/forecast_json.h"

namespace vdc::api::test {

class WhatIfRoute : public ::testing::Test {
  protected:
    /// What is refused, in words.
    std::string refusal(const std::string& question, int status = 400) {
        const wire::Response response = site.post("/v1/whatif", question);
        EXPECT_EQ(response.status, status) << response.body;
        return body(response).text_at("detail");
    }
    static void has(const std::string& text, const char* part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
    Site site;
};

TEST_F(WhatIfRoute, CarriesTheQuestion) {
    const wire::Response response = site.post("/v1/whatif?project=other", R"({
        "fail": ["host/h1", "rack/r1"], "drain": ["host/h2"],
        "add_hosts": {"count": 4, "like": "h1"}, "run": [{"kind": "app", "name": "web"}],
        "flavor_changes": [{"of": "web", "flavor": "small"}],
        "policy": {"host": {"memory_overcommit": 2000}}, "seed": 7, "within": "30m"})");
    ASSERT_EQ(response.status, 200) << response.body;
    const WhatIf& asked = site.foresight.asked;
    EXPECT_EQ(asked.fail, (std::vector<std::string>{"host/h1", "rack/r1"}));
    EXPECT_EQ(asked.drain, std::vector<std::string>{"host/h2"});
    EXPECT_EQ(asked.add_hosts->count, 4);
    EXPECT_EQ(asked.run.size(), 1u);
    EXPECT_EQ(asked.flavors[0].flavor, "small");
    EXPECT_EQ(asked.policy.at("host").integer_at("memory_overcommit"), 2000);
    EXPECT_EQ(asked.project, "other");
    EXPECT_EQ(asked.seed, 7u);
    EXPECT_EQ(asked.within, std::chrono::minutes(30));
}

TEST_F(WhatIfRoute, NamesWhatItCannotTake) {
    has(refusal(R"({"fial": []})"), "did you mean 'fail'");
    has(refusal(R"({"fail": "host/h1"})"), "'fail' must be a list");
    has(refusal(R"({"drain": [1]})"), "'drain' must be a list of words");
    has(refusal(R"({"add_hosts": {"count": 4}})"), "'add_hosts.like' is missing");
    has(refusal(R"({"add_hosts": {"count": "4", "like": "h1"}})"), "'add_hosts.count'");
    has(refusal(R"({"add_hosts": {"count": 4, "lik": "h1"}})"), "did you mean 'like'");
    has(refusal(R"({"flavor_changes": [{"of": "web"}]})"), "'flavor_changes.flavor' is missing");
    has(refusal(R"({"seed": -1})"), "'seed'");
    has(refusal(R"({"within": "7h"})"), "'within' must be a time from 1s to 6h");
    has(refusal(R"({"within": "soon"})"), "'within'");
}

TEST_F(WhatIfRoute, IsAnsweredOneAtATimeForEachCaller) {
    wire::Response first;
    std::unique_lock gate(site.foresight.gate);
    std::thread asks([&] {
        first = site.client()->request(request(wire::Method::post, "/v1/whatif", "{}")).value();
    });
    std::string why;
    while (why.empty()) {  // until the first one is being answered
        EXPECT_EQ(site.get("/v1/health").status, 200) << "others are answered meanwhile";
        if (site.foresight.waiting) why = refusal("{}", 503);
    }
    has(why, "is being answered");
    gate.unlock();
    asks.join();
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(site.post("/v1/whatif", "{}").status, 200);
}

}  // namespace vdc::api::test
