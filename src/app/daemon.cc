#include "app/daemon.h"

#include <unistd.h>

#include "base/hash.h"
#include "runtime/files.h"
#include "runtime/random.h"

namespace vdc::app {

using base::Error;
using base::Result;

Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings) {
    if (::geteuid() != 0)
        return Error{Error::Code::forbidden,
                     "vdc must run as root: it makes namespaces, devices and control groups",
                     "run `sudo vdc up`"};
    TRY(runtime::ensure_dir(settings.data, 0711));
    TRY(runtime::ensure_dir(settings.run, 0711));
    const auto membership = TRY(read_membership(settings.data));
    return membership ? start_joined_host(settings, *membership) : start_controller(settings);
}

Result<std::string> datacenter_tag(const Settings& settings) {
    if (runtime::exists(settings.tag_file())) return runtime::read_file(settings.tag_file(), 16);
    const std::string tag =
        text(base::Hasher{}.add(text(runtime::random_uuid())).finish()).substr(0, 4);
    TRY(runtime::write_file_atomic(settings.tag_file(), tag));
    return tag;
}

}  // namespace vdc::app
