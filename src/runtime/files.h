#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "runtime/fd.h"

/// Files and folders. Every error names the path and what the kernel said. Any thread; blocking.
namespace vdc::runtime {

/// The whole of a file. More than `size_max` bytes: too_large, and nothing is kept.
/// Works on files that lie about their size, as those of /proc do.
base::Result<std::string> read_file(const std::string& path, std::size_t size_max = 1 << 20);

/// What a written file must survive: the death of this process, or that of the machine too.
enum class Survives { our_crash, machine_crash };

/// Writes all of `bytes` where the descriptor stands; `path` names it in the error.
base::Status write_all(int fd, std::string_view bytes, const std::string& path);

/// Puts `bytes` at `path` so that after a crash, of ours or (as `survives` says) of the machine,
/// there are the old bytes or the new ones, all of them. A crash may leave a file
/// PATH.tmp-XXXXXX beside it. What lies in a folder that a reboot empties need survive ours only:
/// that costs no wait for the disk.
base::Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0600,
                               Survives survives = Survives::machine_crash);

/// One write() into a file that exists: for the kernel's own files (/proc, /sys, cgroups).
base::Status write_kernel_file(const std::string& path, std::string_view bytes);

/// Makes the folder and its missing parents (0755). If it is there its mode is set.
base::Status ensure_dir(const std::string& path, mode_t mode = 0755);

/// Removes a file or a folder with all that is in it; nothing there is fine. Links are removed,
/// never followed. Stops with an error at a mount point: what is mounted there is not ours to
/// empty. Takes absolute paths of two parts or more ("/run/vdc").
base::Status remove_tree(const std::string& path);

/// Removes one file; nothing there is fine.
base::Status remove_file(const std::string& path);

/// Names in a folder, without "." and "..", sorted by bytes.
base::Result<std::vector<std::string>> list_dir(const std::string& path);

/// Whether something is there; a link that leads nowhere counts.
bool exists(const std::string& path);

struct Space {
    base::Bytes size{};
    base::Bytes free{};  ///< for those without privilege
};
/// Of the file system that holds `path`.
base::Result<Space> free_space(const std::string& path);

/// Makes the entries of a folder last through a crash of the machine.
base::Status sync_dir(const std::string& path);

/// The same for a folder's files too, together: file by file, each would wait for the disk anew.
/// For a folder that holds nothing but regular files.
base::Status sync_dir_and_files(const std::string& path);

/// Held until its end, or the end of this process however it comes.
class FileLock {
  public:
    explicit FileLock(Fd file) : file_(std::move(file)) {}

  private:
    Fd file_;
};

/// Takes the lock of this path, or says at once who has it (conflict). The file stays; it holds
/// the owner's pid. Children do not inherit the lock.
base::Result<FileLock> lock_file(const std::string& path);

}  // namespace vdc::runtime
