#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/qemu/console.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/migration.h"
#include "drivers/qemu/qmp.h"
#include "drivers/qemu/run_record.h"
#include "drivers/qemu/watcher.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// Where the things of one run lie.
struct RunFolder {
    std::string path;  ///< HostPaths::instance(id)/run-GENERATION
    std::string console_log;

    std::string record() const { return path + "/run.json"; }
    std::string qmp() const { return path + "/qmp.sock"; }
    std::string console() const { return path + "/console.sock"; }
    std::string disks() const { return path + "/disks.sock"; }  ///< of a run that is received
    std::string agent() const { return path + "/agent.sock"; }
    std::string output() const { return path + "/output"; }
};

base::Status save(const RunRecord& record, const RunFolder& folder);
base::Result<RunRecord> load(const RunFolder& folder);

/// What QEMU said last, in one line; "" when it said nothing.
std::string last_words(const RunFolder& folder);

/// One run of an instance: a QEMU process from its first breath to its last words. It is watched,
/// not owned: when this object goes, the process stays.
///
///     alive --(SHUTDOWN heard, or kill() begun: the ending is recorded)--> ending --+
///       |                                                                           +--> ended
///       +------------------------------(pidfd: crashed)-----------------------------+
///
/// 1. An ending that has a reason is recorded before it happens, so it is known also when nobody
///    watched the last moment.
/// 2. After `ended` nothing changes any more.
class Run {
  public:
    using Milliseconds = std::chrono::milliseconds;
    using Changed = std::function<void(const Run&)>;
    using OpenDisk = std::function<base::Result<OpenedDisk>()>;

    /// `pidfd`: of its process; none when it has ended. `changed` is called on the watcher's
    /// thread, holding no lock, when something happened that we did not ask for.
    Run(Watcher& watcher, RunFolder folder, RunRecord record, runtime::Fd pidfd, Changed changed);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    // ---- beginning: one of the two, once ---------------------------------------------------

    /// Watches a QEMU that we have just started with these disks, saves its record, waits for its
    /// monitor, and lets the guest go. After an error kill() it.
    base::Status give_birth(std::vector<control::DiskSpec> disks, Milliseconds limit);

    /// As give_birth(), of a QEMU that waits for a guest of another host: it stands still when all
    /// of it has come, until resume(). `from`: the one host that may send.
    base::Status await_arrival(std::vector<control::DiskSpec> disks, std::string from,
                               Milliseconds limit);

    /// Watches a QEMU that a daemon before us started. Returns at once; get_to_know() follows.
    base::Status adopt();

    /// Checks that QEMU is the one of the record and learns what it does. Until this has worked
    /// once, commands begin with it. timed_out when QEMU does not answer.
    base::Status get_to_know(Milliseconds limit);

    // ---- commands: conflict when it has ended, and what Qmp::execute says --------------------

    /// Of a guest that arrived: it goes on here. conflict when it is being sent, or has not
    /// arrived.
    base::Status resume();
    base::Status pause();
    base::Status reset(std::uint64_t resets);
    base::Status press_power_button();
    /// Plugs the disk in, unless it is. `open` is called only when there is a place for it.
    base::Status attach(const control::DiskSpec& disk, const OpenDisk& open);
    base::Status detach(const control::DiskSpec& disk, Milliseconds limit);
    base::Status grow(model::VolumeId volume, base::Bytes size);
    base::Status snapshot(model::VolumeId volume, DiskLayer overlay);
    base::Result<int> layers(model::VolumeId volume);

    // ---- moves -------------------------------------------------------------------------------

    /// The next step of sending the guest away; told again until it is `sent` or `failed`. After an
    /// error it is told again, or cancelled.
    base::Status send(const SendOrder& order, const OpenStream& open);
    /// Nothing is sent any more, and the guest goes on. Not being sent: fine. conflict when it is
    /// being sent in another generation.
    base::Status cancel_send(model::Generation generation);
    /// This end of one stream of a guest that is received; conflict when it is not awaited, or not
    /// from that host.
    base::Result<runtime::Fd> take_stream(const std::string& channel, model::Generation generation,
                                          const std::string& from);

    /// Ends it at once, and waits for the end. It has ended: fine.
    base::Status kill();

    base::Result<runtime::Fd> open_console() { return console_.open(); }

    // ---- what is known, without asking QEMU
    // ------------------------------------------------------

    bool alive() const;
    /// Started and recorded, but never told to go: its guest has executed nothing.
    bool unborn() const;
    RunRecord record() const;
    control::InstanceSighting seen() const;
    /// While it is received or sent, and until that is over; of one that ended meanwhile: failed.
    std::optional<MoveSeen> move() const;

  private:
    using Lock = std::unique_lock<std::mutex>;
    base::Status watch();
    base::Status connect();
    base::Result<Qmp*> monitor();
    base::Status learn(Milliseconds limit);
    base::Status learn_state();
    base::Status learn_disks();
    base::Result<control::DiskSpec> disk_of(model::VolumeId volume);
    base::Status ask(const char* command);
    base::Status begin_sending(const SendOrder& order, const OpenStream& open);
    base::Status begin_mirrors(const SendOrder& order, const OpenStream& open);
    base::Status begin_memory_stream(Qmp& qmp, const OpenStream& open);
    base::Status fail_sending(base::Status done);
    base::Status follow_sending(const SendOrder& order, const OpenStream& open, Qmp& qmp);
    void show_sending(const Sending& sending);
    void forget_sending();
    base::Status let_go_on(Qmp& qmp);
    void heard_of_move(const std::string& status);
    void learn_move(const std::string& status);
    std::optional<MoveSeen> move_locked() const;

    // On the watcher's thread:
    void heard(const std::string& event, const base::Json& data);
    bool heard_locked(const std::string& event, const base::Json& data);
    void process_ended();
    void trim_logs();

    void begin_ending(control::Ending ending, std::string detail);
    void save_locked();
    bool wait_gone(const std::string& device, Milliseconds patience);

    Watcher& watcher_;
    const RunFolder folder_;
    const Changed changed_;
    const runtime::Fd pidfd_;
    std::mutex turn_;  ///< held through a command: they follow each other

    mutable std::mutex mutex_;  ///< all below, and never held while waiting for QEMU
    std::condition_variable told_;
    RunRecord record_;
    std::unique_ptr<Qmp> qmp_;  ///< replaced only under turn_ too
    bool known_ = false;        ///< what it is and does; false again when its monitor closes
    bool announced_ = false;    ///< others know that this run is there: they want its news
    bool unborn_ = false;
    bool closing_ = false;
    bool asked_ = false;  ///< a command of ours is under way: what it causes is no news
    control::RunState state_ = control::RunState::running;
    std::uint64_t state_news_ = 0;  ///< counts what QEMU said of its state
    std::vector<control::DiskSpec> disks_;
    std::optional<MoveSeen> move_;
    bool memory_began_ = false;   ///< of a sending
    std::size_t mirrors_ = 0;     ///< of a sending
    runtime::Fd incoming_;        ///< our end of the stream on which memory is received
    std::string sender_;          ///< the host that may send
    std::set<std::string> gone_;  ///< devices that QEMU said are gone
    Watcher::Watch pidfd_watch_ = 0;
    Watcher::Watch last_resort_ = 0;
    Watcher::Watch trimming_ = 0;

    Console console_;
};

}  // namespace vdc::drivers::qemu
