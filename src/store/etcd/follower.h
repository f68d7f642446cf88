#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "store/store.h"

/// The files of SQLite in which a controller keeps what etcd has committed: its own copy of the
/// past. Each lies in a folder of its own, `past-NUMBER`; a new one takes the place of one that has
/// missed too much.
namespace vdc::store {

/// The note of a follower that says whose past it holds (EtcdHead::datacenter).
inline const std::string etcd_datacenter_note = "etcd datacenter";

class Followers {
  public:
    /// Opens the newest one in the folder, or makes the first; removes the others.
    /// Errors: conflict (the folder is that of a store without etcd), and those of
    /// open_sqlite_store().
    static base::Result<std::unique_ptr<Followers>> open(const std::string& folder);

    /// The present one. From any thread; it stays as long as it is held.
    std::shared_ptr<Store> present() const;

    /// Begins a new one with this datacenter. Whoever reads the old one goes on undisturbed; its
    /// files go at the next start.
    base::Status begin_anew(model::Snapshot snapshot);

    const std::string& folder() const { return folder_; }

    /// Where the first one of a folder lies.
    static std::string first(const std::string& folder);

  private:
    Followers(std::string folder, int number, std::shared_ptr<Store> present)
        : folder_(std::move(folder)), number_(number), present_(std::move(present)) {}

    const std::string folder_;
    int number_ = 0;
    mutable std::mutex mutex_;
    std::shared_ptr<Store> present_;
};

}  // namespace vdc::store
