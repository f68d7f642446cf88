#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "drivers/jail/probe/attempt.h"

namespace probe {

static long writes_past_the_limit(const Outside& outside) {
    ::signal(SIGXFSZ, SIG_IGN);
    return result(::pwrite(outside.writable, "x", 1, 2 << 20));
}

static long grows_past_the_limit(const Outside& outside) {
    ::signal(SIGXFSZ, SIG_IGN);
    return result(::ftruncate(outside.writable, 2 << 20));
}

static long opens_without_end(const Outside&) {
    std::vector<int> opened;
    long outcome = 0;
    while (opened.size() < 4096) {
        const int fd = ::open("/dev/null", O_RDONLY);
        if (fd < 0) {
            outcome = -errno;
            break;
        }
        opened.push_back(fd);
    }
    for (const int fd : opened) ::close(fd);
    return outcome;
}

static long locks_memory(const Outside&) {
    const std::size_t size = 8 << 20;
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return -errno;
    const long outcome = result(::mlock(memory, size));
    ::munmap(memory, size);
    return outcome;
}

static long may_dump_core(const Outside&) {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_max <= 1 ? -EPERM : 0;
}

std::vector<Attempt> attempts_on_limits() {
    return {
        {"write past its limit of file sizes", writes_past_the_limit, false, {EFBIG}},
        {"grow a file past its limit", grows_past_the_limit, false, {EFBIG}},
        {"open descriptors without end", opens_without_end, false, {EMFILE}},
        {"lock memory", locks_memory, true, {ENOMEM}},
        {"dump core", may_dump_core},
    };
}

}  // namespace probe
