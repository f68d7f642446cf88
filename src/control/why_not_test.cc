#include "control/why_not.h"

#include <gtest/gtest.h>

#include "base/chance.h"
#include "control/turns_test_util.h"
#include "model/codec.h"

namespace vdc::control {

using base::Chance;
using base::Json;
using model::Noun;
using testing::Turns;

namespace {

Json document(const char* kind, const std::string& name, const std::string& flavor) {
    return Json::object({{"kind", kind}, {"name", name}, {"flavor", flavor}, {"image", "tiny"}});
}

Json app(const std::string& name, const std::string& flavor, std::int64_t replicas) {
    return Json::object({{"kind", "app"},
                         {"name", name},
                         {"replicas", replicas},
                         {"template", Json::object({{"flavor", flavor}, {"image", "tiny"}})}});
}

class Site {
  public:
    Site() {
        must(dc_.create(Noun::project, R"({"name": "default"})"));
        for (const char* flavor :
             {R"({"name": "tiny", "vcpus": 1, "memory": "64MiB", "disk": "16MiB"})",
              R"({"name": "small", "vcpus": 1, "memory": "512MiB", "disk": "64MiB"})",
              R"({"name": "medium", "vcpus": 2, "memory": "2GiB", "disk": "1GiB"})",
              R"({"name": "large", "vcpus": 8, "memory": "8GiB", "disk": "4GiB"})",
              R"({"name": "huge", "vcpus": 32, "memory": "64GiB", "disk": "64GiB"})"})
            must(dc_.create(Noun::flavor, flavor));
        must(dc_.create(Noun::image, R"({"name": "tiny"})"));
        must(dc_.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/20"})"));
    }

    void begin_host(std::int64_t vcpus, std::int64_t memory, std::int64_t disk) {
        dc_.begin_host("h" + std::to_string(++hosts_), {{vcpus}, {512 + memory}, {disk}});
        dc_.follow_up();
    }

    static Ask ask(const Turns& dc) {
        return {"admin", "", "", "", base::derive_uuid({5, 6}, "ask", ++asked_), dc.now};
    }

    WhyNot why_not(const std::vector<Json>& documents) {
        auto answer = control::why_not(dc_.snapshot, ask(dc_), documents);
        EXPECT_TRUE(answer.ok()) << base::text(answer.error());
        return answer.ok() ? *answer : WhyNot{};
    }

    /// Whether all of them have a host, once they were really applied to a copy.
    bool takes(const std::vector<Json>& documents) {
        Turns copy;
        copy.snapshot = dc_.snapshot;
        copy.now = dc_.now;
        copy.guarantee = Guarantee(copy.snapshot);
        const auto applied = apply_documents(copy.snapshot, ask(copy), documents);
        if (!applied.ok() || !copy.apply_request(applied->steps).ok()) return false;
        copy.follow_up();
        std::int64_t waiting = 0;
        for (const auto& [id, instance] : copy.snapshot.all<model::Instance>())
            waiting += instance->claimed.host ? 0 : 1;
        return waiting == 0;
    }

    /// Applied, if it may be.
    void apply(const std::vector<Json>& documents) {
        const auto applied = apply_documents(dc_.snapshot, ask(dc_), documents);
        if (applied.ok() && dc_.apply_request(applied->steps).ok()) dc_.follow_up();
    }

    Turns& turns() { return dc_; }

  private:
    static void must(const base::Status& status) {
        ASSERT_TRUE(status.ok()) << text(status.error());
    }
    Turns dc_;
    int hosts_ = 0;
    static inline std::uint64_t asked_ = 0;
};

}  // namespace

TEST(WhyNot, SaysThatItFitsAndChangesNothing) {
    Site site;
    site.begin_host(4, 4096, 10'000);
    const WhyNot answer = site.why_not({document("instance", "web", "medium")});
    EXPECT_TRUE(answer.fits) << answer.sentence;
    EXPECT_TRUE(answer.change.empty());
    EXPECT_TRUE(site.turns().snapshot.all<model::Instance>().empty());
}

TEST(WhyNot, NamesTheLargestFlavorThatFits) {
    Site site;
    site.begin_host(4, 4096, 10'000);
    const WhyNot answer = site.why_not({document("instance", "web", "large")});
    EXPECT_FALSE(answer.fits);
    EXPECT_EQ(answer.instance, "web");
    EXPECT_TRUE(answer.sentence.starts_with("no host fits 8 vcpus and 8GiB of memory"));
    const std::vector<DocumentChange> change{{0, "flavor", "large", "medium"}};
    EXPECT_EQ(answer.change, change);
}

TEST(WhyNot, NamesTheLargestDiskThatFits) {
    Site site;
    site.begin_host(4, 4096, 3000);
    Json web = document("instance", "web", "small");
    web.set("disk", "4GiB");
    const WhyNot answer = site.why_not({web});
    const std::vector<DocumentChange> change{{0, "disk", "4GiB", "3000MiB"}};
    EXPECT_EQ(answer.change, change);
}

TEST(WhyNot, NamesHowManyReplicasFit) {
    Site site;
    site.begin_host(4, 4096, 100'000);
    const WhyNot answer = site.why_not({app("web", "medium", 7)});
    const std::vector<DocumentChange> change{{0, "replicas", 7, 2}};
    EXPECT_EQ(answer.change, change);
}

TEST(WhyNot, ChangesSeveralDocumentsWhereOneIsNotEnough) {
    Site site;
    site.begin_host(4, 4096, 100'000);
    const std::vector<Json> wanted{document("instance", "web", "huge"),
                                   document("instance", "shop", "huge")};
    const WhyNot answer = site.why_not(wanted);
    const std::vector<DocumentChange> change{{0, "flavor", "huge", "medium"},
                                             {1, "flavor", "huge", "medium"}};
    EXPECT_EQ(answer.change, change);
    EXPECT_TRUE(site.takes(changed(wanted, answer.change)));
}

TEST(WhyNot, OffersToSurviveLessWhereOnlyTheGuaranteeStandsInTheWay) {
    Site site;
    site.begin_host(4, 2048, 10'000);
    site.begin_host(2, 1024, 10'000);
    const WhyNot answer = site.why_not({app("web", "medium", 1)});
    EXPECT_FALSE(answer.fits);
    const std::vector<DocumentChange> change{{0, "survives", "host", "nothing"}};
    EXPECT_EQ(answer.change, change);
}

TEST(WhyNot, RefusesWhatIsNoQuestionOfRoom) {
    Site site;
    site.begin_host(4, 2048, 10'000);
    const auto answer = why_not(site.turns().snapshot, Site::ask(site.turns()),
                                {document("instance", "web", "none")});
    EXPECT_FALSE(answer.ok());
}

/// In datacenters that are drawn and half full, what cannot be placed is asked for until it was
/// refused 300 times: each time the proposed change lets it in, and the answer is short.
TEST(WhyNot, WhatItProposesLetsItIn) {
    Chance chance(20'261'123);
    const std::vector<std::string> flavors{"small", "medium", "large", "huge"};
    const auto drawn = [&](const std::string& name) {
        const std::string& flavor = flavors[chance.below(flavors.size())];
        if (chance.once_in(1, 3)) return app(name, flavor, chance.between(1, 6));
        Json one = document("instance", name, flavor);
        if (chance.once_in(1, 3))
            one.set("disk", text(base::MiB{std::int64_t{64} << chance.below(14)}));
        return one;
    };
    int refused = 0;
    int hopeless = 0;
    for (int number = 0; refused < 300; ++number) {
        Site site;
        for (auto hosts = chance.between(1, 4); hosts > 0; --hosts)
            site.begin_host(chance.between(2, 16), chance.between(1, 16) * 1024,
                            chance.between(1, 64) * 1024);
        for (int count = 0; count < 4; ++count) site.apply({drawn("old-" + std::to_string(count))});
        if (std::any_of(site.turns().snapshot.all<model::Instance>().begin(),
                        site.turns().snapshot.all<model::Instance>().end(),
                        [](const auto& each) { return !each.second->claimed.host; }))
            continue;
        for (int count = 0; count < 12 && refused < 300; ++count) {
            const std::vector<Json> wanted{drawn("new")};
            const WhyNot answer = site.why_not(wanted);
            ASSERT_EQ(answer.fits, site.takes(wanted)) << base::dump(wanted[0]);
            if (answer.fits) continue;
            ++refused;
            if (answer.change.empty()) {
                ++hopeless;
                Json least = wanted[0].text_at("kind") == "app"
                                 ? app("new", "tiny", 1)
                                 : document("instance", "new", "tiny");
                least.set("survives", "nothing");
                EXPECT_FALSE(site.takes({least})) << base::dump(wanted[0]);
                continue;
            }
            EXPECT_TRUE(site.takes(changed(wanted, answer.change))) << base::dump(wanted[0]);
            EXPECT_LE(
                answer.sentence.size() + base::dump(model::part_to_json(answer.explanation)).size(),
                2048U);
        }
    }
    EXPECT_LT(hopeless, 15) << "most of them were not full";
}

}  // namespace vdc::control
