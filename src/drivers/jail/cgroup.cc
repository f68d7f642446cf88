#include "drivers/jail/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/text.h"
#include "runtime/files.h"

namespace vdc::drivers::jail {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;
using runtime::write_kernel_file;

/// Making a group and removing its empty parent must not meet.
static std::mutex& shape() {
    static std::mutex mutex;
    return mutex;
}

static const std::vector<std::string> used_controllers = {"cpu", "memory", "pids"};

static bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// ---- layout ------------------------------------------------------------------------------------

/// Mount points have space, tab, newline and backslash as \ooo (proc_mounts(5)).
static std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                     (text[at + 3] - '0'));
            at += 3;
        } else {
            out += text[at];
        }
    }
    return out;
}

Result<CgroupLayout> parse_layout(std::string_view mounts) {
    CgroupLayout layout;
    for (const std::string& line : base::split(mounts, '\n')) {
        const auto fields = base::split(line, ' ');
        if (fields.size() < 4) continue;
        const std::string point = unescaped(fields[1]);
        if (fields[2] == "cgroup2" && layout.v2.empty()) layout.v2 = point;
        if (fields[2] != "cgroup") continue;
        for (const std::string& option : base::split(fields[3], ','))
            if (has(used_controllers, option)) layout.v1.emplace(option, point);
    }
    if (!layout.v2.empty()) return layout;
    return Error{Error::Code::unsupported, "no cgroup v2 tree is mounted on this host",
                 "mount one: `mount -t cgroup2 none /sys/fs/cgroup/unified`"};
}

static std::vector<std::string> words_of(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::vector<std::string> words = base::split(text, ' ');
    std::erase(words, "");
    return words;
}

Result<CgroupLayout> find_layout() {
    const std::string mounts = TRY(runtime::read_file("/proc/mounts", 16 << 20));
    CgroupLayout layout = TRY(parse_layout(mounts));
    layout.v2_controllers = words_of(TRY(runtime::read_file(layout.v2 + "/cgroup.controllers")));
    for (const std::string& controller : layout.v2_controllers) layout.v1.erase(controller);
    return layout;
}

Result<Cgroups> Cgroups::of_this_machine() {
    return Cgroups(TRY(find_layout()));
}

// ---- paths -------------------------------------------------------------------------------------

static std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts = base::split(path, '/');
    for (const std::string& part : parts)
        base::check(!part.empty() && part != "." && part != "..", "a cgroup path of plain parts");
    return parts;
}

/// "a", "a/b", "a/b/c" of "a/b/c".
static std::vector<std::string> steps_to(const std::string& path) {
    std::vector<std::string> steps;
    for (const std::string& part : parts_of(path))
        steps.push_back(steps.empty() ? part : steps.back() + "/" + part);
    return steps;
}

bool Cgroups::on_v2(const std::string& controller) const {
    return has(layout_.v2_controllers, controller);
}

/// Every tree that groups are made in, v2 first.
std::vector<std::string> Cgroups::roots() const {
    std::vector<std::string> roots = {layout_.v2};
    for (const auto& [controller, point] : layout_.v1)
        if (!has(roots, point)) roots.push_back(point);
    return roots;
}

// ---- making and limiting -----------------------------------------------------------------------

/// Whether it was not there before.
static Result<bool> make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) return true;
    if (errno == EEXIST) return false;
    return system_error(errno, "cannot make the cgroup " + path);
}

/// All guests of a datacenter together weigh, as the kernel makes it, no more than one task outside
/// of its groups: on a busy host they would get next to nothing. Ten times that; with the most that
/// there is (256 times) two busy guests leave the daemon 48 of its 1,020 durable writes a second,
/// with ten times 480.
static Status set_weight(const std::string& folder) {
    for (const auto& [file, weight] : {std::pair{"/cpu.shares", "10240"}, {"/cpu.weight", "1000"}})
        if (runtime::exists(folder + file)) TRY(write_kernel_file(folder + file, weight));
    return {};
}

/// Hands the controllers in use from the group at `path` down to those below it.
static Status pass_down(const std::string& path, const std::vector<std::string>& offered) {
    std::string wanted;
    for (const std::string& controller : used_controllers)
        if (has(offered, controller)) wanted += (wanted.empty() ? "+" : " +") + controller;
    if (wanted.empty()) return {};
    return write_kernel_file(path + "/cgroup.subtree_control", wanted);
}

Status Cgroups::create(const std::string& path, const Limits& limits) {
    const std::lock_guard held(shape());
    const std::vector<std::string> steps = steps_to(path);
    for (const std::string& root : roots()) {
        std::string parent = root;
        for (const std::string& step : steps) {
            if (root == layout_.v2) TRY(pass_down(parent, layout_.v2_controllers));
            parent = root + "/" + step;
            const bool made = TRY(make_folder(parent));
            if (made && step == steps.front()) TRY(set_weight(parent));
        }
    }
    return set_limits(path, limits);
}

Result<std::string> Cgroups::control_file(const std::string& path, const std::string& controller,
                                          const std::string& v2_file,
                                          const std::string& v1_file) const {
    if (on_v2(controller)) return layout_.v2 + "/" + path + "/" + v2_file;
    const auto found = layout_.v1.find(controller);
    if (found != layout_.v1.end()) return found->second + "/" + path + "/" + v1_file;
    return Error{
        Error::Code::unsupported,
        "this host has no cgroup controller '" + controller + "', so nothing can be limited",
        "boot with it enabled (`cat /proc/cgroups` shows those there are)"};
}

Status Cgroups::set_memory(const std::string& path, base::MiB memory) const {
    if (memory.count == 0) return {};
    const std::string size = std::to_string(base::bytes(memory).count);
    const std::string file =
        TRY(control_file(path, "memory", "memory.max", "memory.limit_in_bytes"));
    // Swap would stretch the limit; kernels without it lack the file.
    const std::string swap =
        TRY(control_file(path, "memory", "memory.swap.max", "memory.memsw.limit_in_bytes"));
    if (!runtime::exists(swap)) return write_kernel_file(file, size);
    // v1 counts memory and swap in one number that may never be below that of memory alone.
    if (!on_v2("memory")) TRY(write_kernel_file(swap, "-1"));
    TRY(write_kernel_file(file, size));
    return write_kernel_file(swap, on_v2("memory") ? "0" : size);
}

Status Cgroups::set_cpu(const std::string& path, std::int64_t thousandths) const {
    if (thousandths == 0) return {};
    static constexpr std::int64_t period_us = 100'000;
    static constexpr std::int64_t quota_min_us = 1'000;  // the kernel takes no less
    const std::string quota =
        std::to_string(std::max(thousandths * period_us / 1000, quota_min_us));
    const std::string period = std::to_string(period_us);
    const std::string file = TRY(control_file(path, "cpu", "cpu.max", "cpu.cfs_quota_us"));
    return write_kernel_file(file, on_v2("cpu") ? quota + " " + period : quota);
}

Status Cgroups::set_processes(const std::string& path, int processes) const {
    if (processes == 0) return {};
    return write_kernel_file(TRY(control_file(path, "pids", "pids.max", "pids.max")),
                             std::to_string(processes));
}

Status Cgroups::set_limits(const std::string& path, const Limits& limits) const {
    TRY(set_memory(path, limits.memory));
    TRY(set_cpu(path, limits.cpu_thousandths));
    return set_processes(path, limits.processes);
}

Result<Cgroups::Doors> Cgroups::doors(const std::string& path) const {
    Doors doors;
    const std::string folder = layout_.v2 + "/" + path;
    doors.folder = Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!doors.folder) return system_error(errno, "cannot open the cgroup " + folder);
    for (const std::string& root : roots()) {
        if (root == layout_.v2) continue;
        const std::string tasks = root + "/" + path + "/tasks";
        doors.tasks.emplace_back(::open(tasks.c_str(), O_WRONLY | O_CLOEXEC));
        if (!doors.tasks.back()) return system_error(errno, "cannot open " + tasks);
    }
    return doors;
}

// ---- freezing and killing ----------------------------------------------------------------------

Status Cgroups::freeze(const std::string& path, bool frozen) {
    parts_of(path);
    return write_kernel_file(layout_.v2 + "/" + path + "/cgroup.freeze", frozen ? "1" : "0");
}

static bool told_to_freeze(const std::string& folder) {
    return runtime::read_file(folder + "/cgroup.freeze").value_or("").starts_with('1');
}

bool Cgroups::frozen(const std::string& path) const {
    const std::vector<std::string> steps = steps_to(path);
    return std::any_of(steps.begin(), steps.end(), [&](const std::string& step) {
        return told_to_freeze(layout_.v2 + "/" + step);
    });
}

Status Cgroups::kill(const std::string& path) {
    parts_of(path);
    const Status killed = write_kernel_file(layout_.v2 + "/" + path + "/cgroup.kill", "1");
    const bool gone = !killed.ok() && !runtime::exists(layout_.v2 + "/" + path);
    return gone ? Status() : killed;
}

/// Folders at and below `folder`, the deepest first. Not there: none.
static std::vector<std::string> groups_below(const std::string& folder) {
    std::vector<std::string> found;
    const auto names = runtime::list_dir(folder);
    if (!names.ok()) return found;
    for (const std::string& name : *names) {
        const std::string path = folder + "/" + name;
        struct stat seen {};
        if (::lstat(path.c_str(), &seen) != 0 || !S_ISDIR(seen.st_mode)) continue;
        const auto deeper = groups_below(path);
        found.insert(found.end(), deeper.begin(), deeper.end());
    }
    found.push_back(folder);
    return found;
}

Result<std::vector<std::int64_t>> Cgroups::pids(const std::string& path) const {
    parts_of(path);
    std::vector<std::int64_t> pids;
    for (const std::string& group : groups_below(layout_.v2 + "/" + path)) {
        const auto list = runtime::read_file(group + "/cgroup.procs", 16 << 20);
        if (!list.ok() && list.error().code == Error::Code::not_found) continue;
        for (const std::string& word : words_of(TRY(list))) pids.push_back(std::stoll(word));
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

Status Cgroups::wait_until_empty(const std::string& path, std::chrono::milliseconds limit) const {
    parts_of(path);
    const std::string name = layout_.v2 + "/" + path + "/cgroup.events";
    const Fd events(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!events && errno == ENOENT) return {};
    if (!events) return system_error(errno, "cannot open " + name);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        char text[256] = {};
        const ssize_t got = ::pread(events.get(), text, sizeof text - 1, 0);
        if (got < 0 && errno == ENODEV) return {};  // removed meanwhile
        if (got < 0) return system_error(errno, "cannot read " + name);
        if (std::string_view(text).find("populated 0") != std::string_view::npos) return {};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        pollfd watched{events.get(), POLLPRI, 0};  // the kernel tells each change of this file
        ::poll(&watched, 1, static_cast<int>(left.count()));
    }
    std::string who;
    for (const std::int64_t pid : TRY(pids(path))) who += " " + std::to_string(pid);
    return Error{Error::Code::timed_out, "processes stay in the cgroup " + path + ":" + who};
}

// ---- removing ----------------------------------------------------------------------------------

static Status remove_groups(const std::string& folder) {
    for (const std::string& group : groups_below(folder)) {
        if (::rmdir(group.c_str()) == 0 || errno == ENOENT) continue;
        if (errno == EBUSY)
            return Error{Error::Code::conflict, "the cgroup " + group + " still has processes"};
        return system_error(errno, "cannot remove the cgroup " + group);
    }
    return {};
}

Status Cgroups::remove(const std::string& path) {
    const std::lock_guard held(shape());
    const std::vector<std::string> steps = steps_to(path);
    for (const std::string& root : roots()) {
        TRY(remove_groups(root + "/" + path));
        for (std::size_t above = steps.size() - 1; above-- > 0;) {
            if (told_to_freeze(layout_.v2 + "/" + steps[above])) break;
            // Not empty, or gone already: both are as they should be.
            if (::rmdir((root + "/" + steps[above]).c_str()) != 0 && errno != ENOENT) break;
        }
    }
    return {};
}

Status Cgroups::remove_all(const std::string& tag_folder) {
    base::check(parts_of(tag_folder).size() == 1, "a tag folder is one part");
    TRY(kill(tag_folder));
    TRY(wait_until_empty(tag_folder, std::chrono::seconds(30)));
    const std::lock_guard held(shape());
    for (const std::string& root : roots()) TRY(remove_groups(root + "/" + tag_folder));
    return {};
}

}  // namespace vdc::drivers::jail
