#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

namespace probe {

static long takes_all_capabilities(const Outside&) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    return result(::syscall(SYS_capset, &header, all));
}

static long has_a_capability(const Outside&) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct seen[2] = {};
    if (::syscall(SYS_capget, &header, seen) != 0) return -errno;
    for (const auto& word : seen)
        if ((word.effective | word.permitted | word.inheritable) != 0) return 1;
    return -EPERM;
}

static long has_a_bounding_capability(const Outside&) {
    for (int capability = 0; capability < 64; ++capability)
        if (::prctl(PR_CAPBSET_READ, capability) == 1) return 1;
    return -EPERM;
}

static long is_in_a_group(const Outside&) {
    return ::getgroups(0, nullptr) > 0 ? 1 : -EPERM;
}

static long raises(__rlimit_resource resource) {
    const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    return result(::setrlimit(resource, &limit));
}

static long becomes_realtime(const Outside&) {
    sched_param parameter{};
    parameter.sched_priority = 1;
    return result(::sched_setscheduler(0, SCHED_FIFO, &parameter));
}

std::vector<Attempt> attempts_on_privileges() {
    return {
        {"become root by setuid", [](const Outside&) { return result(::setuid(0)); }},
        {"become root by setresuid", [](const Outside&) { return result(::setresuid(0, 0, 0)); }},
        {"become another uid", [](const Outside&) { return result(::setreuid(1000, 1000)); }},
        {"join group root by setgid", [](const Outside&) { return result(::setgid(0)); }},
        {"join group root by setgroups",
         [](const Outside&) {
             const gid_t group = 0;
             return result(::setgroups(1, &group));
         }},
        {"be in a group beside its own", is_in_a_group},
        {"read files as root by setfsuid",
         [](const Outside&) {
             ::setfsuid(0);
             return ::setfsuid(0) == 0 ? 0L : -static_cast<long>(EPERM);
         }},
        {"have a capability", has_a_capability, true},
        {"have a capability in the bounding set", has_a_bounding_capability, true},
        {"take all capabilities", takes_all_capabilities},
        {"raise an ambient capability",
         [](const Outside&) {
             return result(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
         }},
        {"change its secure bits",
         [](const Outside&) { return result(::prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS)); }},
        {"gain privileges by exec again",
         [](const Outside&) { return result(::prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)); },
         false,
         {EINVAL}},
        {"leave its filter",
         [](const Outside&) { return result(::prctl(PR_SET_SECCOMP, 0, 0, 0, 0)); },
         false,
         {EINVAL}},
        {"raise its limit of descriptors", [](const Outside&) { return raises(RLIMIT_NOFILE); }},
        {"raise its limit of file sizes", [](const Outside&) { return raises(RLIMIT_FSIZE); }},
        {"raise its limit of core dumps", [](const Outside&) { return raises(RLIMIT_CORE); }},
        {"raise the limits of a process outside",
         [](const Outside& o) {
             const rlimit64 limit{RLIM64_INFINITY, RLIM64_INFINITY};
             return result(::syscall(SYS_prlimit64, o.pid, RLIMIT_CORE, &limit, nullptr));
         }},
        {"take a better priority",
         [](const Outside&) { return result(::setpriority(PRIO_PROCESS, 0, -20)); }},
        {"become a real-time process", becomes_realtime},
        {"become another personality",
         [](const Outside&) { return result(::syscall(SYS_personality, 0x0400000)); }},
    };
}

}  // namespace probe
