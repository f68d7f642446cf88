#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "control/effects.h"

/// The hands of a host: real ones here, pretended ones in `sim`. One contract for both.
namespace vdc::drivers {

/// Something happened to an instance without our asking: look again.
struct Notice {
    model::InstanceId instance;
    control::InstanceSighting seen;
};

/// What a host is and can do.
struct HostFacts {
    std::string name;
    base::Vcpus vcpus{};
    base::MiB memory{};
    base::MiB disk{};  ///< size of the file system that holds the data folder
    base::MiB disk_free{};
    std::string accelerator;  ///< "kvm" or "tcg"
    std::string qemu_version;
    std::string kernel;
    std::string boot_id;
    std::vector<std::string> warnings;  ///< what an operator should know, for example why not KVM
};

class Driver {
  public:
    virtual ~Driver() = default;

    /// Does one effect and says what is there afterwards. Blocking, idempotent, cleans up what it
    /// began when it fails. Called from several threads, but never twice at once for one noun.
    /// The sighting is of the noun that the effect names.
    virtual base::Result<control::Sighting> run(const control::Effect& effect) = 0;

    /// `heard` is called from any thread when a QEMU ends, is paused, resumed or reset on its own.
    /// Set once, before the first run().
    virtual void on_notice(std::function<void(Notice)> heard) = 0;

    /// Instances that have anything on this host, alive or not, in id order: so that a new daemon
    /// finds its running QEMUs again, and so that strangers are seen.
    virtual base::Result<std::vector<model::InstanceId>> instances() = 0;

    virtual base::Result<HostFacts> facts() = 0;
};

}  // namespace vdc::drivers
