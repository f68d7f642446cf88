#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "app/commands.h"
#include "app/etcd_process.h"
#include "app/machine_name.h"
#include "base/text.h"
#include "control/restored.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/files.h"
#include "store/backup.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/http_client.h"

/// `vdc backup restore`: the data folder holds the datacenter of a backup
/// (docs/decisions/0021-after-a-restore-hosts-speak-first.md).
namespace vdc::app {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using store::BackupReader;

// ---- inspect -----------------------------------------------------------------------------------

Result<Json> inspect_backup(const std::string& file) {
    const BackupReader backup = TRY(store::read_backup(file, VDC_VERSION));
    const store::BackupPapers& papers = backup.papers();
    const model::Snapshot& snapshot = backup.records().snapshot();
    Json counts = Json::object({});
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        counts.set(std::string(word(R::noun)), static_cast<std::int64_t>(snapshot.all<R>().size()));
    });
    Json controllers = Json::array();
    for (const std::string& each : papers.controllers) controllers.push(each);
    return Json::object({{"made", text(papers.made)},
                         {"program", papers.program},
                         {"datacenter", papers.datacenter},
                         {"host", papers.host},
                         {"revision", static_cast<std::int64_t>(snapshot.revision)},
                         {"committed", text(snapshot.committed)},
                         {"state", text(backup.records().head()->state)},
                         {"records", std::move(counts)},
                         {"controllers", std::move(controllers)},
                         {"secrets", "the authority's key, the API's token, users' data"}});
}

// ---- what stands against it --------------------------------------------------------------------

static Status check_nobody_serves(const Settings& settings) {
    const auto running = TRY(runtime::read_pid_file(settings.pid_file()));
    if (!running) return {};
    return Error{Error::Code::conflict, "vdc runs here (pid " + std::to_string(*running) + ")",
                 "`vdc down` ends it; instances go on"};
}

/// What makes a folder hold a datacenter, or be a host of one.
static std::vector<std::string> present_state(const std::string& data) {
    std::vector<std::string> present;
    for (const char* name : {"store", "past", "etcd", "controller", "host"})
        if (runtime::exists(data + "/" + name)) present.emplace_back(name);
    return present;
}

static Status check_folder(const Settings& settings, const cli::RestoreWish& wish) {
    const std::vector<std::string> present = present_state(settings.data);
    if (present.empty() || wish.replace) return {};
    return Error{Error::Code::conflict,
                 "'" + settings.data + "' holds a datacenter, or a host of one (" +
                     base::join(present, ", ") + ")",
                 "--replace puts that aside; its disks and images stay where they are"};
}

/// Two that lead one datacenter would each start what the other one runs.
static Status check_others_are_gone(const store::BackupPapers& papers) {
    wire::ClientLimits limits;
    limits.connect_time = std::chrono::seconds(2);
    limits.answer_time = std::chrono::seconds(2);
    for (const std::string& each : papers.controllers) {
        auto endpoint = wire::parse_endpoint("https://" + each);
        if (!endpoint.ok()) continue;
        endpoint->authority = papers.authority_certificate;
        const auto client = wire::Client::connect(*endpoint, limits);
        if (!client.ok() || !(*client)->request({.path = "/v1/version"}).ok()) continue;
        return Error{Error::Code::conflict, "a controller of this datacenter answers at " + each,
                     "end all of them first: two that lead would start everything twice"};
    }
    return {};
}

static Status check_time(const store::BackupPapers& papers, base::Instant now) {
    if (now >= papers.made) return {};
    return Error{Error::Code::conflict,
                 "this machine's clock is at " + text(now) + ", before the backup was made, " +
                     text(papers.made),
                 "set the clock: what counts up begins at it"};
}

/// By the tag this machine's own guests are found again.
static Result<std::string> tag_for(const Settings& settings, const store::BackupPapers& papers) {
    if (runtime::exists(settings.tag_file())) return runtime::read_file(settings.tag_file(), 16);
    const std::string name = settings.host_name.empty() ? machine_name() : settings.host_name;
    if (name == papers.host) return papers.tag;
    const std::string instances = settings.run + "/instances";
    const bool has_run = runtime::exists(instances) && !TRY(runtime::list_dir(instances)).empty();
    if (!has_run) return std::string();
    return Error{
        Error::Code::conflict,
        "instances may run here (" + instances + "), and the backup was made on " + papers.host +
            ": by which name they are found is not known",
        "write the four digits after 'vdc-' in /sys/fs/cgroup into " + settings.tag_file()};
}

// ---- restoring ---------------------------------------------------------------------------------

/// Nothing is removed: whoever was wrong finds it there.
static Status put_aside(const Settings& settings, base::Instant now) {
    const std::vector<std::string> present = present_state(settings.data);
    if (present.empty()) return {};
    if (const auto papers = TRY(read_controller_papers(settings.data)))
        TRY(EtcdProcess(settings, *papers, "").end());
    const std::string aside = settings.data + "/before-restore-" +
                              std::to_string(now.time_since_epoch().count() / 1'000'000);
    TRY(runtime::ensure_dir(aside, 0700));
    for (const std::string& name : present) {
        const std::string from = settings.data + "/" + name;
        if (::rename(from.c_str(), (aside + "/" + name).c_str()) != 0)
            return runtime::system_error(errno, "cannot put '" + from + "' aside");
    }
    return runtime::sync_dir(settings.data);
}

/// Tokens are good once: one that was used since would be good again.
static bool is_restored(const std::string& note) {
    return note != "join-tokens" && note != "etcd datacenter";
}

static Status fill(const std::string& folder, const BackupReader& backup, base::Instant now) {
    TRY(runtime::remove_tree(folder));
    store::SqliteOptions options;
    options.begin = control::restored(backup.records().snapshot(), now);
    const auto its = TRY(store::open_sqlite_store(folder, options));
    for (const auto& [name, value] : backup.papers().notes)
        if (is_restored(name)) TRY(its->set_note(name, value));
    TRY(its->set_note("datacenter", backup.papers().datacenter));
    const Json restored = Json::object(
        {{"at", text(now)},
         {"made", text(backup.papers().made)},
         {"revision", static_cast<std::int64_t>(backup.records().snapshot().revision)}});
    return its->set_note("restored", base::dump(restored));
}

/// The store comes last: without it the folder holds no datacenter.
static Status write_all(const Settings& settings, const BackupReader& backup, base::Instant now) {
    const store::BackupPapers& papers = backup.papers();
    const std::string tag = TRY(tag_for(settings, papers));
    const std::string filled = settings.data + "/store.restoring";
    TRY(fill(filled, backup, now));
    TRY(put_aside(settings, now));
    TRY(runtime::write_file_atomic(settings.data + "/authority.pem",
                                   papers.authority_certificate + papers.authority_key, 0600));
    if (!papers.token.empty())
        TRY(runtime::write_file_atomic(settings.data + "/token", papers.token, 0600));
    if (!tag.empty()) TRY(runtime::write_file_atomic(settings.tag_file(), tag));
    const std::string store = settings.data + "/store";
    if (::rename(filled.c_str(), store.c_str()) != 0)
        return runtime::system_error(errno, "cannot rename '" + filled + "'");
    return runtime::sync_dir(settings.data);
}

static Result<BackupReader> restore_into(const Settings& settings, const cli::RestoreWish& wish) {
    const base::Instant now = runtime::now();
    BackupReader backup = TRY(store::read_backup(wish.file, VDC_VERSION));
    TRY(check_time(backup.papers(), now));
    TRY(runtime::ensure_dir(settings.data, 0711));
    const runtime::FileLock lock = TRY(runtime::lock_file(settings.data + "/host.lock"));
    TRY(check_nobody_serves(settings));
    TRY(check_folder(settings, wish));
    if (!wish.others_are_gone) TRY(check_others_are_gone(backup.papers()));
    TRY(write_all(settings, backup, now));
    return backup;
}

int restore(const Settings& settings, const cli::RestoreWish& wish) {
    const auto backup = restore_into(settings, wish);
    if (!backup.ok()) {
        std::fprintf(stderr, "error: %s\n", text(backup.error()).c_str());
        return 1;
    }
    std::printf(
        "restored as of %s, revision %llu; it is held when it starts\n"
        "`vdc up`, then `vdc backup status` and `vdc backup release`\n",
        text(backup->records().snapshot().committed).c_str(),
        static_cast<unsigned long long>(backup->records().snapshot().revision));
    return 0;
}

}  // namespace vdc::app
