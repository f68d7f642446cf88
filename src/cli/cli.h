#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// The command line: words in, requests to the API out. `vdc NOUN VERB`; data to stdout, messages
/// to stderr. Exit codes: 0 done, 1 failed, 2 wrong words, 3 not found, 4 timed out.
namespace vdc::cli {

/// Where a datacenter of this machine lives (`vdc up`, `vdc down`, `vdc doctor`).
struct Place {
    std::string data = "/var/lib/vdc";
    std::string run = "/run/vdc";
    std::string name;
    std::string listen;
    std::string underlay;
    std::string token_file;
    std::string accelerator = "auto";
    std::string trial_kernel;
    std::string trial_initramfs;
    int trial_seconds = 5;
    std::string keep_log = "7d";
    std::string keep_log_size = "2GiB";
    bool foreground = false;
    bool purge = false;
};

/// How this machine becomes a host of a datacenter (`vdc join`).
struct JoinWish {
    std::string address;      ///< of a controller, "ADDRESS:PORT"
    std::string token;        ///< "-": from stdin
    bool controller = false;  ///< it shall be a controller, too
};

/// A backup that becomes this machine's datacenter (`vdc backup restore`).
struct RestoreWish {
    std::string file;
    bool replace = false;          ///< what is in the data folder is put aside
    bool others_are_gone = false;  ///< no look whether other controllers answer
};

/// What is to become of a lab (`vdc lab`, src/lab/lab.h).
struct LabWish {
    enum class Verb { up, show, cut, pause, kill, heal, run, down };
    Verb verb = Verb::show;
    std::string name = "lab";
    int hosts = 3;
    int controllers = 1;
    std::string host;
    bool to = false;    ///< cut: only this way; neither means both
    bool from = false;  ///< cut: only this way
    std::vector<std::string> words;
};

/// What the program does itself, without asking a daemon; given by `app`.
struct LocalCommands {
    std::function<int(const Place&)> up;
    std::function<int(const Place&)> down;
    std::function<int(const Place&)> doctor;
    std::function<int(const Place&, const JoinWish&)> join;
    /// What a backup holds, without its secrets, once all of it was checked.
    std::function<base::Result<base::Json>(const std::string& file)> inspect_backup;
    std::function<int(const Place&, const RestoreWish&)> restore;
    /// The lab's hosts afterwards: members host, state, cut, address, pid.
    std::function<base::Result<base::Json>(const LabWish&)> lab;
    std::function<int(const std::string& file)> sim_file;
    std::function<int(std::uint64_t from, std::uint64_t count)> sim_seeds;
    /// The inputs of an exported log again, under another policy: prints what differs.
    std::function<base::Status(const base::Json& policy, std::string_view log, bool as_json)> rerun;
    std::string version;
};

int run(const std::vector<std::string>& words, const LocalCommands& local);

}  // namespace vdc::cli
