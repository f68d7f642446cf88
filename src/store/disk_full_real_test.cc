#include <sys/mount.h>

#include "runtime/files.h"
#include "runtime/own_mounts_test_util.h"
#include "store/store_contract_test_util.h"

/// A file system without room. It is a small tmpfs in a mount namespace of this test.
namespace vdc::store {
namespace {

class DiskFull : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdcfullXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        mount_point = pattern;
        ASSERT_TRUE(runtime::testing::have_own_mounts()) << "this test needs root";
        ASSERT_EQ(::mount("vdc", mount_point.c_str(), "tmpfs", 0, "size=24m"), 0);
        open();
    }
    void TearDown() override {
        store.reset();
        EXPECT_EQ(::umount2(mount_point.c_str(), 0), 0);
        EXPECT_TRUE(runtime::remove_tree(mount_point).ok());
    }
    void open() {
        auto opened = open_sqlite_store(mount_point + "/data");
        ASSERT_TRUE(opened.ok()) << text(opened.error());
        store = std::move(*opened);
    }
    /// Takes all the room there is.
    void fill() {
        std::string bytes(1 << 20, 'x');
        for (int file = 0; !bytes.empty(); ++file) {
            const std::string path = mount_point + "/filler-" + std::to_string(file);
            if (!runtime::write_file_atomic(path, bytes).ok()) bytes.resize(bytes.size() / 2);
        }
    }
    void free() {
        const std::vector<std::string> names = runtime::list_dir(mount_point).value();
        for (const std::string& name : names) {
            if (!name.starts_with("filler-")) continue;
            ASSERT_TRUE(runtime::remove_file(mount_point + "/" + name).ok());
        }
    }
    Status tell(std::size_t count) {
        Story next = story;
        const auto group = next.next(count);
        Status status = store->commit(group.front()->revision - 1, 1, group);
        if (status.ok()) story = next;
        return status;
    }
    /// It has room of its own from the beginning.
    void use_up_the_log_ahead() {
        Status status;
        for (int tries = 0; status.ok() && tries < 1000; ++tries) status = tell(64);
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, Code::exhausted) << text(status.error());
    }
    void expect_latest_is_the_story() {
        const auto latest = store->latest();
        ASSERT_TRUE(latest.ok()) << text(latest.error());
        EXPECT_EQ(latest->revision, story.snapshot().revision);
        EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
    }

    std::string mount_point;
    std::unique_ptr<Store> store;
    Story story{5};
};

TEST_F(DiskFull, CommitsAreRefusedNothingIsLostAndTheyGoOnWhenThereIsRoomAgain) {
    ASSERT_TRUE(tell(20).ok());
    for (int round = 0; round < 3; ++round) {
        fill();
        use_up_the_log_ahead();
        const Status status = tell(64);
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, Code::exhausted) << text(status.error());
        EXPECT_NE(status.error().message.find(mount_point), std::string::npos);
        EXPECT_NE(status.error().hint.find("free space"), std::string::npos);
        expect_latest_is_the_story();
        free();
        ASSERT_TRUE(tell(64).ok());
        expect_latest_is_the_story();
    }
    store.reset();
    open();
    expect_latest_is_the_story();
}

TEST_F(DiskFull, ACompactionThatFindsNoRoomLeavesEverythingAsItWas) {
    ASSERT_TRUE(tell(200).ok());
    fill();
    use_up_the_log_ahead();
    static_cast<void>(store->compact(story.snapshot(), 10));
    const Status status = store->settle();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::exhausted) << text(status.error());
    expect_latest_is_the_story();
    free();
    static_cast<void>(store->compact(story.snapshot(), 10));
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(store->log_range().value().first, story.snapshot().revision - 9);
    store.reset();
    open();
    expect_latest_is_the_story();
}

TEST_F(DiskFull, AStartWithoutRoomSaysSoOrGoesOn) {
    ASSERT_TRUE(tell(20).ok());
    store.reset();
    fill();
    auto opened = open_sqlite_store(mount_point + "/data");
    if (!opened.ok())
        EXPECT_EQ(opened.error().code, Code::exhausted) << text(opened.error());
    else
        store = std::move(*opened);
    free();
    store.reset();
    open();
    expect_latest_is_the_story();
}

}  // namespace
}  // namespace vdc::store
