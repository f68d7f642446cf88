#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

namespace probe {

static long setns_to(const char* path) {
    const int fd = ::open(path, O_RDONLY);
    if (fd < 0) return result(::setns(0, 0));
    const long outcome = result(::setns(fd, 0));
    ::close(fd);
    return outcome;
}

std::vector<Attempt> attempts_on_mounts() {
    return {
        {"mount a file system",
         [](const Outside&) { return result(::mount("none", "/etc", "tmpfs", 0, nullptr)); }},
        {"mount /proc",
         [](const Outside&) { return result(::mount("none", "/etc", "proc", 0, nullptr)); }},
        {"make the root writable",
         [](const Outside&) {
             return result(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
         }},
        {"make /usr writable",
         [](const Outside&) {
             return result(::mount(nullptr, "/usr", nullptr, MS_REMOUNT | MS_BIND, nullptr));
         }},
        {"bind the host's /usr elsewhere",
         [](const Outside&) { return result(::mount("/usr", "/etc", nullptr, MS_BIND, nullptr)); }},
        {"unmount the root", [](const Outside&) { return result(::umount2("/", MNT_DETACH)); }},
        {"unmount /dev", [](const Outside&) { return result(::umount("/dev")); }},
        {"pivot the root",
         [](const Outside&) { return result(::syscall(SYS_pivot_root, "/", "/etc")); }},
        {"change the root", [](const Outside&) { return result(::chroot("/usr")); }},
        {"open a file system by fsopen",
         [](const Outside&) { return result(::syscall(SYS_fsopen, "tmpfs", 0)); }},
        {"take a tree by open_tree",
         [](const Outside&) { return result(::syscall(SYS_open_tree, AT_FDCWD, "/", 1)); }},
        {"move a mount",
         [](const Outside&) {
             return result(::syscall(SYS_move_mount, AT_FDCWD, "/dev", AT_FDCWD, "/etc", 0));
         }},
        {"change a mount by mount_setattr",
         [](const Outside&) {
             const unsigned long attributes[4] = {0, 1 /* MOUNT_ATTR_RDONLY */, 0, 0};
             return result(
                 ::syscall(SYS_mount_setattr, AT_FDCWD, "/usr", 0, attributes, sizeof attributes));
         }},
        {"leave for a user namespace",
         [](const Outside&) { return result(::unshare(CLONE_NEWUSER)); }},
        {"leave for a mount namespace",
         [](const Outside&) { return result(::unshare(CLONE_NEWNS)); }},
        {"leave for a network namespace",
         [](const Outside&) { return result(::unshare(CLONE_NEWNET)); }},
        {"enter the host's mount namespace",
         [](const Outside&) { return setns_to("/proc/1/ns/mnt"); }},
        {"enter the host's network namespace",
         [](const Outside&) { return setns_to("/proc/1/ns/net"); }},
    };
}

}  // namespace probe
