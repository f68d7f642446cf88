#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "drivers/host_driver.h"
#include "runtime/files.h"

namespace vdc::drivers {

using base::Error;
using base::Result;

Result<HostFacts> machine_facts(const std::string& data) {
    HostFacts facts;
    facts.vcpus = {::sysconf(_SC_NPROCESSORS_ONLN)};
    struct sysinfo machine = {};
    struct utsname kernel = {};
    struct statvfs disk = {};
    if (::sysinfo(&machine) != 0 || ::uname(&kernel) != 0 || ::statvfs(data.c_str(), &disk) != 0)
        return Error{Error::Code::failed,
                     "cannot find out what this machine is: " + std::string(std::strerror(errno))};
    facts.memory = {static_cast<std::int64_t>(machine.totalram * machine.mem_unit >> 20)};
    facts.disk = {static_cast<std::int64_t>(disk.f_blocks * disk.f_frsize >> 20)};
    facts.disk_free = {static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize >> 20)};
    facts.kernel = kernel.release;
    facts.boot_id = TRY(runtime::read_file("/proc/sys/kernel/random/boot_id", 100));
    while (!facts.boot_id.empty() && facts.boot_id.back() == '\n') facts.boot_id.pop_back();
    return facts;
}

}  // namespace vdc::drivers
