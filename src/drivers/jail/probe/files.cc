#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

namespace probe {

static long reads(const char* path) {
    return opened(::open(path, O_RDONLY));
}
static long writes(const char* path) {
    return opened(::open(path, O_WRONLY));
}
static long makes(const char* path) {
    return opened(::open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
}

/// Up and up from where we are, and then down to the file.
static long climb(const Outside& outside) {
    std::string path = ".";
    for (int step = 0; step < 40; ++step) path += "/..";
    return reads((path + outside.file).c_str());
}

/// A folder among what we were born with would lead out.
static long folder_among_descriptors(const Outside&) {
    for (int fd = 0; fd < 4096; ++fd) {
        struct stat seen {};
        if (::fstat(fd, &seen) == 0 && S_ISDIR(seen.st_mode)) return fd;
    }
    return -ENOENT;
}

static long descriptor_not_handed(const Outside& outside) {
    for (int fd = 3; fd < 4096; ++fd)
        if (fd != outside.readable && fd != outside.writable && fd != outside.tap &&
            ::fcntl(fd, F_GETFD) >= 0)
            return fd;
    return -ENOENT;
}

static long map_for_writing(const Outside& outside) {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, outside.readable, 0);
    return memory == MAP_FAILED ? -errno : 0;
}

static long reopen_for_writing(const Outside& outside) {
    return writes(("/proc/self/fd/" + std::to_string(outside.readable)).c_str());
}

std::vector<Attempt> attempts_on_files() {
    return {
        {"read /etc/shadow", [](const Outside&) { return reads("/etc/shadow"); }, true},
        {"read /etc/passwd", [](const Outside&) { return reads("/etc/passwd"); }, true},
        {"read /etc/hostname", [](const Outside&) { return reads("/etc/hostname"); }},
        {"read another disk", [](const Outside& o) { return reads(o.file.c_str()); }, true},
        {"write another disk", [](const Outside& o) { return writes(o.file.c_str()); }, true},
        {"list the data folder",
         [](const Outside& o) { return opened(::open(o.folder.c_str(), O_RDONLY | O_DIRECTORY)); },
         true},
        {"climb over the root to another disk", climb, true},
        {"read /root", [](const Outside&) { return reads("/root"); }, true},
        {"read /home", [](const Outside&) { return reads("/home"); }},
        {"read /var", [](const Outside&) { return reads("/var"); }, true},
        {"read /run", [](const Outside&) { return reads("/run"); }, true},
        {"read /tmp", [](const Outside&) { return reads("/tmp"); }, true},
        {"read /proc/1/root", [](const Outside&) { return reads("/proc/1/root"); }},
        {"read /proc/1/environ", [](const Outside&) { return reads("/proc/1/environ"); }},
        {"read /proc/self/mem", [](const Outside&) { return reads("/proc/self/mem"); }, true},
        {"read /proc/kallsyms", [](const Outside&) { return reads("/proc/kallsyms"); }},
        {"write /proc/sysrq-trigger", [](const Outside&) { return writes("/proc/sysrq-trigger"); }},
        {"write /proc/sys/kernel/core_pattern",
         [](const Outside&) { return writes("/proc/sys/kernel/core_pattern"); }},
        {"read /sys", [](const Outside&) { return reads("/sys/kernel"); }, true},
        {"write /sys/fs/cgroup",
         [](const Outside&) { return writes("/sys/fs/cgroup/cgroup.procs"); }},
        {"read /dev/mem", [](const Outside&) { return reads("/dev/mem"); }},
        {"read /dev/kmem", [](const Outside&) { return reads("/dev/kmem"); }},
        {"read /dev/kmsg", [](const Outside&) { return reads("/dev/kmsg"); }},
        {"read the host's disk", [](const Outside&) { return reads("/dev/vda"); }},
        {"open /dev/kvm unasked", [](const Outside&) { return reads("/dev/kvm"); }},
        {"open /dev/net/tun", [](const Outside&) { return reads("/dev/net/tun"); }},
        {"open /dev/fuse", [](const Outside&) { return reads("/dev/fuse"); }},
        {"open /dev/loop-control", [](const Outside&) { return reads("/dev/loop-control"); }},
        {"open /dev/vhost-net", [](const Outside&) { return reads("/dev/vhost-net"); }},
        {"open /dev/tty", [](const Outside&) { return reads("/dev/tty"); }},
        {"open /dev/ptmx", [](const Outside&) { return reads("/dev/ptmx"); }},
        {"make a file in /", [](const Outside&) { return makes("/made"); }},
        {"make a file in /usr", [](const Outside&) { return makes("/usr/made"); }},
        {"make a file in /dev", [](const Outside&) { return makes("/dev/made"); }},
        {"make a file in /etc", [](const Outside&) { return makes("/etc/made"); }},
        {"make a folder", [](const Outside&) { return result(::mkdir("/made", 0700)); }},
        {"make a link", [](const Outside&) { return result(::symlink("/", "/made")); }},
        {"rename a folder", [](const Outside&) { return result(::rename("/etc", "/made")); }},
        {"remove the library cache",
         [](const Outside&) { return result(::unlink("/etc/ld.so.cache")); }},
        {"write to a program of the host", [](const Outside&) { return writes("/usr/bin/env"); }},
        {"a folder among the descriptors", folder_among_descriptors},
        {"a descriptor that was not handed over", descriptor_not_handed},
        {"write to a descriptor for reading",
         [](const Outside& o) { return result(::write(o.readable, "x", 1)); },
         false,
         {EBADF}},
        {"shorten a file that is for reading",
         [](const Outside& o) { return result(::ftruncate(o.readable, 0)); },
         false,
         {EINVAL}},
        {"map a file that is for reading to write it", map_for_writing},
        {"open anew for writing what is for reading", reopen_for_writing},
        {"change the mode of a file that was handed over",
         [](const Outside& o) { return result(::fchmod(o.writable, 0777)); }},
        {"change the owner of a file that was handed over",
         [](const Outside& o) { return result(::fchown(o.writable, 0, 0)); }},
        {"type into the terminal",
         [](const Outside&) { return result(::ioctl(0, TIOCSTI, "x")); },
         false,
         {ENOTTY}},
        {"make a device",
         [](const Outside&) { return result(::mknod("/made", S_IFBLK | 0600, 0xfe00)); }},
        {"open by a file handle",
         [](const Outside&) {
             unsigned handle[34] = {128, 1};
             return result(::syscall(SYS_open_by_handle_at, 0, handle, O_RDONLY));
         }},
    };
}

}  // namespace probe
