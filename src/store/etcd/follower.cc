#include "store/etcd/follower.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "runtime/files.h"
#include "store/sqlite/sqlite_store.h"

namespace vdc::store {

using base::Result;
using base::Status;

namespace {

constexpr std::string_view name_begin = "past-";

std::string folder_of(const std::string& folder, int number) {
    return folder + "/" + std::string(name_begin) + std::to_string(number);
}

/// Numbers of the followers that lie in the folder, in order.
Result<std::vector<int>> numbers_in(const std::string& folder) {
    std::vector<int> numbers;
    for (const std::string& name : TRY(runtime::list_dir(folder))) {
        if (!name.starts_with(name_begin)) continue;
        const char* const end = name.data() + name.size();
        int number = 0;
        const auto read = std::from_chars(name.data() + name_begin.size(), end, number);
        if (read.ec == std::errc{} && read.ptr == end) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

/// A power cut may take its last commits: etcd has them.
Result<std::shared_ptr<Store>> open_follower(const std::string& folder, model::Snapshot begin) {
    SqliteOptions options;
    options.durability = Database::Durability::process;
    options.begin = std::move(begin);
    return std::shared_ptr<Store>(TRY(open_sqlite_store(folder, options)));
}

}  // namespace

Result<std::unique_ptr<Followers>> Followers::open(const std::string& folder) {
    TRY(runtime::ensure_dir(folder, 0700));
    if (runtime::exists(folder + "/datacenter.sqlite"))
        return base::Error{base::Error::Code::conflict,
                           folder + " holds a datacenter of its own, without etcd",
                           "give an empty folder"};
    const std::vector<int> numbers = TRY(numbers_in(folder));
    const int newest = numbers.empty() ? 1 : numbers.back();
    auto present = TRY(open_follower(folder_of(folder, newest), {}));
    for (const int number : numbers)
        if (number != newest) TRY(runtime::remove_tree(folder_of(folder, number)));
    return std::unique_ptr<Followers>(new Followers(folder, newest, std::move(present)));
}

std::string Followers::first(const std::string& folder) {
    return folder_of(folder, 1);
}

std::shared_ptr<Store> Followers::present() const {
    const std::lock_guard lock(mutex_);
    return present_;
}

Status Followers::begin_anew(model::Snapshot snapshot) {
    auto next = TRY(open_follower(folder_of(folder_, number_ + 1), std::move(snapshot)));
    ++number_;
    const std::lock_guard lock(mutex_);
    present_ = std::move(next);
    return {};
}

}  // namespace vdc::store
