#pragma once

#include <linux/filter.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

/// What a child does between clone3 and exec. The parent has threads, so the child may do nothing
/// but system calls: no allocation, no lock, no libc that could take one. All that it needs is
/// worked out before and lies in a Plan of plain pointers. Sanitizers' run times lock and allocate
/// too: CMakeLists.txt compiles inside.cc without them.
namespace vdc::drivers::jail::inside {

enum class Kind { folder, link, bound_folder, bound_file, device, small_fs, proc };

/// One thing in the jail's root, in the order of making.
struct Entry {
    Kind kind = Kind::folder;
    const char* path = nullptr;    ///< without a leading '/'
    const char* source = nullptr;  ///< of a bind mount; the text of a link
    mode_t mode = 0;               ///< of a device
    uid_t owner = 0;               ///< of a device
    dev_t device = 0;
};

struct Move {
    int fd = -1;
    int as = -1;
};

struct Rlimit {
    int resource = 0;
    rlim_t value = 0;
};

template <class T>
struct List {
    const T* items = nullptr;
    std::size_t count = 0;
    const T* begin() const { return items; }
    const T* end() const { return items + count; }
};

struct Plan {
    List<int> cgroup_tasks;
    List<Entry> root;
    List<Move> moves;     ///< by rising `as`, stdin, stdout and stderr first
    List<Rlimit> limits;  ///< without RLIMIT_NOFILE
    sock_fprog filter{};
    int program = -1;  ///< open on the program's file
    int report = -1;   ///< the pipe that takes a Failure
    uid_t uid = 0;
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
};

/// No descriptor of the program has this number or a higher one, ever: it is its RLIMIT_NOFILE.
/// The child puts the program's file itself there, where the filter allows execveat; exec closes
/// it, and nothing can be put there again: so the program can never exec another one.
inline constexpr int descriptors_max = 1024;
inline constexpr int program_number = descriptors_max;

/// What a Failure was about; `word` has the words.
enum class Step : std::int32_t {
    cgroup,
    descriptors,
    mounts,
    root,
    limits,
    identity,
    filter,
    program,
};
const char* word(Step step);

struct Failure {
    Step step = Step::cgroup;
    std::int32_t error = 0;   ///< errno
    std::int32_t detail = 0;  ///< index into the list that the step goes through
};

/// clone3, and in the child: becomes the program, or reports a Failure and exits with 127.
/// Returns in the parent only: the pid, or -1 with errno.
long start(clone_args& arguments, const Plan& plan);

}  // namespace vdc::drivers::jail::inside
