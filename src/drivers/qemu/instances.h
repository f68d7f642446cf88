#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/driver.h"
#include "drivers/host_paths.h"
#include "drivers/jail/cgroup.h"
#include "drivers/openers.h"
#include "drivers/qemu/command_line.h"
#include "drivers/qemu/log_feeds.h"
#include "drivers/qemu/run.h"
#include "drivers/qemu/watcher.h"

namespace vdc::drivers::qemu {

/// The instances of a host: each one a QEMU of our own in its jail. The processes outlive this
/// object; the next one finds them again.
///
///     nothing --launch--> runs --(guest off, crash, kill)--> ended --clean--> nothing
///
/// 1. Never two QEMUs for one instance: a launch is refused while its cgroup holds any process.
/// 2. A run is recorded before its guest executes its first instruction. A QEMU without a record
///    has done nothing, so ending it loses nothing.
/// 3. A run that is recorded is ended by kill() only, never because something about it is unclear.
///
/// All may be called from several threads, but not twice at once for one instance (the operations
/// of RunningDisks may). What is said about "sightings" is what look() would say.
class Instances final : public RunningDisks {
  public:
    using Seen = base::Result<control::InstanceSighting>;
    using Milliseconds = std::chrono::milliseconds;

    /// Finds the runs of an earlier daemon again and touches none of them; those whose QEMU ended
    /// meanwhile are known as ended. Takes at most about 2 s, also when QEMUs hang: those are
    /// known to be alive, and asked again with their next command.
    static base::Result<std::unique_ptr<Instances>> open(HostPaths paths, Accelerator accelerator,
                                                         DiskOpener& disks, TapOpener& taps);
    ~Instances() override;

    /// See Driver.
    void on_notice(std::function<void(Notice)> heard);
    base::Result<std::vector<model::InstanceId>> instances();

    /// Never asks QEMU; costs next to nothing.
    control::InstanceSighting look(model::InstanceId instance);

    /// conflict when it is alive, when anything runs in its cgroup, or when a later generation ran
    /// here. What an ended run left is removed first. On failure nothing is left.
    Seen launch(const control::InstanceSpec& spec);

    // ---- moves (migration.h): the caller hands over who owns the instance ----------------------

    /// Starts a QEMU that waits for a guest that runs on the host `from`, on disks of its own that
    /// are there and hold nothing yet. Refused as launch() refuses; then nothing is left.
    Seen receive(const control::InstanceSpec& spec, const std::string& from);
    Seen send(model::InstanceId instance, const SendOrder& order, const OpenStream& open);
    Seen cancel_send(model::InstanceId instance, model::Generation generation);
    /// This host's end of a stream that the host `from` has opened. Any thread.
    base::Result<runtime::Fd> take_stream(model::InstanceId instance, model::Generation generation,
                                          const std::string& channel, const std::string& from);
    /// As in look().
    std::optional<MoveSeen> move(model::InstanceId instance) const;

    Seen power_down(model::InstanceId instance);
    Seen pause(model::InstanceId instance);
    Seen resume(model::InstanceId instance);
    /// `resets` becomes wishes.resets of the run.
    Seen reset(model::InstanceId instance, std::uint64_t resets);

    /// Not alive: fine.
    Seen kill(model::InstanceId instance);

    Seen attach(model::InstanceId instance, const control::DiskSpec& disk);
    /// timed_out when the guest does not let go. Not alive, or not attached: fine.
    Seen detach(model::InstanceId instance, const control::DiskSpec& disk,
                Milliseconds limit = std::chrono::seconds(15));

    /// conflict when it is alive. Keeps its console log.
    Seen clean(model::InstanceId instance);

    /// A stream socket that is the serial console; several may be open. See Console.
    base::Result<runtime::Fd> open_console(model::InstanceId instance);
    /// A stream socket with the end of what the console said, of ended runs too, and perhaps what
    /// it says from then on; not_found when there is nothing. See LogFeeds.
    base::Result<runtime::Fd> open_log(model::InstanceId instance, std::size_t size_max,
                                       LogFeeds::Until until);

    base::Status grow(model::InstanceId instance, model::VolumeId volume,
                      base::Bytes size) override;
    base::Status snapshot(model::InstanceId instance, model::VolumeId volume,
                          DiskLayer overlay) override;
    base::Result<int> layers(model::InstanceId instance, model::VolumeId volume) override;

  private:
    using RunPointer = std::shared_ptr<Run>;

    Instances(HostPaths paths, Accelerator accelerator, DiskOpener& disks, TapOpener& taps,
              std::unique_ptr<Watcher> watcher, jail::Cgroups cgroups);

    // Finding again
    base::Status adopt_all();
    base::Status adopt(model::InstanceId instance);
    base::Status adopt_run(const RunFolder& folder, RunRecord record);
    void get_to_know_all();

    RunPointer find(model::InstanceId instance) const;
    base::Result<RunPointer> alive(model::InstanceId instance) const;
    void keep(model::InstanceId instance, RunPointer run);
    Seen after(model::InstanceId instance, const base::Status& done);

    base::Status start(const control::InstanceSpec& spec, const RunFolder& folder);
    base::Result<RunPointer> spawn(const control::InstanceSpec& spec, const RunFolder& folder,
                                   bool receives);
    Seen begin(const control::InstanceSpec& spec,
               const std::function<base::Status(const RunFolder&)>& start);
    base::Status may_launch(const control::InstanceSpec& spec);
    base::Status remove(model::InstanceId instance);
    void tell(const Run& run);

    std::string cgroup(model::InstanceId instance) const;
    RunFolder folder(model::InstanceId instance, model::Generation generation) const;
    std::optional<RunFolder> last_folder(model::InstanceId instance) const;
    bool anything_runs(model::InstanceId instance) const;

    const HostPaths paths_;
    const Accelerator accelerator_;
    DiskOpener& disks_;
    TapOpener& taps_;
    const std::unique_ptr<Watcher> watcher_;
    const jail::Cgroups cgroups_;
    LogFeeds logs_;

    mutable std::mutex mutex_;
    std::function<void(Notice)> heard_;
    std::map<model::InstanceId, RunPointer> runs_;  ///< the last one of each instance
};

}  // namespace vdc::drivers::qemu
