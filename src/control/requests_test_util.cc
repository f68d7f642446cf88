#include "control/requests_test_util.h"

namespace vdc::control::testing {

using model::Noun;

Json json(std::string_view text) {
    return base::parse_json(text).value();
}

Datacenter::Datacenter() {
    create(Noun::project, R"({"name": "default"})");
    create(Noun::project, R"({"name": "other"})");
    create(Noun::flavor, R"({"name": "small", "vcpus": 1, "memory": "512MiB", "disk": "1GiB"})");
    create(Noun::flavor, R"({"name": "large", "vcpus": 4, "memory": "8GiB", "disk": "20GiB"})");
    create(Noun::image, R"({"name": "tiny"})");
    create(Noun::network, R"({"name": "default", "range": "10.20.0.0/24"})");
    model::ImageObserved observed;
    observed.phase = model::ImagePhase::ready;
    observed.virtual_size = {100 << 20};
    apply({{model::Observe<model::Image>{named<model::Image>("tiny").id, observed}, "seen"}});
}

Ask Datacenter::ask(std::string key) {
    ++asked_;
    return {"admin",
            "",
            std::move(key),
            "fingerprint " + std::to_string(asked_),
            base::derive_uuid({1, 2}, "test", asked_),
            model::Instant{std::chrono::seconds(asked_)}};
}

void Datacenter::apply(const std::vector<model::Step>& steps) {
    model::advance(snapshot, snapshot.revision + 1, snapshot.committed + std::chrono::seconds(1));
    for (const model::Step& step : steps) {
        const auto status = model::apply(snapshot, step.change);
        ASSERT_TRUE(status.ok()) << step.reason << ": " << base::text(status.error());
    }
}

Decision Datacenter::must(const base::Result<Decision>& decision) {
    EXPECT_TRUE(decision.ok()) << base::text(decision.error());
    apply(decision->steps);
    return *decision;
}

Applied Datacenter::must(const base::Result<Applied>& applied) {
    EXPECT_TRUE(applied.ok()) << base::text(applied.error());
    apply(applied->steps);
    return *applied;
}

Decision Datacenter::create(Noun noun, const char* text) {
    return must(control::create(snapshot, ask(), noun, json(text)));
}

}  // namespace vdc::control::testing
