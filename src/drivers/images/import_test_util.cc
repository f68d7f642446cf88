#include "drivers/images/import_test_util.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.h"
#include "drivers/jail/jail.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::images {

/// Two tests, or two runs of one, never meet: the folder's name is unique on the machine.
static HostPaths fresh_paths() {
    std::string pattern = testing::TempDir() + "vdcimagesXXXXXX";
    base::check(::mkdtemp(pattern.data()) != nullptr, "a folder for a test can be made");
    const std::string tag = base::text(base::Hasher().add(pattern).finish()).substr(0, 4);
    return {.data = pattern + "/data", .run = pattern + "/run", .tag = tag + "-images-test"};
}

Imported::Imported() : paths(fresh_paths()), images(paths) {
    scratch = paths.data.substr(0, paths.data.rfind('/')) + "/scratch";
    EXPECT_TRUE(runtime::ensure_dir(scratch).ok());
    const base::Status started = images.start();
    EXPECT_TRUE(started.ok()) << text(started.error());
}

Imported::~Imported() {
    EXPECT_TRUE(jail::end_all(paths.cgroup()).ok());
    EXPECT_TRUE(runtime::remove_tree(paths.data.substr(0, paths.data.rfind('/'))).ok());
}

model::ImageId Imported::upload(const std::string& bytes) {
    const model::ImageId image{base::derive_uuid({1, 1}, "image", ++count_)};
    EXPECT_TRUE(runtime::write_file_atomic(paths.upload(image), bytes).ok());
    return image;
}

model::ImageId Imported::upload_file(const std::string& path) {
    const model::ImageId image{base::derive_uuid({1, 1}, "image", ++count_)};
    must({"cp", "--sparse=always", path, paths.upload(image)});
    return image;
}

control::ImportImage Imported::import_of(model::ImageId image, std::string declared) const {
    return {
        {.id = image, .format = std::move(declared), .sha256 = "", .virtual_size_max = {8 << 20}}};
}

std::string Imported::must(std::vector<std::string> words) {
    const auto out = runtime::must_run({.words = std::move(words)});
    EXPECT_TRUE(out.ok()) << text(out.error());
    return out.ok() ? *out : "";
}

std::vector<std::string> Imported::files() const {
    std::vector<std::string> names;
    std::vector<std::string> folders{paths.data};
    while (!folders.empty()) {
        const std::string folder = folders.back();
        folders.pop_back();
        for (const std::string& name : runtime::list_dir(folder).value_or({})) {
            const std::string path = folder + "/" + name;
            if (runtime::list_dir(path).ok())
                folders.push_back(path);
            else
                names.push_back(path.substr(paths.data.size() + 1));
        }
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace vdc::drivers::images
