#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>

namespace vdc::runtime::testing {

/// From now on this process mounts for itself alone. Needs root. Where its root is a folder and no
/// mount (a plain chroot) the mount below that cannot be named, so what is mounted may be seen
/// outside until it is unmounted: whoever mounts also unmounts. False: see errno.
inline bool have_own_mounts() {
    if (::unshare(CLONE_NEWNS) != 0) return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 || errno == EINVAL;
}

}  // namespace vdc::runtime::testing
