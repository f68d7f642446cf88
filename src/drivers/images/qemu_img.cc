#include "drivers/images/qemu_img.h"

#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "drivers/jail/jail.h"
#include "runtime/fd.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

static constexpr const char* program = "/usr/bin/qemu-img";
static constexpr base::MiB memory_max{1024};
static constexpr int first_number = 3;

std::string name_in_jail(std::size_t index) {
    return "/dev/fd/" + std::to_string(first_number + static_cast<int>(index));
}

static std::string cgroup_of(const HostPaths& paths, const std::string& key) {
    return paths.cgroup() + "/tools/" + key;
}

namespace {

/// Files given to a uid; root's again at its end.
class Loan {
  public:
    explicit Loan(const std::vector<int>& files) : files_(files) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { (void)give(0); }

    Status give(uid_t owner) {
        for (const int fd : files_)
            if (::fchown(fd, owner, owner) != 0)
                return runtime::system_error(errno, "cannot change the owner of a disk's file");
        return {};
    }

  private:
    const std::vector<int>& files_;
};

}  // namespace

static jail::Spec spec_of(const HostPaths& paths, const Job& job) {
    jail::Spec spec{.name = job.what,
                    .command = {program},
                    .uid = jail::uid_for(paths.tag + job.key),
                    .cgroup = cgroup_of(paths, job.key),
                    .proc = true};
    spec.command.insert(spec.command.end(), job.arguments.begin(), job.arguments.end());
    int number = first_number;
    for (const int fd : job.to_read) spec.handed.push_back({fd, number++});
    for (const int fd : job.to_write) spec.handed.push_back({fd, number++});
    spec.limits = {
        .memory = memory_max, .cpu_seconds = job.cpu_seconds, .file_size = job.file_size};
    return spec;
}

/// What the tool said, as a person should hear it. Its words may hold bytes of the image.
static Error explained(const Job& job, const jail::Output& output) {
    using Code = Error::Code;
    const auto said = [&](const char* words) {
        return output.text.find(words) != std::string::npos;
    };
    if (said("No space left on device"))
        return {Code::exhausted, job.what + " ended: the disk is full", "free some space"};
    if (said("File too large"))
        return {Code::too_large, job.what + " ended: it would write more than the " +
                                     std::to_string(job.file_size.count) + " bytes allowed"};
    if (said("Failed to get"))
        return {Code::conflict, job.what + " ended: another process has the disk open"};
    if (output.status == 128 + 9 || output.status == 128 + 24)
        return {Code::timed_out, job.what + " was killed: it took more than " +
                                     std::to_string(job.cpu_seconds) + " s of processor time or " +
                                     text(memory_max) + " of memory"};
    return {Code::failed, job.what + " failed with status " + std::to_string(output.status) + ": " +
                              base::quoted(output.text, 600)};
}

Status run_qemu_img(const HostPaths& paths, const Job& job) {
    const jail::Spec spec = spec_of(paths, job);
    Loan loan(job.to_write);
    TRY(loan.give(spec.uid));
    const jail::Output output = TRY(jail::run(spec, 8 * job.cpu_seconds));
    if (output.status != 0) return explained(job, output);
    return {};
}

Status end_qemu_img(const HostPaths& paths, const std::string& key) {
    return jail::end(cgroup_of(paths, key));
}

}  // namespace vdc::drivers::images
