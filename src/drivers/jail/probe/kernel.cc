#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/io.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/quota.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

/// Arguments are such that a kernel which would allow the deed answers that they are wrong, or
/// that what they name is not there: nothing happens to a host whose jail is broken. EPERM and
/// ENOSYS come before that.
namespace probe {

static long sets_the_clock(const Outside&) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return result(::clock_settime(CLOCK_REALTIME, &now));
}

static long sets_the_time_of_day(const Outside&) {
    timeval now{};
    ::gettimeofday(&now, nullptr);
    return result(::settimeofday(&now, nullptr));
}

static long adjusts_the_clock(const Outside&) {
    timex change{};
    change.modes = ADJ_TICK;
    change.tick = 1;  // out of range
    return result(::adjtimex(&change));
}

/// A filter made for one architecture must not be passed by calling the kernel as another.
static sigjmp_buf back;
static void no_such_gate(int) {
    ::siglongjmp(back, 1);
}
static long calls_as_32_bit(const Outside&) {
    volatile long outcome = -ENOSYS;
    struct sigaction action {};
    action.sa_handler = no_such_gate;
    struct sigaction before {};
    ::sigaction(SIGSEGV, &action, &before);
    if (::sigsetjmp(back, 1) == 0) {
        int number = 2;  // fork, as i386 counts
        __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
        outcome = number;
        if (outcome == 0) ::_exit(0);  // it worked, and this is the child
    }
    ::sigaction(SIGSEGV, &before, nullptr);
    return outcome;
}

static long calls_as_x32(const Outside&) {
    return result(::syscall(0x40000000 + SYS_getppid));
}

static long makes_an_io_uring(const Outside&) {
    unsigned char parameters[120] = {};
    return opened(static_cast<int>(::syscall(SYS_io_uring_setup, 4, parameters)));
}

static long watches_faults(const Outside&) {
    return opened(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | 1)));
}

static long watches_performance(const Outside&) {
    unsigned char attributes[128] = {};
    attributes[4] = sizeof attributes;
    return opened(static_cast<int>(::syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0)));
}

static long makes_a_bpf_map(const Outside&) {
    const unsigned attributes[32] = {2 /* array */, 4, 4, 1};
    return opened(static_cast<int>(::syscall(SYS_bpf, 0, attributes, sizeof attributes)));
}

std::vector<Attempt> attempts_on_the_kernel() {
    return {
        {"load a module",
         [](const Outside&) { return result(::syscall(SYS_init_module, nullptr, 0, "")); }},
        {"load a module from a file",
         [](const Outside&) { return result(::syscall(SYS_finit_module, 0, "", 0)); }},
        {"unload a module",
         [](const Outside&) { return result(::syscall(SYS_delete_module, "nonexistent", 0)); }},
        {"load another kernel",
         [](const Outside&) { return result(::syscall(SYS_kexec_load, 0, 0, nullptr, ~0UL)); }},
        {"reboot the host",
         [](const Outside&) { return result(::syscall(SYS_reboot, 1, 2, 3, nullptr)); }},
        {"swap to a file", [](const Outside&) { return result(::swapon("/nonexistent", 0)); }},
        {"stop swapping", [](const Outside&) { return result(::swapoff("/nonexistent")); }},
        {"rename the host", [](const Outside&) { return result(::sethostname("jail", 4)); }},
        {"rename the host's domain",
         [](const Outside&) { return result(::setdomainname("(none)", 6)); }},
        {"set the clock", sets_the_clock},
        {"set the time of day", sets_the_time_of_day},
        {"adjust the clock", adjusts_the_clock},
        {"take the I/O ports", [](const Outside&) { return result(::iopl(3)); }},
        {"take an I/O port", [](const Outside&) { return result(::ioperm(0x80, 1, 1)); }},
        {"change its descriptor table",
         [](const Outside&) {
             unsigned entry[4] = {};
             return result(::syscall(SYS_modify_ldt, 1, entry, sizeof entry));
         }},
        {"read the kernel's log",
         [](const Outside&) {
             char text[16];
             return result(::klogctl(3, text, sizeof text));
         }},
        {"account for processes", [](const Outside&) { return result(::acct("/nonexistent")); }},
        {"set quotas",
         [](const Outside&) {
             return result(::quotactl(QCMD(Q_SYNC, USRQUOTA), "/dev/nonexistent", 0, nullptr));
         }},
        {"watch the host's files",
         [](const Outside&) {
             return opened(static_cast<int>(::syscall(SYS_fanotify_init, 0, O_RDONLY)));
         }},
        {"run code in the kernel (bpf)", makes_a_bpf_map},
        {"watch the processor's counters", watches_performance},
        {"handle page faults", watches_faults},
        {"make an io_uring", makes_an_io_uring},
        {"read the kernel's keys",
         [](const Outside&) {
             return result(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 1));
         }},
        {"add a key",
         [](const Outside&) {
             return result(::syscall(SYS_add_key, "user", "probe", "x", 1, -1));
         }},
        {"ask for a key",
         [](const Outside&) {
             return result(::syscall(SYS_request_key, "user", "nonexistent", "x", -1));
         }},
        {"share memory by System V",
         [](const Outside&) {
             const int id = ::shmget(IPC_PRIVATE, 4096, 0600);
             if (id >= 0) ::shmctl(id, IPC_RMID, nullptr);
             return result(id);
         },
         true},
        {"make a message queue",
         [](const Outside&) {
             const int id = ::msgget(IPC_PRIVATE, 0600);
             if (id >= 0) ::msgctl(id, IPC_RMID, nullptr);
             return result(id);
         },
         true},
        {"move pages of a process outside",
         [](const Outside& o) {
             const unsigned long nodes = 1;
             return result(::syscall(SYS_migrate_pages, o.pid, 64, &nodes, &nodes));
         }},
        {"hang up the terminal", [](const Outside&) { return result(::syscall(SYS_vhangup)); }},
        {"call the kernel as a 32-bit program", calls_as_32_bit},
        {"call the kernel as an x32 program", calls_as_x32},
    };
}

}  // namespace probe
