#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/cli.h"

/// What the program does itself, without asking a daemon. Each returns an exit code: 0 done, 1
/// failed, 2 wrong words.
namespace vdc::app {

/// Starts the datacenter; one that runs already is fine. Returns when it answers.
int up(const Settings& settings);

/// Stops the daemon; instances go on. With `purge` everything of the datacenter goes: instances,
/// networks, disks, data.
int down(const Settings& settings, bool purge);

/// Makes this machine a host of the datacenter whose controller listens at ADDRESS:PORT. `token`
/// is what `vdc host token` told there; "-" reads it from stdin. `as_controller`: also one of the
/// controllers, which listens where the settings say.
int join(const Settings& settings, const std::string& address, const std::string& token,
         bool as_controller);

/// Checks a backup and says what it holds, without its secrets.
base::Result<base::Json> inspect_backup(const std::string& file);

/// Lets the data folder hold the datacenter of a backup (docs/backup.md). `vdc up` starts it.
int restore(const Settings& settings, const cli::RestoreWish& wish);

/// Says whether this machine can be a host, and what is missing.
int doctor(const Settings& settings);

/// Does it to the lab that is named, and says which hosts it has then.
base::Result<base::Json> lab(const cli::LabWish& wish);

/// Plays a scenario file and compares; or lives seeds. The last line of output is the history hash
/// or the first failing seed.
int play_file(const std::string& path);
/// Runs the inputs of an exported log again under its own settings and under another policy, and
/// prints what differs.
base::Status rerun(const base::Json& policy, std::string_view log, bool as_json);

int live_seeds(std::uint64_t from, std::uint64_t count);

}  // namespace vdc::app
