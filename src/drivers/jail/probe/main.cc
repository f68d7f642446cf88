#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "drivers/jail/probe/attempt.h"

namespace probe {

long result(long value) {
    return value < 0 ? -errno : value;
}

long opened(int fd) {
    const long outcome = result(fd);
    if (fd >= 0) ::close(fd);
    return outcome;
}

static bool refused(const Attempt& attempt, long outcome) {
    static const std::vector<int> usual = {EPERM, EACCES, ENOSYS, ENOENT, ENXIO, EROFS, ESRCH};
    const auto has = [&](const std::vector<int>& list) {
        return std::find(list.begin(), list.end(), static_cast<int>(-outcome)) != list.end();
    };
    return outcome < 0 && (has(usual) || has(attempt.refusals));
}

static void attempt_all(const Outside& outside, bool harmless_only) {
    for (const auto& group : {attempts_on_files(), attempts_on_networks(), attempts_on_the_tap(),
                              attempts_on_processes(), attempts_on_privileges(),
                              attempts_on_mounts(), attempts_on_the_kernel(), attempts_on_limits()})
        for (const Attempt& attempt : group) {
            if (harmless_only && !attempt.harmless) continue;
            const long outcome = attempt.deed(outside);
            const char* verdict = outcome >= 0                ? "POSSIBLE"
                                  : refused(attempt, outcome) ? "refused"
                                                              : "UNCLEAR";
            ::printf("%-9s%s: %s\n", verdict, attempt.what,
                     outcome >= 0 ? "done" : ::strerror(static_cast<int>(-outcome)));
            ::fflush(stdout);
        }
}

/// Takes memory until something stops it.
static int take_memory() {
    for (int mebibyte = 0; mebibyte < 4096; ++mebibyte) {
        char* piece = static_cast<char*>(::malloc(1 << 20));
        if (piece == nullptr) return 3;
        ::memset(piece, 1, 1 << 20);
    }
    return 0;
}

static int take_processor() {
    for (volatile bool forever = true; forever;) {
    }
    return 0;
}

static Outside outside_of(const std::map<std::string, std::string>& given) {
    const auto text = [&](const char* name) {
        const auto found = given.find(name);
        return found == given.end() ? std::string() : found->second;
    };
    const auto number = [&](const char* name) { return ::atoi(text(name).c_str()); };
    return {.file = text("file"),
            .folder = text("folder"),
            .unix_path = text("unix"),
            .abstract = text("abstract"),
            .port = number("port"),
            .pid = number("pid"),
            .readable = number("readable"),
            .writable = number("writable"),
            .tap = number("tap"),
            .processes = number("processes")};
}

}  // namespace probe

/// jail_probe inside|harmless|memory|processor|abort [NAME=VALUE...]
int main(int count, char** words) {
    const std::string_view what = count > 1 ? words[1] : "";
    if (what == "memory") return probe::take_memory();
    if (what == "processor") return probe::take_processor();
    if (what == "abort") ::abort();
    if (what != "inside" && what != "harmless") return 2;
    // A host on which all of this is possible would be the worse for it.
    if (what == "inside" && ::getpid() != 1) {
        ::puts("this is no jail: here only the harmless attempts may be made");
        return 2;
    }
    std::map<std::string, std::string> given;
    for (int index = 2; index < count; ++index) {
        const std::string word = words[index];
        const std::size_t sign = word.find('=');
        if (sign == std::string::npos) return 2;
        given[word.substr(0, sign)] = word.substr(sign + 1);
    }
    probe::Outside outside = probe::outside_of(given);
    if (what == "harmless") outside.tap = probe::tap_of_its_own();
    probe::attempt_all(outside, what == "harmless");
    return 0;
}
