#include "cli/actions.h"
#include "cli/output.h"
#include "cli/replay.h"
#include "cli/tree.h"

/// Backups of the control state (docs/backup.md).
namespace vdc::cli {

using base::Json;
using base::Status;

int backup_save(Session& session, const std::string& file) {
    return attempt([&]() -> Status {
        TRY(save_stream(session, "/v1/backup", {}, file, "the backup"));
        if (file != "-")
            note(session, "saved to " + file +
                              "; it holds the datacenter's keys: keep it where they may be");
        return {};
    });
}

static int inspect(const LocalCommands& local, const std::string& file, const Common& common) {
    return attempt([&]() -> Status {
        const Json told = TRY(local.inspect_backup(file));
        put(TRY(shown_one(told, {}, common)));
        return {};
    });
}

static void tell_restore(const Json& restore, const Session& session) {
    if (!restore.boolean_at("restored")) return note(session, "no restore waits for anything");
    put(restore.boolean_at("held")
            ? "restored from a backup, and held: nothing is started or ended before `vdc backup "
              "release`\n"
            : "restored from a backup, and released\n");
    put("found where the backup has them: " + std::to_string(restore.at("adopted").items().size()) +
        "\n");
    for (const Json& name : restore.at("silent").items())
        put("host " + name.text() + " has not said yet what runs there\n");
    for (const Json& each : restore.at("missing").items())
        put("instance " + each.text_at("name") + " (" + each.text_at("id") +
            ") was found nowhere: it starts once released\n");
    for (const Json& each : restore.at("strangers").items())
        put("instance " + each.text_at("name") + " (" + each.text_at("id") + ") runs on " +
            each.text_at("host") +
            (each.boolean_at("known")
                 ? std::string(", where the backup does not have it\n")
                 : std::string(", and the backup does not know it: `vdc backup end ") +
                       each.text_at("host") + " " + each.text_at("id") + "` ends it\n"));
}

int backup_status(Session& session) {
    constexpr int something_waits = 5;
    bool waits = false;
    const int code = attempt([&]() -> Status {
        const Json restore = TRY(session.get("/v1/restore"));
        waits = restore.boolean_at("restored");
        if (TRY(parse_format(session.common().format)) == Format::table)
            tell_restore(restore, session);
        else
            put(TRY(shown_one(restore, {}, session.common())));
        return {};
    });
    return code == 0 && waits ? something_waits : code;
}

int backup_release(Session& session, const std::vector<std::string>& without) {
    return attempt([&]() -> Status {
        Json names = Json::array();
        for (const std::string& name : without) names.push(name);
        TRY(session.send(wire::Method::post, "/v1/restore/release",
                         Json::object({{"without", std::move(names)}})));
        note(session, "released: what is missing starts; `vdc backup status` shows what is left");
        return {};
    });
}

int backup_end(Session& session, const std::string& host, const std::string& instance) {
    return attempt([&]() -> Status {
        TRY(session.send(wire::Method::post, "/v1/restore/end",
                         Json::object({{"host", host}, {"instance", instance}})));
        note(session, "host " + host + " ends it; its disks stay there");
        return {};
    });
}

void Tree::add_backup_commands() {
    CLI::App& backup = *app_.add_subcommand(
        "backup", "the datacenter's records and keys: saved, and restored after a loss");
    backup.require_subcommand(1);
    backup.fallthrough();
    verb(backup, "save", "all records as of one moment, and the keys, while everything goes on",
         [this](Session& s) { return backup_save(s, file_); })
        .add_option("file", file_, "made with mode 0600; - is stdout")
        ->required();
    CLI::App& inspected =
        *backup.add_subcommand("inspect", "when it was made and what it holds; checks all of it");
    inspected.fallthrough();
    inspected.add_option("file", file_, "a backup")->required();
    inspected.callback(
        [this] { local_deed_ = [this] { return inspect(local_, file_, common_); }; });
    CLI::App& restored = *backup.add_subcommand(
        "restore", "let this machine's data folder hold the datacenter of a backup; then `vdc up`");
    add_place(restored);
    restored.add_option("file", restore_.file, "a backup")->required();
    restored.add_flag("--replace", restore_.replace,
                      "though the folder holds a datacenter: that one is put aside");
    restored.add_flag("--others-are-gone", restore_.others_are_gone,
                      "without asking whether another controller of it is alive");
    restored.add_option("--name", place_.name, "of this host; by default the machine's");
    restored.callback(
        [this] { local_deed_ = [this] { return local_.restore(place_, restore_); }; });
    verb(backup, "status",
         "after a restore: what was found, what is missing; exit code 5 while "
         "something is to be decided",
         [](Session& s) { return backup_status(s); });
    verb(backup, "release", "after a restore: let the datacenter start and end things again",
         [this](Session& s) { return backup_release(s, names_); })
        .add_option("--without", names_,
                    "hosts that are dead: whoever says so answers for it that nothing runs there");
    CLI::App& ended = verb(backup, "end", "an instance that runs and is not in the records",
                           [this](Session& s) { return backup_end(s, name_, other_); });
    ended.add_option("host", name_, "where it runs")->required();
    ended.add_option("instance", other_, "its id, as `vdc backup status` shows it")->required();
}

}  // namespace vdc::cli
