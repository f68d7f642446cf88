#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drivers/jail/jail.h"
#include "runtime/fd.h"

/// Control groups (Linux Documentation/admin-guide/cgroup-v2.rst). Every jailed process lives in
/// the v2 tree, which freezes and kills as one even where it has no controllers. Limits are set by
/// the v2 controllers that its root offers, the others by the v1 hierarchies, at the same path.
/// Paths are relative: "vdc-1a2b/R/<id>"; the first part, the tag folder, is one datacenter's.
namespace vdc::drivers::jail {

/// Which tree of this machine does what.
struct CgroupLayout {
    std::string v2;                         ///< mount point of the v2 tree
    std::map<std::string, std::string> v1;  ///< controller to mount point, for those not on v2
    std::vector<std::string> v2_controllers;

    friend bool operator==(const CgroupLayout&, const CgroupLayout&) = default;
};

/// Reads the text of /proc/mounts. Without a v2 tree: unsupported. `v2_controllers` stays empty.
base::Result<CgroupLayout> parse_layout(std::string_view mounts);

/// This machine's.
base::Result<CgroupLayout> find_layout();

/// Blocking; any thread. Paths that leave the tree or have no second part are a mistake of ours.
class Cgroups {
  public:
    explicit Cgroups(CgroupLayout layout) : layout_(std::move(layout)) {}
    static base::Result<Cgroups> of_this_machine();

    /// Makes the group and its parents, and sets its limits. There already: only sets them.
    /// A new tag folder gets ten times the usual weight of processor time; what is below shares it
    /// evenly.
    /// unsupported when a limit is asked for that no controller of this machine can hold.
    base::Status create(const std::string& path, const Limits& limits);

    /// What a process needs to be put inside: the v2 folder, for CLONE_INTO_CGROUP, and the
    /// `tasks` of each v1 group, for it to write "0" to while it has a single thread. Through
    /// cgroup.procs it would wait until all processors have passed through the scheduler, some
    /// 10 ms: the kernel holds up every fork and exit of the machine for it.
    struct Doors {
        runtime::Fd folder;
        std::vector<runtime::Fd> tasks;
    };
    base::Result<Doors> doors(const std::string& path) const;

    /// Stops or resumes all that runs in it, and all that will be put there.
    base::Status freeze(const std::string& path, bool frozen);

    /// Whether it or a group above it was told to freeze.
    bool frozen(const std::string& path) const;

    /// Sends SIGKILL to all in it, also when frozen. Not there: fine.
    base::Status kill(const std::string& path);

    /// Who is in it, and in the groups below it, by number. Not there: nobody.
    base::Result<std::vector<std::int64_t>> pids(const std::string& path) const;

    /// Waits until nobody is left (zombies do not count): timed_out names who is.
    base::Status wait_until_empty(const std::string& path, std::chrono::milliseconds limit) const;

    /// Removes the group, those below it, and parents that are left empty, the tag folder
    /// included, but keeps a parent that is frozen: it was fenced, and stays so. conflict when
    /// somebody is inside. Not there: fine.
    base::Status remove(const std::string& path);

    /// Kills all of a datacenter and removes its whole tree, frozen or not.
    base::Status remove_all(const std::string& tag_folder);

    const CgroupLayout& layout() const { return layout_; }

  private:
    bool on_v2(const std::string& controller) const;
    std::vector<std::string> roots() const;
    base::Result<std::string> control_file(const std::string& path, const std::string& controller,
                                           const std::string& v2_file,
                                           const std::string& v1_file) const;
    base::Status set_limits(const std::string& path, const Limits& limits) const;
    base::Status set_memory(const std::string& path, base::MiB memory) const;
    base::Status set_cpu(const std::string& path, std::int64_t thousandths) const;
    base::Status set_processes(const std::string& path, int processes) const;

    CgroupLayout layout_;
};

}  // namespace vdc::drivers::jail
