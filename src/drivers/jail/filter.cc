#include "drivers/jail/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "drivers/jail/inside.h"
#include "runtime/fd.h"

namespace vdc::drivers::jail {

using base::Error;
using base::Result;
using base::Status;

/// Names that this architecture or libseccomp lacks are passed over.
static constexpr const char* allowed[] = {
    // descriptors
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
    "pwritev2", "lseek", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "flock",
    "ftruncate", "fallocate", "fadvise64", "fsync", "fdatasync", "sync_file_range", "readahead",
    "copy_file_range", "sendfile", "splice", "tee", "pipe", "pipe2", "eventfd", "eventfd2",
    "signalfd", "signalfd4", "timerfd_create", "timerfd_settime", "timerfd_gettime", "poll",
    "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    "io_setup", "io_submit", "io_getevents", "io_pgetevents", "io_destroy", "io_cancel",
    // files by name: in its own root
    "open", "openat", "openat2", "access", "faccessat", "faccessat2", "stat", "fstat", "lstat",
    "newfstatat", "statx", "statfs", "fstatfs", "readlink", "readlinkat", "getcwd", "getdents",
    "getdents64", "unlink", "unlinkat", "umask",
    // memory
    "brk", "mmap", "munmap", "mprotect", "mremap", "madvise", "msync", "mlock", "mlock2", "munlock",
    "mlockall", "munlockall", "mincore", "memfd_create", "mbind", "get_mempolicy", "set_mempolicy",
    "membarrier",
    // itself
    "exit", "exit_group", "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid",
    "getresuid", "getresgid", "getgroups", "getpgid", "getpgrp", "getsid", "capget", "prctl",
    "arch_prctl", "seccomp", "getrlimit", "getrusage", "times", "uname", "sysinfo", "getcpu",
    "getpriority", "set_tid_address", "set_robust_list", "get_robust_list", "futex", "futex_waitv",
    "rseq", "kill", "tkill", "tgkill", "wait4", "waitid", "restart_syscall", "pause", "alarm",
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_getattr",
    "sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
    // time and chance
    "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time",
    "getitimer", "setitimer", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun",
    "timer_delete", "getrandom",
    // sockets that were handed over, or made in pairs
    "accept", "accept4", "listen", "shutdown", "sendto", "recvfrom", "sendmsg", "recvmsg",
    "sendmmsg", "recvmmsg", "getsockname", "getpeername", "getsockopt", "setsockopt"};

/// Programs take "not permitted" for these in better part than "no such call".
static constexpr const char* forbidden[] = {"execve",
                                            "fork",
                                            "vfork",
                                            "socket",
                                            "connect",
                                            "bind",
                                            "setrlimit",
                                            "ptrace",
                                            "mount",
                                            "umount2",
                                            "pivot_root",
                                            "chroot",
                                            "setns",
                                            "unshare",
                                            "setuid",
                                            "setgid",
                                            "setreuid",
                                            "setregid",
                                            "setresuid",
                                            "setresgid",
                                            "setgroups",
                                            "setfsuid",
                                            "setfsgid",
                                            "capset",
                                            "bpf",
                                            "perf_event_open",
                                            "userfaultfd",
                                            "keyctl",
                                            "add_key",
                                            "request_key",
                                            "io_uring_setup",
                                            "io_uring_enter",
                                            "io_uring_register",
                                            "process_vm_readv",
                                            "process_vm_writev",
                                            "pidfd_getfd",
                                            "init_module",
                                            "finit_module",
                                            "delete_module",
                                            "kexec_load",
                                            "kexec_file_load",
                                            "reboot",
                                            "swapon",
                                            "swapoff",
                                            "sethostname",
                                            "setdomainname",
                                            "settimeofday",
                                            "clock_settime",
                                            "adjtimex",
                                            "clock_adjtime",
                                            "mknod",
                                            "mknodat",
                                            "iopl",
                                            "ioperm",
                                            "syslog",
                                            "acct",
                                            "quotactl",
                                            "personality",
                                            "setpriority",
                                            "sched_setscheduler",
                                            "sched_setparam",
                                            "sched_setattr",
                                            "sched_setaffinity",
                                            "open_by_handle_at",
                                            "name_to_handle_at"};

/// Questions, and the descriptor's own flags. Of a tap QEMU must know what it is; all that would
/// change the card on the host's side (address, owner, filters, queues, checksums left to others)
/// or lead from it to its namespace is left out. Besides these there are KVM's, on descriptors that
/// only /dev/kvm gives.
static constexpr unsigned allowed_requests[] = {FIONREAD, FIONBIO,    FIOCLEX,  FIONCLEX,
                                                TCGETS,   TIOCGWINSZ, TUNGETIFF};

namespace {

/// One filter in the making. The first thing that fails is remembered.
class Maker {
  public:
    Maker() : context_(::seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), ::seccomp_release) {
        note(context_ ? ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) : -ENOMEM);
        // Calls as another architecture (int 0x80, x32), whose numbers mean other things.
        note(::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)));
    }

    template <class... Conditions>
    void rule(std::uint32_t action, const char* name, Conditions... conditions) {
        const int number = ::seccomp_syscall_resolve_name(name);
        if (number < 0 || failure_ != 0) return;
        note(::seccomp_rule_add(context_.get(), action, number, sizeof...(conditions),
                                conditions...));
    }

    Result<std::vector<sock_filter>> finish();

  private:
    void note(int result) {
        if (failure_ == 0) failure_ = result;
    }

    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
    int failure_ = 0;
};

}  // namespace

Result<std::vector<sock_filter>> Maker::finish() {
    const runtime::Fd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!file) return runtime::system_error(errno, "cannot make a memory file");
    if (failure_ == 0) note(::seccomp_export_bpf(context_.get(), file.get()));
    if (failure_ != 0)
        return runtime::system_error(-failure_, "libseccomp cannot make the jail's filter");
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> filter(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (size <= 0 || ::pread(file.get(), filter.data(), static_cast<std::size_t>(size), 0) != size)
        return runtime::system_error(errno, "cannot read the jail's filter back");
    return filter;
}

static constexpr std::uint32_t refuse = SCMP_ACT_ERRNO(EPERM);

static void rules_for_processes(Maker& maker) {
    // Threads, but no processes and no namespaces. clone3 hides its flags from filters: ENOSYS
    // sends the C library back to clone.
    static constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                                CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                                CLONE_NEWNET;
    maker.rule(SCMP_ACT_ALLOW, "clone",
               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | namespaces, CLONE_THREAD));
    maker.rule(refuse, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    maker.rule(SCMP_ACT_ALLOW, "execveat", SCMP_A0(SCMP_CMP_EQ, inside::program_number),
               SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH));
    maker.rule(refuse, "execveat", SCMP_A0(SCMP_CMP_NE, inside::program_number));
    maker.rule(SCMP_ACT_ALLOW, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0));
    maker.rule(refuse, "prlimit64", SCMP_A2(SCMP_CMP_NE, 0));
}

static void rules_for_descriptors(Maker& maker) {
    maker.rule(SCMP_ACT_ALLOW, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    // An ioctl is many calls. The kernel looks at 32 bits of the request, so does this.
    for (const unsigned request : allowed_requests)
        maker.rule(SCMP_ACT_ALLOW, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, request));
    maker.rule(
        SCMP_ACT_ALLOW, "ioctl",
        SCMP_A1_32(SCMP_CMP_MASKED_EQ, _IOC_TYPEMASK << _IOC_TYPESHIFT, KVMIO << _IOC_TYPESHIFT));
    maker.rule(SCMP_ACT_ALLOW, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TUNSETOFFLOAD),
               SCMP_A2(SCMP_CMP_EQ, 0));
}

static Result<std::vector<sock_filter>> make_filter() {
    Maker maker;
    for (const char* name : allowed) maker.rule(SCMP_ACT_ALLOW, name);
    for (const char* name : forbidden) maker.rule(refuse, name);
    rules_for_processes(maker);
    rules_for_descriptors(maker);
    return maker.finish();
}

Result<const std::vector<sock_filter>*> program_filter() {
    static const Result<std::vector<sock_filter>> filter = make_filter();
    if (!filter.ok()) return filter.error();
    return &*filter;
}

}  // namespace vdc::drivers::jail
