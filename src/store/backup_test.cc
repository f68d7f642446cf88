#include "store/backup.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/world_test_util.h"

namespace vdc::store {

using base::Error;
using model::testing::World;

static BackupPapers papers() {
    BackupPapers papers;
    papers.program = "1.2.3";
    papers.made = base::Instant{std::chrono::hours{2}};
    papers.datacenter = "d";
    papers.host = "h1";
    papers.tag = "ab12";
    papers.controllers = {"10.0.0.1:7443"};
    papers.authority_certificate = "certificate";
    papers.authority_key = "key";
    papers.token = "token";
    papers.notes = {{"host-key/h2", "{}"}};
    return papers;
}

/// A whole backup of a small datacenter.
static std::string whole(const model::Snapshot& snapshot) {
    std::string lines = text(papers());
    model::write_log_head(lines, {"1.2.3", snapshot.revision, snapshot.revision, snapshot.committed,
                                  snapshot.committed, hash_of(snapshot)});
    model::LogCounts counts;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : snapshot.all<R>()) {
            model::write_log_record(lines, *record);
            ++counts.records;
        }
    });
    model::write_log_end(lines, counts);
    return lines;
}

static base::Status read(BackupReader& reader, const std::string& lines) {
    for (const std::string& line : base::split(lines, '\n'))
        if (!line.empty()) TRY(reader.take(line));
    return reader.finish();
}

TEST(Backup, ComesBackAsItWas) {
    const World world;
    BackupReader reader;
    const base::Status status = read(reader, whole(world.snapshot));
    ASSERT_TRUE(status.ok()) << base::text(status.error());
    EXPECT_EQ(hash_of(reader.records().snapshot()), hash_of(world.snapshot));
    EXPECT_EQ(reader.records().snapshot().revision, world.snapshot.revision);
    EXPECT_EQ(text(reader.papers()), text(papers()));
}

TEST(Backup, DamageOfAnyLineIsFound) {
    const std::string good = whole(World().snapshot);
    const std::vector<std::string> lines = base::split(good, '\n');
    for (std::size_t at = 0; at < lines.size(); ++at) {
        if (lines[at].empty()) continue;
        std::vector<std::string> bent = lines;
        bent[at].back() = bent[at].back() == '}' ? ']' : '}';
        BackupReader reader;
        EXPECT_FALSE(read(reader, base::join(bent, "\n")).ok()) << "line " << at + 1;
        std::vector<std::string> cut = lines;
        cut.erase(cut.begin() + static_cast<std::ptrdiff_t>(at));
        BackupReader other;
        EXPECT_FALSE(read(other, base::join(cut, "\n")).ok()) << "without line " << at + 1;
    }
}

TEST(Backup, OfANewerFormatIsRefusedAsSuch) {
    BackupReader reader;
    EXPECT_EQ(reader.take("vdc-backup 2").error().code, Error::Code::unsupported);
    BackupReader other;
    EXPECT_EQ(other.take("vdc-log 1").error().code, Error::Code::corrupt);
}

}  // namespace vdc::store
