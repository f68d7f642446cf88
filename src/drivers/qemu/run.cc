#include "drivers/qemu/run.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "drivers/jail/jail.h"
#include "drivers/qemu/log_file.h"
#include "runtime/files.h"
#include "runtime/log.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using control::DiskSpec;
using control::Ending;
using control::RunState;
using runtime::Fd;
using namespace std::chrono_literals;

static constexpr Run::Milliseconds acquaintance_limit = 2s;
static constexpr Run::Milliseconds quit_limit = 5s;
static constexpr Run::Milliseconds end_limit = 10s;
static constexpr Run::Milliseconds trim_every = 5s;
static constexpr base::Bytes console_log_kept{2 << 20};
static constexpr base::Bytes output_kept{64 << 10};

// ---- the record --------------------------------------------------------------------------------

Status save(const RunRecord& record, const RunFolder& folder) {
    return runtime::write_file_atomic(folder.record(), base::dump(encode(record)) + "\n", 0600,
                                      runtime::Survives::our_crash);
}

Result<RunRecord> load(const RunFolder& folder) {
    const std::string text = TRY(runtime::read_file(folder.record()));
    const Json json = TRY(base::parse_json(text));
    return decode(json);
}

std::string last_words(const RunFolder& folder) {
    const std::string said = log_tail(folder.output(), 2048).value_or("");
    std::vector<std::string> lines;
    for (const std::string& line : base::split(said, '\n'))
        if (!line.empty()) lines.push_back(base::quoted(line));
    if (lines.size() > 3) lines.erase(lines.begin(), lines.end() - 3);
    return base::join(lines, " / ");
}

// ---- life and death of this object -------------------------------------------------------------

Run::Run(Watcher& watcher, RunFolder folder, RunRecord record, Fd pidfd, Changed changed)
    : watcher_(watcher),
      folder_(std::move(folder)),
      changed_(std::move(changed)),
      pidfd_(std::move(pidfd)),
      record_(std::move(record)),
      console_(watcher, folder_.console()) {
    base::check(record_.ended || pidfd_, "a run that has not ended is watched by its pidfd");
}

Run::~Run() {
    std::unique_ptr<Qmp> qmp;
    Watcher::Watch watches[3];
    {
        const Lock lock(mutex_);
        closing_ = true;  // from here on no timer is set
        qmp = std::move(qmp_);
        watches[0] = pidfd_watch_;
        watches[1] = last_resort_;
        watches[2] = trimming_;
    }
    qmp.reset();
    for (const Watcher::Watch watch : watches) watcher_.forget(watch);
}

Status Run::watch() {
    {
        const Lock lock(mutex_);
        pidfd_watch_ =
            TRY(watcher_.watch(pidfd_.get(), EPOLLIN, [this](std::uint32_t) { process_ended(); }));
        trimming_ = watcher_.after(trim_every, [this] { trim_logs(); });
    }
    return connect();
}

Status Run::connect() {
    std::unique_ptr<Qmp> old;  // goes after the lock: its callbacks take it
    const Lock lock(mutex_);
    old = std::move(qmp_);
    qmp_ = TRY(Qmp::connect(
        watcher_, folder_.qmp(),
        {.event = [this](const std::string& event, const Json& data) { heard(event, data); },
         .closed =
             [this](const Error&) {
                 const Lock closed(mutex_);
                 known_ = false;
             }}));
    return {};
}

Status Run::give_birth(std::vector<DiskSpec> disks, Milliseconds limit) {
    const Lock turn(turn_);
    TRY(watch());
    TRY(save(record(), folder_));
    TRY(qmp_->wait_ready(limit));
    {
        const Lock lock(mutex_);
        disks_ = std::move(disks);
        known_ = true;
    }
    TRY(ask("cont"));
    const Lock lock(mutex_);
    announced_ = true;
    return {};
}

Status Run::adopt() {
    {
        const Lock lock(mutex_);
        announced_ = true;
    }
    return watch();
}

// ---- learning ----------------------------------------------------------------------------------

Status Run::get_to_know(Milliseconds limit) {
    const Lock turn(turn_);
    return learn(limit);
}

Status Run::learn(Milliseconds limit) {
    if (qmp_ == nullptr || qmp_->closed()) TRY(connect());
    TRY(qmp_->wait_ready(limit));
    const Json uuid = TRY(qmp_->execute("query-uuid", {}, limit));
    if (uuid.text_at("UUID") != text(record().instance))
        return Error{Error::Code::corrupt, "the QEMU at " + folder_.qmp() +
                                               " says that it is instance " +
                                               base::quoted(uuid.text_at("UUID"))};
    TRY(learn_state());
    if (record().ending) return {};  // it goes already
    TRY(learn_disks());
    const Lock lock(mutex_);
    known_ = true;
    return {};
}

Status Run::learn_state() {
    std::uint64_t before = 0;
    {
        const Lock lock(mutex_);
        before = state_news_;
    }
    const std::string status = TRY(qmp_->execute("query-status")).text_at("status");
    const Lock lock(mutex_);
    unborn_ = status == "prelaunch";
    learn_move(status);
    if (status == "shutdown") begin_ending(Ending::guest_off, "the guest powered off");
    if (status == "guest-panicked") begin_ending(Ending::crashed, "the guest's kernel panicked");
    if (before == state_news_)  // else the answer is older than what was said since
        state_ = status == "running" ? RunState::running : RunState::paused;
    return {};
}

Status Run::learn_disks() {
    TRY(drop_remains(*qmp_));
    std::vector<DiskSpec> disks = TRY(attached_disks(*qmp_));
    const Lock lock(mutex_);
    disks_ = std::move(disks);
    return {};
}

Result<Qmp*> Run::monitor() {
    bool known = false;
    {
        const Lock lock(mutex_);
        if (record_.ended)
            return Error{Error::Code::conflict, "instance " + record_.name + " does not run"};
        known = known_;
    }
    if (!known) TRY(learn(acquaintance_limit));
    return qmp_.get();
}

// ---- commands ----------------------------------------------------------------------------------

Status Run::ask(const char* command) {
    Qmp* qmp = TRY(monitor());
    {
        const Lock lock(mutex_);
        asked_ = true;
    }
    const auto done = qmp->execute(command);
    const Lock lock(mutex_);
    asked_ = false;
    if (!done) return done.error();
    return {};
}

Status Run::resume() {
    const Lock turn(turn_);
    const RunRecord now = record();
    if (now.received) return let_go_on(*TRY(monitor()));
    if (now.sending == 0) return ask("cont");
    return Error{Error::Code::conflict,
                 "instance " + now.name + " is being sent to another host, and cannot go on here",
                 "cancel its move first"};
}

Status Run::pause() {
    const Lock turn(turn_);
    return ask("stop");
}

Status Run::press_power_button() {
    const Lock turn(turn_);
    return ask("system_powerdown");
}

/// Recorded after it was done: when we are interrupted in between it is done twice, never lost.
Status Run::reset(std::uint64_t resets) {
    const Lock turn(turn_);
    if (record().wishes.resets == resets) return {};
    TRY(ask("system_reset"));
    const Lock lock(mutex_);
    record_.wishes.resets = resets;
    save_locked();
    return {};
}

static Error taken(const DiskSpec& disk, const DiskSpec& by) {
    return {Error::Code::conflict, "volume " + text(disk.volume) + " cannot come to slot " +
                                       std::to_string(disk.slot) + ": volume " + text(by.volume) +
                                       " is in slot " + std::to_string(by.slot)};
}

Status Run::attach(const DiskSpec& disk, const OpenDisk& open) {
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    TRY(learn_disks());
    for (const DiskSpec& there : seen().disks) {
        if (there == disk) return {};
        if (there.slot == disk.slot || there.volume == disk.volume) return taken(disk, there);
    }
    if (disk.slot < 0 || disk.slot >= record().slots)
        return Error{Error::Code::exhausted,
                     "instance " + record().name + " was started with " +
                         std::to_string(record().slots) + " disk slots; there is no slot " +
                         std::to_string(disk.slot),
                     "stop and start it to get more"};
    OpenedDisk opened = TRY(open());
    TRY(qemu::attach(*qmp, disk, std::move(opened)));
    return learn_disks();
}

bool Run::wait_gone(const std::string& device, Milliseconds patience) {
    Lock lock(mutex_);
    return told_.wait_for(lock, patience,
                          [&] { return gone_.erase(device) != 0 || record_.ended; });
}

Status Run::detach(const DiskSpec& disk, Milliseconds limit) {
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    {
        const Lock lock(mutex_);
        gone_.clear();
    }
    TRY(qemu::detach(
        *qmp, disk,
        [this](const std::string& device, Milliseconds patience) {
            return wait_gone(device, patience);
        },
        limit));
    return learn_disks();
}

Result<DiskSpec> Run::disk_of(model::VolumeId volume) {
    for (const DiskSpec& disk : seen().disks)
        if (disk.volume == volume) return disk;
    return Error{Error::Code::conflict,
                 "instance " + record().name + " does not have volume " + text(volume)};
}

Status Run::grow(model::VolumeId volume, base::Bytes size) {
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    const DiskSpec disk = TRY(disk_of(volume));
    return qemu::grow(*qmp, disk, size);
}

Status Run::snapshot(model::VolumeId volume, DiskLayer overlay) {
    Fd file(overlay.fd);
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    const DiskSpec disk = TRY(disk_of(volume));
    overlay.fd = file.release();
    return qemu::snapshot(*qmp, disk, overlay);
}

Result<int> Run::layers(model::VolumeId volume) {
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    const DiskSpec disk = TRY(disk_of(volume));
    return qemu::layers(*qmp, disk);
}

Status Run::kill() {
    std::string cgroup;
    {
        const Lock lock(mutex_);
        if (record_.ended) return {};
        if (!record_.ending) {
            record_.ending = Ending::killed;
            record_.ending_detail = "ended by command";
            save_locked();
        }
        cgroup = record_.cgroup;
    }
    TRY(jail::end(cgroup));
    Lock lock(mutex_);
    if (told_.wait_for(lock, end_limit, [&] { return record_.ended; })) return {};
    return Error{Error::Code::timed_out,
                 "the QEMU of " + record_.name + " was killed and has not ended",
                 "the kernel holds it, perhaps waiting for a disk: see /proc/" +
                     std::to_string(record_.pid) + "/stack"};
}

// ---- on the watcher's thread -------------------------------------------------------------------

void Run::heard(const std::string& event, const Json& data) {
    bool news = false;
    {
        const Lock lock(mutex_);
        news = heard_locked(event, data) && announced_ && !asked_;
    }
    if (news) changed_(*this);
}

static std::pair<Ending, std::string> meaning(const Json& shutdown) {
    const std::string reason = shutdown.text_at("reason");
    if (reason == "guest-panic") return {Ending::crashed, "the guest's kernel panicked"};
    if (shutdown.boolean_at("guest")) return {Ending::guest_off, "the guest powered off"};
    return {Ending::crashed, "QEMU was told to end from outside (" + base::quoted(reason) + ")"};
}

/// Whether it is news of the state.
bool Run::heard_locked(const std::string& event, const Json& data) {
    if (event == "SHUTDOWN") {
        const auto [ending, detail] = meaning(data);
        begin_ending(ending, detail);
    } else if (event == "DEVICE_DELETED") {
        gone_.insert(data.text_at("device"));
        told_.notify_all();
    } else if (event == "STOP" || event == "RESUME") {
        ++state_news_;
        state_ = event == "STOP" ? RunState::paused : RunState::running;
        return !record_.ending;
    } else if (event == "MIGRATION") {
        heard_of_move(data.text_at("status"));
        return move_.has_value();
    } else if (event == "BLOCK_JOB_READY" || event == "BLOCK_JOB_ERROR") {
        if (move_) move_->is_due = true;
        return move_.has_value();
    } else if (event == "RESET") {
        return data.boolean_at("guest");
    }
    return false;
}

/// The guest's work is done and QEMU stands still; it closes the disks' files properly and goes.
void Run::begin_ending(Ending ending, std::string detail) {
    if (record_.ended || record_.ending || closing_) return;
    record_.ending = ending;
    record_.ending_detail = std::move(detail);
    save_locked();
    qmp_->send("quit");
    last_resort_ = watcher_.after(quit_limit, [this] {
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    });
}

static std::string how(const std::optional<int>& status) {
    if (!status) return "its process is gone";
    if (*status > 128) return "signal " + std::to_string(*status - 128);
    return "exit status " + std::to_string(*status);
}

void Run::process_ended() {
    bool announced = false;
    {
        const Lock lock(mutex_);
        watcher_.forget(pidfd_watch_);
        // An error: it was a child of another daemon.
        const auto status = jail::reap(pidfd_.get()).value_or(std::nullopt);
        if (!record_.ending) {
            const std::string words = last_words(folder_);
            record_.ending = Ending::crashed;
            record_.ending_detail = how(status) + (words.empty() ? "" : ": " + words);
        }
        record_.ended = true;
        save_locked();
        announced = announced_;
    }
    told_.notify_all();
    if (announced) changed_(*this);
}

void Run::trim_logs() {
    trim_log(folder_.console_log, console_log_kept);
    trim_log(folder_.output(), output_kept);
    const Lock lock(mutex_);
    if (closing_ || record_.ended) return;
    trimming_ = watcher_.after(trim_every, [this] { trim_logs(); });
}

// ---- what is known -----------------------------------------------------------------------------

/// What cannot be written must not stop a guest's end: it is told, and known while we live.
void Run::save_locked() {
    const Status saved = save(record_, folder_);
    if (!saved)
        runtime::log().error("drivers", saved.error().message, {{"instance", record_.name}});
}

bool Run::alive() const {
    const Lock lock(mutex_);
    return !record_.ended;
}

bool Run::unborn() const {
    const Lock lock(mutex_);
    return unborn_;
}

RunRecord Run::record() const {
    const Lock lock(mutex_);
    return record_;
}

std::optional<MoveSeen> Run::move() const {
    const Lock lock(mutex_);
    return move_locked();
}

std::optional<MoveSeen> Run::move_locked() const {
    if (!record_.ended) return move_;
    const model::Generation generation = record_.received ? record_.generation : record_.sending;
    if (generation == 0) return std::nullopt;
    MoveSeen seen = move_.value_or(MoveSeen{.generation = generation});
    seen.stage = MoveStage::failed;
    seen.is_due = false;
    if (seen.message.empty()) seen.message = "it ended meanwhile: " + record_.ending_detail;
    return seen;
}

control::InstanceSighting Run::seen() const {
    const Lock lock(mutex_);
    control::InstanceSighting seen;
    seen.looked = true;
    seen.alive = !record_.ended;
    seen.generation = record_.generation;
    seen.started = record_.started;
    seen.wishes = record_.wishes;
    seen.name = record_.name;
    seen.move = move_locked();
    if (seen.alive) {
        seen.run = state_;
        seen.pid = record_.pid;
        seen.disks = disks_;
        seen.accelerator = word(record_.accelerator);
    } else {
        seen.ended = record_.ending;
        seen.ended_detail = record_.ending_detail;
        seen.leftovers = true;
    }
    return seen;
}

}  // namespace vdc::drivers::qemu
