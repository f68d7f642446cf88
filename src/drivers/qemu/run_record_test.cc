#include "drivers/qemu/run_record.h"

#include <gtest/gtest.h>

namespace vdc::drivers::qemu {

using base::Json;

static RunRecord record() {
    RunRecord record;
    record.instance = {base::parse_uuid("00000000-0000-8000-8000-000000000001").value()};
    record.generation = 4;
    record.name = "web-1";
    record.pid = 4711;
    record.start_time = 987654321;
    record.cgroup = "vdc-1a2b/R/x";
    record.uid = 1879048200;
    record.accelerator = Accelerator::kvm;
    record.started = base::parse_instant("2026-11-22T12:56:48.000001Z").value();
    record.wishes = {3, 1, 2};
    record.slots = 9;
    record.cards = {{.port = {base::parse_uuid("00000000-0000-8000-8000-000000000020").value()},
                     .network = {base::parse_uuid("00000000-0000-8000-8000-000000000030").value()},
                     .network_number = 7,
                     .mac = base::parse_mac("52:54:00:12:34:56").value(),
                     .mtu = 1450}};
    return record;
}

TEST(RunRecord, ComesBackAsItWas) {
    EXPECT_EQ(decode(encode(record())).value(), record());
    RunRecord ended = record();
    ended.ending = control::Ending::crashed;
    ended.ending_detail = "signal 11";
    ended.ended = true;
    EXPECT_EQ(decode(encode(ended)).value(), ended);
}

TEST(RunRecord, KnowsThatItsGuestComesFromElsewhereOrGoesThere) {
    RunRecord moves = record();
    EXPECT_FALSE(decode(encode(moves))->received);
    moves.received = true;
    moves.sending = 5;
    EXPECT_EQ(decode(encode(moves)).value(), moves);
}

TEST(RunRecord, IsReadAlsoWhenANewerBuildWroteMore) {
    Json json = encode(record());
    json.set("something_new", 1);
    EXPECT_EQ(decode(json).value(), record());
}

TEST(RunRecord, NamesTheMemberThatIsMissingOrWrong) {
    const Json whole = encode(record());
    for (const auto& member : whole.members()) {
        Json missing = whole;
        missing.erase(member.name);
        EXPECT_NE(decode(missing).error().message.find("'" + member.name + "'"), std::string::npos);
        Json wrong = whole;
        wrong.set(member.name, Json::object());
        EXPECT_EQ(decode(wrong).error().code, base::Error::Code::corrupt) << member.name;
    }
}

TEST(RunRecord, RefusesWordsThatItDoesNotKnow) {
    Json json = encode(record());
    json.set("ending", "evaporated");
    EXPECT_FALSE(decode(json).ok());
    json = encode(record());
    json.set("accelerator", "xen");
    EXPECT_FALSE(decode(json).ok());
}

}  // namespace vdc::drivers::qemu
