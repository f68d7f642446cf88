#include "drivers/qemu/instances.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "drivers/jail/jail.h"
#include "drivers/qemu/launch.h"
#include "runtime/files.h"
#include "runtime/log.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Result;
using base::Status;
using control::DiskSpec;
using control::Ending;
using control::InstanceSighting;
using control::InstanceSpec;
using model::InstanceId;
using runtime::Fd;
using Seen = Instances::Seen;
using namespace std::chrono_literals;

/// QEMU is that far after 0.05 s; on a host that boots a hundred at once it takes its time.
static constexpr Run::Milliseconds start_limit = 60s;
static constexpr Run::Milliseconds adoption_limit = 1500ms;

Instances::Instances(HostPaths paths, Accelerator accelerator, DiskOpener& disks, TapOpener& taps,
                     std::unique_ptr<Watcher> watcher, jail::Cgroups cgroups)
    : paths_(std::move(paths)),
      accelerator_(accelerator),
      disks_(disks),
      taps_(taps),
      watcher_(std::move(watcher)),
      cgroups_(std::move(cgroups)) {}

Result<std::unique_ptr<Instances>> Instances::open(HostPaths paths, Accelerator accelerator,
                                                   DiskOpener& disks, TapOpener& taps) {
    TRY(runtime::ensure_dir(paths.instances(), 0700));
    TRY(runtime::ensure_dir(paths.consoles(), 0700));
    auto watcher = TRY(Watcher::start());
    auto cgroups = TRY(jail::Cgroups::of_this_machine());
    std::unique_ptr<Instances> instances(new Instances(std::move(paths), accelerator, disks, taps,
                                                       std::move(watcher), std::move(cgroups)));
    TRY(instances->adopt_all());
    return instances;
}

Instances::~Instances() {
    std::map<InstanceId, RunPointer> runs;
    {
        const std::lock_guard lock(mutex_);
        runs.swap(runs_);
        heard_ = nullptr;
    }
    runs.clear();
}

void Instances::on_notice(std::function<void(Notice)> heard) {
    const std::lock_guard lock(mutex_);
    heard_ = std::move(heard);
}

void Instances::tell(const Run& run) {
    std::function<void(Notice)> heard;
    {
        const std::lock_guard lock(mutex_);
        heard = heard_;
    }
    if (heard) heard({run.record().instance, run.seen()});
}

// ---- names -------------------------------------------------------------------------------------

std::string Instances::cgroup(InstanceId instance) const {
    return paths_.cgroup() + "/R/" + text(instance);
}

static constexpr std::string_view run_prefix = "run-";

RunFolder Instances::folder(InstanceId instance, model::Generation generation) const {
    return {paths_.instance(instance) + "/" + std::string(run_prefix) + std::to_string(generation),
            paths_.consoles() + "/" + text(instance) + ".log"};
}

static std::optional<model::Generation> generation_of(std::string_view name) {
    if (!name.starts_with(run_prefix)) return std::nullopt;
    name.remove_prefix(run_prefix.size());
    model::Generation generation = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), generation);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return generation;
}

/// Of the latest run that left one.
std::optional<RunFolder> Instances::last_folder(InstanceId instance) const {
    std::optional<model::Generation> last;
    const auto names = runtime::list_dir(paths_.instance(instance));
    for (const std::string& name : names.value_or({}))
        if (const auto generation = generation_of(name)) last = std::max(last, generation);
    if (!last) return std::nullopt;
    return folder(instance, *last);
}

/// When the kernel cannot say, something may.
bool Instances::anything_runs(InstanceId instance) const {
    const auto pids = cgroups_.pids(cgroup(instance));
    return !pids || !pids->empty();
}

Result<std::vector<InstanceId>> Instances::instances() {
    std::set<InstanceId> ids;
    const auto add = [&](const std::vector<std::string>& names) {
        for (const std::string& name : names)
            if (const auto uuid = base::parse_uuid(name)) ids.insert({*uuid});
    };
    add(TRY(runtime::list_dir(paths_.instances())));
    const std::string groups = cgroups_.layout().v2 + "/" + paths_.cgroup() + "/R";
    if (runtime::exists(groups)) add(TRY(runtime::list_dir(groups)));
    return std::vector<InstanceId>(ids.begin(), ids.end());
}

// ---- finding again -----------------------------------------------------------------------------

static void log_failure(const Status& done, InstanceId instance) {
    if (!done)
        runtime::log().warning("drivers", text(done.error()), {{"instance", text(instance)}});
}

Status Instances::adopt_all() {
    for (const InstanceId instance : TRY(instances())) log_failure(adopt(instance), instance);
    get_to_know_all();
    return {};
}

Status Instances::adopt(InstanceId instance) {
    const auto folder = last_folder(instance);
    // No record was ever written: its QEMU, if there is one, has done nothing.
    if (!folder || !runtime::exists(folder->record())) return remove(instance);
    RunRecord record = TRY(load(*folder));
    if (record.instance != instance)
        return Error{Error::Code::corrupt, folder->record() + " is of another instance"};
    if (record.pid == 0) return remove(instance);
    return adopt_run(*folder, std::move(record));
}

Status Instances::adopt_run(const RunFolder& folder, RunRecord record) {
    const InstanceId instance = record.instance;
    Fd pidfd;
    if (!record.ended) {
        auto there = jail::reopen(record.pid, record.start_time);
        if (!there && there.error().code != Error::Code::not_found) return there.error();
        if (there) pidfd = std::move(there).value();
    }
    if (!pidfd && !record.ended) {
        const std::string words = last_words(folder);
        if (!record.ending)
            record.ending_detail =
                "it ended while nobody watched" + (words.empty() ? "" : ": " + words);
        record.ending = record.ending.value_or(Ending::crashed);
        record.ended = true;
        TRY(save(record, folder));
    }
    const bool lives = static_cast<bool>(pidfd);
    const auto run = std::make_shared<Run>(*watcher_, folder, std::move(record), std::move(pidfd),
                                           [this](const Run& changed) { tell(changed); });
    keep(instance, run);
    return lives ? run->adopt() : Status();
}

void Instances::get_to_know_all() {
    const auto deadline = std::chrono::steady_clock::now() + adoption_limit;
    const auto runs = runs_;  // nobody else has this object yet
    for (const auto& [instance, run] : runs) {
        if (!run->alive()) continue;
        const auto left =
            std::chrono::ceil<Run::Milliseconds>(deadline - std::chrono::steady_clock::now());
        log_failure(run->get_to_know(std::max(left, Run::Milliseconds(1))), instance);
        // It was recorded, but its launch never came to the end: nobody was told of it.
        if (run->unborn()) log_failure(remove(instance), instance);
    }
}

// ---- runs --------------------------------------------------------------------------------------

Instances::RunPointer Instances::find(InstanceId instance) const {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(instance);
    return found == runs_.end() ? nullptr : found->second;
}

void Instances::keep(InstanceId instance, RunPointer run) {
    // The one before goes after the lock: its callbacks take it.
    const std::lock_guard lock(mutex_);
    runs_[instance].swap(run);
    if (runs_[instance] == nullptr) runs_.erase(instance);
}

Result<Instances::RunPointer> Instances::alive(InstanceId instance) const {
    RunPointer run = find(instance);
    if (run && run->alive()) return run;
    return Error{Error::Code::conflict, "instance " + text(instance) + " does not run here"};
}

Seen Instances::after(InstanceId instance, const Status& done) {
    if (!done) return done.error();
    return look(instance);
}

InstanceSighting Instances::look(InstanceId instance) {
    if (const RunPointer run = find(instance)) return run->seen();
    InstanceSighting seen;
    seen.looked = true;
    seen.leftovers = runtime::exists(paths_.instance(instance)) || anything_runs(instance) ||
                     runtime::exists(cgroups_.layout().v2 + "/" + cgroup(instance));
    return seen;
}

// ---- launch, kill, clean -----------------------------------------------------------------------

Status Instances::may_launch(const InstanceSpec& spec) {
    TRY(check_spec(spec));
    const RunPointer last = find(spec.id);
    if (last && last->record().generation > spec.generation)
        return Error{Error::Code::conflict,
                     "instance '" + spec.name + "' ran here with generation " +
                         std::to_string(last->record().generation) + "; generation " +
                         std::to_string(spec.generation) + " is older"};
    if (last && last->alive())
        return Error{Error::Code::conflict, "instance '" + spec.name + "' is alive already"};
    if (anything_runs(spec.id))
        return Error{
            Error::Code::conflict,
            "something runs in the cgroup " + cgroup(spec.id) + " of instance '" + spec.name + "'",
            "clean the instance first"};
    return {};
}

Seen Instances::launch(const InstanceSpec& spec) {
    return begin(spec, [&](const RunFolder& place) { return start(spec, place); });
}

Seen Instances::begin(const InstanceSpec& spec,
                      const std::function<Status(const RunFolder&)>& start_at) {
    TRY(may_launch(spec));
    TRY(remove(spec.id));
    const RunFolder place = folder(spec.id, spec.generation);
    const Status started = start_at(place);
    if (started.ok()) return look(spec.id);
    Error error = started.error();
    if (const std::string words = last_words(place); !words.empty())
        error.message += ". QEMU said: " + words;
    log_failure(remove(spec.id), spec.id);
    return error;
}

Result<Instances::RunPointer> Instances::spawn(const InstanceSpec& spec, const RunFolder& place,
                                               bool receives) {
    TRY(runtime::ensure_dir(paths_.instance(spec.id), 0700));
    TRY(runtime::ensure_dir(place.path, 0700));
    Launched launched = TRY(qemu::launch(spec, place,
                                         {.disks = disks_,
                                          .taps = taps_,
                                          .accelerator = accelerator_,
                                          .cgroup = cgroup(spec.id),
                                          .receives = receives}));
    const auto run = std::make_shared<Run>(*watcher_, place, std::move(launched.record),
                                           std::move(launched.pidfd),
                                           [this](const Run& changed) { tell(changed); });
    keep(spec.id, run);
    return run;
}

Status Instances::start(const InstanceSpec& spec, const RunFolder& place) {
    return TRY(spawn(spec, place, /*receives=*/false))->give_birth(spec.disks, start_limit);
}

// ---- moves -------------------------------------------------------------------------------------

Seen Instances::receive(const InstanceSpec& spec, const std::string& from) {
    return begin(spec, [&](const RunFolder& place) -> Status {
        return TRY(spawn(spec, place, /*receives=*/true))
            ->await_arrival(spec.disks, from, start_limit);
    });
}

Seen Instances::send(InstanceId instance, const SendOrder& order, const OpenStream& open) {
    return after(instance, TRY(alive(instance))->send(order, open));
}

Seen Instances::cancel_send(InstanceId instance, model::Generation generation) {
    return after(instance, TRY(alive(instance))->cancel_send(generation));
}

Result<Fd> Instances::take_stream(InstanceId instance, model::Generation generation,
                                  const std::string& channel, const std::string& from) {
    return TRY(alive(instance))->take_stream(channel, generation, from);
}

std::optional<MoveSeen> Instances::move(InstanceId instance) const {
    const RunPointer run = find(instance);
    return run ? run->move() : std::nullopt;
}

// ------------------------------------------------------------------------------------------------

Seen Instances::kill(InstanceId instance) {
    const RunPointer run = find(instance);
    const Status done = run ? run->kill() : jail::end(cgroup(instance));
    return after(instance, done);
}

/// Ends the last run, if it still lives, removes all that it left, and forgets it.
Status Instances::remove(InstanceId instance) {
    RunRecord last;
    if (const RunPointer run = find(instance)) {
        TRY(run->kill());
        last = run->record();
    } else if (const auto folder = last_folder(instance)) {
        last = load(*folder).value_or({});
    }
    TRY(remove_remains(cgroup(instance), last.cards, taps_));
    TRY(runtime::remove_tree(paths_.instance(instance)));
    keep(instance, nullptr);
    return {};
}

Seen Instances::clean(InstanceId instance) {
    const RunPointer run = find(instance);
    if (run && run->alive())
        return Error{Error::Code::conflict,
                     "instance '" + run->record().name + "' is alive, and is not cleaned away",
                     "kill it first"};
    return after(instance, remove(instance));
}

// ---- commands ----------------------------------------------------------------------------------

Seen Instances::power_down(InstanceId instance) {
    return after(instance, TRY(alive(instance))->press_power_button());
}

Seen Instances::pause(InstanceId instance) {
    return after(instance, TRY(alive(instance))->pause());
}

Seen Instances::resume(InstanceId instance) {
    return after(instance, TRY(alive(instance))->resume());
}

Seen Instances::reset(InstanceId instance, std::uint64_t resets) {
    return after(instance, TRY(alive(instance))->reset(resets));
}

Seen Instances::attach(InstanceId instance, const DiskSpec& disk) {
    return after(instance,
                 TRY(alive(instance))->attach(disk, [&] { return disks_.open_disk(disk.volume); }));
}

Seen Instances::detach(InstanceId instance, const DiskSpec& disk, Milliseconds limit) {
    const RunPointer run = find(instance);
    if (!run || !run->alive()) return look(instance);
    return after(instance, run->detach(disk, limit));
}

Result<Fd> Instances::open_console(InstanceId instance) {
    const auto run = alive(instance);
    if (run.ok()) return (*run)->open_console();
    return Error{Error::Code::conflict, "it does not run, so its console cannot be opened",
                 "`vdc instance start` starts it; `vdc instance log` shows what it said"};
}

Result<Fd> Instances::open_log(InstanceId instance, std::size_t size_max, LogFeeds::Until until) {
    Result<Fd> log = logs_.open(folder(instance, 0).console_log, size_max, until);
    if (log.ok() || log.error().code != Error::Code::not_found) return log;
    return Error{Error::Code::not_found, "it has not run on its host, so there is no log yet",
                 "`vdc instance start` starts it"};
}

Status Instances::grow(InstanceId instance, model::VolumeId volume, base::Bytes size) {
    return TRY(alive(instance))->grow(volume, size);
}

Status Instances::snapshot(InstanceId instance, model::VolumeId volume, DiskLayer overlay) {
    Fd file(overlay.fd);
    const RunPointer run = TRY(alive(instance));
    overlay.fd = file.release();
    return run->snapshot(volume, overlay);
}

Result<int> Instances::layers(InstanceId instance, model::VolumeId volume) {
    return TRY(alive(instance))->layers(volume);
}

}  // namespace vdc::drivers::qemu
