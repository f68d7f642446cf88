#include "control/duties_update.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "control/crowd_test_util.h"

namespace vdc::control {

using namespace base;
using testing::Crowd;
using testing::Deed;
using testing::Turns;

namespace {

/// As a host reads what was sent.
DutiesUpdate sent(const DutiesUpdate& update) {
    const auto json = parse_json(dump(to_json(update)));
    check(json.ok(), "what is sent is JSON");
    const auto read = duties_update_from_json(*json);
    check(read.ok(), read.ok() ? "" : text(read.error()));
    return *read;
}

Uuid number(std::uint64_t low) {
    return {7, low};
}

/// Duties in which no member has its default.
Duties full() {
    Duties duties;
    duties.revision = 9;
    duties.host_name = "h1";
    duties.epoch = 3;
    duties.epoch_over = true;
    ImageDuty image;
    image.image = {{number(1)}, "qcow2", std::string(64, 'a'), MiB{20}};
    image.keeper = image.uploaded = image.gone = true;
    image.source = ImageSource{{number(2)}, "h2", {true, "raw", "b", Bytes{5}, Bytes{4}}};
    image.reported.phase = model::ImagePhase::importing;
    duties.images[{number(1)}] = image;
    VolumeDuty volume;
    volume.volume = {{number(3)},   MiB{5}, {{number(1)}}, {{number(4)}},
                     {{number(4)}}, 2,      {{number(6)}}, "nas"};
    volume.instance = {number(6)};
    volume.slot = 2;
    volume.gone = volume.leaving = true;
    volume.generation = 8;
    volume.snapshots_gone = {{number(5)}};
    volume.reported.presence = model::Presence::ready;
    volume.snapshots_reported[{number(5)}].presence = model::Presence::failed;
    duties.volumes[{number(3)}] = volume;
    NetworkDuty network;
    network.network = {{number(7)},
                       4,
                       parse_ipv4_range("10.1.0.0/24").value(),
                       parse_ipv4("10.1.0.1").value(),
                       "net.internal",
                       false,
                       1400,
                       {{{number(8)}, {0x0256'0000'0001}, {77}, "web", false}},
                       {{"shop", {78}}},
                       0x30004,
                       {81},
                       {{{0x0256'0000'0002}, {79}, {82}, false}},
                       {{{80}, {83}}}};
    network.needed = true;
    network.reported.message = "no";
    duties.networks[{number(7)}] = network;
    FrontDuty front;
    front.front = {{number(9)}, {number(7)},
                   4,           "shop",
                   {78},        80,
                   8080,        FrontProtocol::tcp,
                   "/health",   {{{number(6)}, "shop-1", {77}}}};
    front.gone = true;
    front.reported.ready = {{number(6)}};
    duties.fronts[{number(9)}] = front;
    InstanceDuty instance;
    instance.instance = {{number(6)},
                         5,
                         "shop-1",
                         {2},
                         MiB{64},
                         {{{number(3)}, 2}},
                         {{{number(8)}, {number(7)}, 4, {0x0256'0000'0001}, 1400}},
                         {"meta", "user \x01 \"data\"", "net"},
                         {1, 2, 3}};
    instance.power = model::Power::paused;
    instance.gone = true;
    instance.restart = model::Restart::always;
    instance.stop_timeout = 31s;
    instance.metadata = {"shop-1", "default", "ssh-ed25519 A", "me", "user"};
    instance.reported.phase = model::InstancePhase::running;
    duties.instances[{number(6)}] = instance;
    return duties;
}

}  // namespace

TEST(DutiesUpdate, ComesWholeWithEveryMember) {
    const DutiesUpdate update = whole_update(full());
    EXPECT_EQ(sent(update), update);
    Duties host;
    host.instances[{number(99)}] = {};
    take(host, sent(update));
    EXPECT_EQ(host, full()) << "what was there before counts no more";
}

TEST(DutiesUpdate, OfAnotherBuildIsUnderstood) {
    const auto read =
        duties_update_from_json(parse_json(R"({"new": 1, "parts": {"host_name": "h", "volumes": {
            "00000000-0000-0007-0000-000000000003": {"slot": 1, "new": {}}}}})")
                                    .value());
    ASSERT_TRUE(read.ok()) << text(read.error());
    EXPECT_EQ(read->parts.host_name, "h");
    EXPECT_EQ(read->parts.volumes.begin()->second.slot, 1);
}

TEST(DutiesUpdate, ThatIsNonsenseIsRefusedByName) {
    const auto refused = [](const char* json) {
        const auto read = duties_update_from_json(parse_json(json).value());
        return read.ok() ? "" : read.error().message;
    };
    EXPECT_NE(refused("[]"), "");
    EXPECT_NE(refused(R"({"gone": 1})").find("gone"), std::string::npos);
    EXPECT_NE(refused(R"({"gone": [{"noun": "moon", "id": "x"}]})").find("gone.noun"),
              std::string::npos);
    EXPECT_NE(refused(R"({"parts": {"instances": {"x": {}}}})").find("parts.instances"),
              std::string::npos);
    EXPECT_NE(refused(R"({"parts": {"epoch": "1"}})").find("parts.epoch"), std::string::npos);
}

RC_GTEST_PROP(DutiesUpdate, OfWhatChangedMakesTheHostKnowWhatTheControllerKnows, ()) {
    const auto history = *testing::histories();
    Turns turns;
    Crowd crowd(turns);
    crowd.begin();
    std::map<model::HostId, Duties> hosts;
    for (const Deed& deed : history) {
        const model::Snapshot before = turns.snapshot;
        turns.pass(3s);
        crowd.act(deed);
        turns.follow_up();
        for (const auto& [id, record] : turns.snapshot.all<model::Host>()) {
            const Duties now = duties(turns.snapshot, id);
            Parts parts = all_parts(turns.snapshot, id);
            if (before.find<model::Host>(id) != nullptr) parts.merge(all_parts(before, id));
            take(hosts[id], sent(update_of(now, parts)));
            RC_ASSERT(hosts[id] == now);
        }
    }
}

}  // namespace vdc::control
