#pragma once

#include <string>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/openers.h"
#include "drivers/qemu/run.h"

namespace vdc::drivers::qemu {

/// What a launch takes from its surroundings.
struct LaunchSite {
    DiskOpener& disks;
    TapOpener& taps;
    Accelerator accelerator = Accelerator::tcg;
    std::string cgroup;     ///< of this instance
    bool receives = false;  ///< the guest comes from another host
};

/// invalid, naming what is wrong with the spec, before anything is touched.
base::Status check_spec(const control::InstanceSpec& spec);

struct Launched {
    RunRecord record;  ///< now with the process; to be saved before the guest may go
    runtime::Fd pidfd;
};

/// Starts QEMU in its jail, stopped before the guest's first instruction, with everything it needs
/// handed over. Before the first tap is opened a record without a pid is saved in `folder` (which
/// is there, and empty), so that taps are found again. After an error the caller removes what is
/// left (remove_remains).
base::Result<Launched> launch(const control::InstanceSpec& spec, const RunFolder& folder,
                              const LaunchSite& site);

/// Ends what runs in the cgroup, and removes it and the taps of these cards. All that is not
/// there is fine.
base::Status remove_remains(const std::string& cgroup, const std::vector<control::CardSpec>& cards,
                            TapOpener& taps);

}  // namespace vdc::drivers::qemu
