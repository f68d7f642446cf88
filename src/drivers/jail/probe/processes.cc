#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

namespace probe {

/// The child of a fork that worked goes at once.
static long forked(long pid) {
    if (pid == 0) ::_exit(0);
    const long outcome = result(pid);
    if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
    return outcome;
}

static long forks(const Outside&) {
    return forked(::syscall(SYS_fork));
}
static long clones(const Outside&) {
    return forked(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}
static long clones3(const Outside&) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    return forked(::syscall(SYS_clone3, &arguments, sizeof arguments));
}
static long clones_user_namespace(const Outside&) {
    return forked(
        ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

static char program[] = "/usr/bin/true";
static char* program_words[] = {program, nullptr};
static char* no_words[] = {nullptr};

static long execs(const Outside&) {
    return result(::syscall(SYS_execve, program, program_words, no_words));
}
static long execs_at(const Outside&) {
    return result(::syscall(SYS_execveat, AT_FDCWD, program, program_words, no_words, 0));
}
static long execs_memory(const Outside&) {
    const int fd = ::memfd_create("program", 0);
    if (fd < 0) return -errno;
    const long outcome =
        result(::syscall(SYS_execveat, fd, "", program_words, no_words, AT_EMPTY_PATH));
    ::close(fd);
    return outcome;
}
/// The jail's own first exec went through descriptor 1024: get something there again.
static long execs_through_the_door(const Outside&) {
    const int fd = ::open(program, O_RDONLY);
    if (fd < 0) return -errno;
    long outcome = result(::dup2(fd, 1024));
    if (outcome >= 0) return outcome;
    outcome = result(::fcntl(fd, F_DUPFD, 1024));
    if (outcome >= 0) return outcome;
    outcome = result(::syscall(SYS_execveat, 1024, "", program_words, no_words, AT_EMPTY_PATH));
    ::close(fd);
    return outcome;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static void* wait_at_gate(void*) {
    ::pthread_mutex_lock(&gate);
    ::pthread_mutex_unlock(&gate);
    return nullptr;
}

/// Threads are the only way to multiply: they must end at the limit.
static long thread_bomb(const Outside& outside) {
    std::vector<pthread_t> threads;
    long outcome = 0;
    ::pthread_mutex_lock(&gate);
    for (int count = 1; count <= outside.processes && outcome == 0; ++count) {
        pthread_t thread{};
        outcome = -::pthread_create(&thread, nullptr, wait_at_gate, nullptr);
        if (outcome == 0) threads.push_back(thread);
    }
    ::pthread_mutex_unlock(&gate);
    for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
    return threads.empty() ? -EINVAL : outcome;  // none at all would prove another thing
}

/// Signal 0 to all numbers there are: who answers?
static long somebody_else(const Outside&) {
    for (pid_t pid = 1; pid < 1 << 16; ++pid)
        if (pid != ::getpid() && ::kill(pid, 0) == 0) return pid;
    return -ESRCH;
}

static long reads_memory(const Outside& outside) {
    char byte = 0;
    iovec here{&byte, 1};
    iovec there{&byte, 1};
    return result(::process_vm_readv(outside.pid, &here, 1, &there, 1, 0));
}

static long steals_descriptor(const Outside& outside) {
    const long pidfd = ::syscall(SYS_pidfd_open, outside.pid, 0);
    if (pidfd < 0) return -errno;
    return opened(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, 0, 0)));
}

std::vector<Attempt> attempts_on_processes() {
    return {
        {"fork", forks, true},
        {"vfork",
         [](const Outside&) {
             const pid_t pid = ::vfork();
             if (pid == 0) ::_exit(0);
             return result(pid);
         }},
        {"clone a process", clones, true},
        {"clone a process by clone3", clones3, true},
        {"clone into a user namespace", clones_user_namespace},
        {"run another program", execs},
        {"run another program by execveat", execs_at},
        {"run a program from memory", execs_memory},
        {"run a program through the jail's own door",
         execs_through_the_door,
         false,
         {EBADF, EINVAL}},
        {"more threads than allowed", thread_bomb, true, {EAGAIN}},
        {"see another process", somebody_else, true},
        {"signal a process outside", [](const Outside& o) { return result(::kill(o.pid, 0)); },
         true},
        {"kill a process outside", [](const Outside& o) { return result(::kill(o.pid, SIGKILL)); }},
        {"kill all processes", [](const Outside&) { return result(::kill(-1, SIGKILL)); }},
        {"ptrace a process outside",
         [](const Outside& o) { return result(::ptrace(PTRACE_ATTACH, o.pid, nullptr, nullptr)); }},
        {"be ptraced",
         [](const Outside&) { return result(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
        {"read the memory of a process outside", reads_memory},
        {"read the memory file of a process outside",
         [](const Outside& o) {
             return opened(::open(("/proc/" + std::to_string(o.pid) + "/mem").c_str(), O_RDONLY));
         },
         true},
        {"hold a process outside",
         [](const Outside& o) {
             return opened(static_cast<int>(::syscall(SYS_pidfd_open, o.pid, 0)));
         },
         true},
        {"take a descriptor from a process outside", steals_descriptor},
        {"compare itself with a process outside",
         [](const Outside& o) {
             return result(::syscall(SYS_kcmp, ::getpid(), o.pid, 1 /* KCMP_VM */, 0, 0));
         }},
    };
}

}  // namespace probe
