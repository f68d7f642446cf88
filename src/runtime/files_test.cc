#include "runtime/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/process.h"

namespace vdc::runtime {
namespace {

using Code = base::Error::Code;

class Files : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdcfilesXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { EXPECT_TRUE(remove_tree(folder).ok()); }

    std::string at(const std::string& name) const { return folder + "/" + name; }
    static mode_t mode_of(const std::string& path) {
        struct stat seen {};
        ::stat(path.c_str(), &seen);
        return seen.st_mode & 07777;
    }

    std::string folder;
};

TEST_F(Files, WhatWasWrittenIsReadAndHasTheModeAskedFor) {
    ASSERT_TRUE(write_file_atomic(at("a"), std::string("x\0y", 3), 0640).ok());
    EXPECT_EQ(read_file(at("a")).value(), std::string("x\0y", 3));
    EXPECT_EQ(mode_of(at("a")), 0640u);
    ASSERT_TRUE(write_file_atomic(at("a"), "", 0600).ok());
    EXPECT_EQ(read_file(at("a")).value(), "");
    ASSERT_TRUE(write_file_atomic(at("a"), "not synced", 0640, Survives::our_crash).ok());
    EXPECT_EQ(read_file(at("a")).value(), "not synced");
    EXPECT_EQ(mode_of(at("a")), 0640u);
    EXPECT_EQ(list_dir(folder).value(), std::vector<std::string>{"a"}) << "nothing else stays";
}

TEST_F(Files, AWriteThatCannotEndLeavesTheOldBytesAndNothingElse) {
    ASSERT_TRUE(ensure_dir(at("taken/inside")).ok());
    const auto status = write_file_atomic(at("taken"), "new");
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find(at("taken")), std::string::npos);
    EXPECT_EQ(list_dir(folder).value(), std::vector<std::string>{"taken"});
}

TEST_F(Files, AReaderIsToldThatAFileIsTooLarge) {
    ASSERT_TRUE(write_file_atomic(at("a"), "12345").ok());
    EXPECT_EQ(read_file(at("a"), 5).value(), "12345");
    const auto read = read_file(at("a"), 4);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Code::too_large);
}

TEST_F(Files, ErrorsNameThePathAndTheReason) {
    const auto read = read_file(at("none"));
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Code::not_found);
    EXPECT_EQ(read.error().message, "cannot open " + at("none") + ": No such file or directory");
}

TEST_F(Files, FilesOfTheKernelAreReadWhole) {
    EXPECT_NE(read_file("/proc/self/status").value().find("Pid:"), std::string::npos);
    EXPECT_FALSE(write_kernel_file("/proc/self/status", "x").ok());
    EXPECT_TRUE(write_kernel_file("/proc/self/comm", "renamed").ok());
    EXPECT_EQ(read_file("/proc/self/comm").value(), "renamed\n");
}

TEST_F(Files, EnsureDirMakesParentsAndSetsTheMode) {
    ASSERT_TRUE(ensure_dir(at("a/b/c"), 0700).ok());
    EXPECT_EQ(mode_of(at("a/b/c")), 0700u);
    ASSERT_TRUE(ensure_dir(at("a/b/c"), 0750).ok());
    EXPECT_EQ(mode_of(at("a/b/c")), 0750u);
    ASSERT_TRUE(write_file_atomic(at("file"), "").ok());
    EXPECT_FALSE(ensure_dir(at("file")).ok());
    EXPECT_FALSE(ensure_dir(at("file/below")).ok());
}

TEST_F(Files, ListsNamesSorted) {
    for (const char* name : {"b", "a", "C"}) ASSERT_TRUE(write_file_atomic(at(name), "").ok());
    EXPECT_EQ(list_dir(folder).value(), (std::vector<std::string>{"C", "a", "b"}));
    EXPECT_EQ(list_dir(at("none")).error().code, Code::not_found);
}

TEST_F(Files, RemovingATreeFollowsNoLink) {
    ASSERT_TRUE(ensure_dir(at("keep")).ok());
    ASSERT_TRUE(write_file_atomic(at("keep/precious"), "x").ok());
    ASSERT_TRUE(ensure_dir(at("tree/below")).ok());
    ASSERT_EQ(::symlink(at("keep").c_str(), at("tree/below/link").c_str()), 0);
    ASSERT_EQ(::symlink(at("keep").c_str(), at("link").c_str()), 0);
    EXPECT_TRUE(remove_tree(at("tree")).ok());
    EXPECT_TRUE(remove_tree(at("link")).ok());
    EXPECT_FALSE(exists(at("tree")));
    EXPECT_FALSE(exists(at("link")));
    EXPECT_TRUE(exists(at("keep/precious")));
}

TEST_F(Files, RemovingWhatIsNotThereIsFine) {
    EXPECT_TRUE(remove_tree(at("none")).ok());
    EXPECT_TRUE(remove_tree(at("none/below")).ok());
    EXPECT_TRUE(remove_file(at("none")).ok());
}

TEST_F(Files, RemovingRefusesPathsThatCannotBeMeant) {
    for (const char* path :
         {"", "/", "/usr", "tmp/x", "/tmp/", "/tmp/..", "/tmp/../etc", "//tmp"}) {
        const auto status = remove_tree(path);
        ASSERT_FALSE(status.ok()) << path;
        EXPECT_EQ(status.error().code, Code::invalid) << path;
    }
}

TEST_F(Files, ATreeNestedWithoutEndIsRefusedInsteadOfExhaustingUs) {
    std::string path = at("deep");
    for (int depth = 0; depth < 70; ++depth) path += "/d";
    ASSERT_TRUE(ensure_dir(path).ok());
    const auto status = remove_tree(at("deep"));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::too_large);
    ASSERT_TRUE(remove_tree(at("deep/d/d/d/d/d/d/d/d/d/d")).ok());
}

TEST_F(Files, SpaceIsThatOfTheFileSystem) {
    const auto space = free_space(folder);
    ASSERT_TRUE(space.ok());
    EXPECT_GT(space->size.count, 0);
    EXPECT_LE(space->free, space->size);
    EXPECT_EQ(free_space(at("none")).error().code, Code::not_found);
}

TEST_F(Files, ALockIsHeldByOneAndNamesItsOwner) {
    {
        const auto first = lock_file(at("lock"));
        ASSERT_TRUE(first.ok()) << text(first.error());
        const auto second = lock_file(at("lock"));
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().code, Code::conflict);
        EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
    }
    EXPECT_TRUE(lock_file(at("lock")).ok());
}

TEST_F(Files, ALockIsNotInheritedByCommands) {
    {
        const auto lock = lock_file(at("lock"));
        ASSERT_TRUE(lock.ok());
        ASSERT_TRUE(run({.words = {"sh", "-c", "sleep 3 &"}}).ok());
    }
    EXPECT_TRUE(lock_file(at("lock")).ok());
}

}  // namespace
}  // namespace vdc::runtime
