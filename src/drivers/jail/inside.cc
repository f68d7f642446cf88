#include "drivers/jail/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vdc::drivers::jail::inside {

const char* word(Step step) {
    switch (step) {
        case Step::cgroup: return "join its cgroup";
        case Step::descriptors: return "take its descriptors";
        case Step::mounts: return "part from our mounts";
        case Step::root: return "make its root";
        case Step::limits: return "take its limits";
        case Step::identity: return "give up its privileges";
        case Step::filter: return "take its system call filter";
        case Step::program: return "run its program";
    }
    return "begin";
}

namespace {

/// Goes through the child's life: where it is, so that a failure can say so.
struct Place {
    int report = -1;
    Failure failure{};
};

}  // namespace

/// By number, past the interceptors of sanitizers.
template <class... Arguments>
static long sys(long number, Arguments... arguments) {
    return ::syscall(number, arguments...);
}

[[noreturn]] static void give_up(Place& place) {
    place.failure.error = errno;
    sys(SYS_write, place.report, &place.failure, sizeof place.failure);
    for (;;) sys(SYS_exit_group, 127);
}

/// The result of a call that may not fail.
static int must(Place& place, long result) {
    if (result < 0) give_up(place);
    return static_cast<int>(result);
}

static void begin(Place& place, Step step) {
    place.failure.step = step;
    place.failure.detail = 0;
}

// ---- cgroups -----------------------------------------------------------------------------------

static void join_cgroups(Place& place, const Plan& plan) {
    begin(place, Step::cgroup);
    for (const int tasks : plan.cgroup_tasks) {
        must(place, sys(SYS_write, tasks, "0", 1));
        ++place.failure.detail;
    }
    // A daemon that the kernel spares must not pass that on.
    const int score = static_cast<int>(
        sys(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0));
    if (score >= 0) sys(SYS_write, score, "0", 1);
    if (score >= 0) sys(SYS_close, score);
}

// ---- descriptors -------------------------------------------------------------------------------

static void set_limit(Place& place, int resource, rlim_t value) {
    const rlimit64 limit{value, value};
    must(place, sys(SYS_prlimit64, 0, resource, &limit, nullptr));
}

/// First all go up, out of each other's way, then each down to its number.
static void take_descriptors(Place& place, const Plan& plan) {
    begin(place, Step::descriptors);
    static constexpr int high = program_number + 2;
    set_limit(place, RLIMIT_NOFILE, 2 * descriptors_max + 8);
    const int report = program_number + 1;
    // Copies made with F_DUPFD never land on one that is needed still; the two fixed numbers may
    // be taken by descriptors of ours, so all sources are copied above them first.
    const int program = must(place, sys(SYS_fcntl, plan.program, F_DUPFD_CLOEXEC, high));
    const int copy = must(place, sys(SYS_fcntl, place.report, F_DUPFD_CLOEXEC, high));
    place.report = copy;
    int copies[descriptors_max];
    for (const Move& move : plan.moves) {
        copies[place.failure.detail] = must(place, sys(SYS_fcntl, move.fd, F_DUPFD_CLOEXEC, high));
        ++place.failure.detail;
    }
    must(place, sys(SYS_dup3, program, program_number, O_CLOEXEC));
    must(place, sys(SYS_dup3, copy, report, O_CLOEXEC));
    place.report = report;
    place.failure.detail = 0;
    int next = 0;
    for (const Move& move : plan.moves) {
        if (move.as > next) must(place, sys(SYS_close_range, next, move.as - 1, 0));
        must(place, sys(SYS_dup3, copies[place.failure.detail], move.as, 0));
        next = move.as + 1;
        ++place.failure.detail;
    }
    if (next < program_number) must(place, sys(SYS_close_range, next, program_number - 1, 0));
    must(place, sys(SYS_close_range, high, ~0U, 0));
}

// ---- the root ----------------------------------------------------------------------------------

/// Any folder that every Linux has will do: what lies over it is seen by the child alone.
static constexpr const char* base_folder = "/proc";

static void mount_small(Place& place, const char* where, unsigned long flags) {
    must(place, sys(SYS_mount, "jail", where, "tmpfs", flags | MS_NOSUID | MS_NOEXEC,
                    "size=64k,nr_inodes=64,mode=0755"));
}

static void bind(Place& place, const Entry& entry) {
    must(place, sys(SYS_mount, entry.source, entry.path, nullptr, MS_BIND, nullptr));
    must(place, sys(SYS_mount, nullptr, entry.path, nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr));
}

static void make(Place& place, const Entry& entry) {
    switch (entry.kind) {
        case Kind::folder: must(place, sys(SYS_mkdirat, AT_FDCWD, entry.path, 0755)); return;
        case Kind::link:
            must(place, sys(SYS_symlinkat, entry.source, AT_FDCWD, entry.path));
            return;
        case Kind::bound_folder:
            must(place, sys(SYS_mkdirat, AT_FDCWD, entry.path, 0755));
            bind(place, entry);
            return;
        case Kind::bound_file:
            must(place, sys(SYS_mknodat, AT_FDCWD, entry.path, S_IFREG | 0444, 0));
            bind(place, entry);
            return;
        case Kind::device:
            must(place, sys(SYS_mknodat, AT_FDCWD, entry.path, S_IFCHR | entry.mode,
                            static_cast<unsigned>(entry.device)));
            must(place, sys(SYS_fchownat, AT_FDCWD, entry.path, entry.owner, entry.owner, 0));
            return;
        case Kind::small_fs:
            must(place, sys(SYS_mkdirat, AT_FDCWD, entry.path, 0755));
            mount_small(place, entry.path, 0);
            return;
        case Kind::proc:
            must(place, sys(SYS_mkdirat, AT_FDCWD, entry.path, 0555));
            must(place, sys(SYS_mount, "proc", entry.path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                            "subset=pid,hidepid=invisible"));
            return;
    }
}

static void seal(Place& place, const Entry& entry) {
    if (entry.kind != Kind::small_fs) return;
    must(place, sys(SYS_mount, nullptr, entry.path, nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, nullptr));
}

static long make_all_private() {
    return sys(SYS_mount, nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

/// Out of a chroot, as chroot(2) says that root may: a root below the working folder, then up.
static void climb_out(Place& place) {
    must(place, sys(SYS_chdir, "/"));
    must(place, sys(SYS_chroot, base_folder));
    for (int depth = 0; depth < PATH_MAX / 2; ++depth) must(place, sys(SYS_chdir, ".."));
    must(place, sys(SYS_chroot, "."));
}

/// No mount of ours reaches anybody, and none of theirs us. A daemon may itself live in a chroot
/// whose root is a mere folder: only mounts can be made private, and only a mount can be pivoted
/// away. So out of it, then back in through a mount of that folder that is ours alone.
static void part_from_mounts(Place& place) {
    if (make_all_private() == 0) return;
    if (errno != EINVAL) must(place, -1);
    const int folder =
        must(place, sys(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    climb_out(place);
    must(place, make_all_private());
    const int tree =
        must(place, sys(SYS_open_tree, folder, "",
                        AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    must(place, sys(SYS_move_mount, tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH));
    must(place, sys(SYS_fchdir, tree));
    must(place, sys(SYS_chroot, "."));
    must(place, sys(SYS_close, tree));
    must(place, sys(SYS_close, folder));
}

static void make_root(Place& place, const Plan& plan) {
    begin(place, Step::mounts);
    part_from_mounts(place);
    mount_small(place, base_folder, MS_NODEV);
    must(place, sys(SYS_chdir, base_folder));
    begin(place, Step::root);
    sys(SYS_umask, 0);
    for (const Entry& entry : plan.root) {
        make(place, entry);
        ++place.failure.detail;
    }
    for (const Entry& entry : plan.root) seal(place, entry);
    sys(SYS_umask, 077);
    begin(place, Step::mounts);
    // pivot_root(2), "pivot_root(".", ".")": the old root comes to lie over the new one, and goes.
    must(place, sys(SYS_pivot_root, ".", "."));
    must(place, sys(SYS_umount2, ".", MNT_DETACH));
    must(place, sys(SYS_chdir, "/"));
    must(place, sys(SYS_mount, nullptr, "/", nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr));
}

/// The program by its path in the root, where that has it: /proc/self/exe says so then. The
/// descriptor from outside is named by its path there, which a chroot of the daemon's makes longer,
/// and QEMU looks for its modules beside its own file.
static void take_program_from_root(Place& place, const Plan& plan) {
    begin(place, Step::program);
    const int program =
        static_cast<int>(sys(SYS_openat, AT_FDCWD, plan.arguments[0], O_PATH | O_CLOEXEC, 0));
    if (program < 0) return;
    must(place, sys(SYS_dup3, program, program_number, O_CLOEXEC));
    must(place, sys(SYS_close, program));
}

// ---- limits, identity, filter ------------------------------------------------------------------

static void take_limits(Place& place, const Plan& plan) {
    begin(place, Step::limits);
    set_limit(place, RLIMIT_NOFILE, descriptors_max);
    for (const Rlimit& limit : plan.limits) {
        set_limit(place, limit.resource, limit.value);
        ++place.failure.detail;
    }
}

static void drop_bounding_set(Place& place) {
    for (int capability = 0; capability < 64; ++capability) {
        const long dropped = sys(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
        if (dropped < 0 && errno == EINVAL) return;  // past the last one that the kernel knows
        must(place, dropped);
    }
}

static void become_nobody(Place& place, const Plan& plan) {
    begin(place, Step::identity);
    must(place, sys(SYS_sethostname, "jail", 4));
    must(place, sys(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    drop_bounding_set(place);
    must(place, sys(SYS_setgroups, 0, nullptr));
    must(place, sys(SYS_setresgid, plan.uid, plan.uid, plan.uid));
    must(place, sys(SYS_setresuid, plan.uid, plan.uid, plan.uid));
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    must(place, sys(SYS_capset, &header, none));
    must(place, sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    // Until exec this process holds a copy of the daemon's memory.
    must(place, sys(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0));
    // A keyring of its own, instead of the daemon's session's. Kernels may lack keyrings.
    sys(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr, 0, 0, 0);
}

static void reset_signals() {
    // CLONE_CLEAR_SIGHAND has taken the handlers; what was ignored is still ignored.
    struct {
        void* handler = nullptr;  // SIG_DFL
        unsigned long flags = 0;
        void* restorer = nullptr;
        unsigned long mask = 0;
    } plain;
    for (int signal = 1; signal <= 64; ++signal)
        sys(SYS_rt_sigaction, signal, &plain, nullptr, sizeof plain.mask);
    const unsigned long none = 0;
    sys(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

[[noreturn]] static void enter(const Plan& plan) {
    Place place{.report = plan.report};
    sys(SYS_setsid);
    join_cgroups(place, plan);
    take_descriptors(place, plan);
    make_root(place, plan);
    take_program_from_root(place, plan);
    take_limits(place, plan);
    become_nobody(place, plan);
    reset_signals();
    begin(place, Step::filter);
    must(place, sys(SYS_prctl, PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &plan.filter, 0, 0));
    begin(place, Step::program);
    must(place,
         sys(SYS_execveat, program_number, "", plan.arguments, plan.environment, AT_EMPTY_PATH));
    give_up(place);
}

long start(clone_args& arguments, const Plan& plan) {
    const long pid = sys(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) enter(plan);
    return pid;
}

}  // namespace vdc::drivers::jail::inside
