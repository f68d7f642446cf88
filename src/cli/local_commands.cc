#include <cstdio>

#include "cli/actions.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/tree.h"

/// The commands that no daemon is asked for.
namespace vdc::cli {

/// Three commands share these, so their variables are read once here and not by the parser.
void Tree::add_place(CLI::App& command) {
    command.fallthrough();
    command.add_option("--data", place_.data, "data folder (VDC_DATA)");
    command.add_option("--run", place_.run,
                       "folder for sockets and state that a reboot may lose (VDC_RUN)");
}

void Tree::add_bench_command() {
    CLI::App& bench = *app_.add_subcommand("bench", "measures parts of this program");
    bench.require_subcommand(1);
    bench.fallthrough();
    CLI::App& placed = *bench.add_subcommand(
        "placement", "placement on workloads that somebody published, beside other policies");
    placed.fallthrough();
    std::string kinds;
    for (const auto& [name, about] : trials::trials())
        kinds += (kinds.empty() ? "" : "; ") + name + ": " + about;
    placed.add_option("--trace", trial_.trace, kinds)->required();
    placed.add_option("--data", trial_.data, "folder of the data, or its file; never part of vdc");
    placed.add_option("--hosts-file", trial_.hosts_file, "gpu: table of the hosts");
    placed.add_option("--workload", trial_.workloads, "gpu: NAME of pods_NAME; by default all");
    placed.add_option("--hosts", trial_.hosts, "how many");
    placed.add_option("--host-cpus", trial_.host_cpus, "processors of a host");
    placed.add_option("--host-memory", trial_.host_memory, "GiB of a host");
    placed.add_option("--cells", trial_.cells, "NUMA cells of a host");
    placed.add_option("--seeds", trial_.seeds, "gpu: how many orders of arrival");
    placed.add_option("--first-seed", trial_.first_seed, "of all that is drawn");
    placed.add_option("--points", trial_.points, "numa: how many episodes");
    placed.add_option("--begin", trial_.begin, "first row of the trace");
    placed.add_option("--end", trial_.end, "row behind the last one");
    placed.add_option("--decisions", trial_.decisions, "speed: how many are timed");
    placed.add_option("--tasks-per-move", trial_.tasks_per_move,
                      "gpu: at most one move for so many that came");
    placed.add_option("--task-worth", trial_.task_worth, "gpu: at most so many moves for a task");
    placed.add_option("--arrivals-per-move", trial_.arrivals_per_move,
                      "time: at most one move for so many that came");
    placed.add_option("--host-worth", trial_.host_worth,
                      "time: at most so many moves to empty one host");
    placed.add_option("--guests-of-a-host", trial_.guests_of_a_host, "balance: how many");
    placed.add_option("--pass", trial_.pass, "time: seconds between two looks for moves");
    placed.add_option("--solver-seconds", trial_.solver_seconds,
                      "small: of a processor, at most, for one case");
    placed.callback([this] { local_deed_ = [this] { return bench_placement(trial_, common_); }; });
}

// ---- a lab -------------------------------------------------------------------------------------

static const std::vector<Column>& lab_columns() {
    static const std::vector<Column> columns = {{"host", "host"},
                                                {"state", "state"},
                                                {"cut", "cut"},
                                                {"address", "address"},
                                                {"pid", "pid"}};
    return columns;
}

/// Shows the lab as it is afterwards; nothing when it is gone.
static int do_in_lab(const LocalCommands& local, const LabWish& wish, const Common& common) {
    const auto hosts = local.lab(wish);
    if (!hosts.ok()) return say(hosts.error());
    if (wish.verb == LabWish::Verb::down || common.quiet) return 0;
    const auto table = shown(*hosts, lab_columns(), common);
    if (!table.ok()) return say(table.error());
    std::fputs(table->c_str(), stdout);
    return 0;
}

CLI::App& Tree::lab_verb(CLI::App& group, LabWish::Verb verb, const std::string& name,
                         const std::string& about, bool names_a_host) {
    CLI::App& command = *group.add_subcommand(name, about);
    command.fallthrough();
    if (names_a_host) command.add_option("host", lab_.host, "h1, h2, ...")->required();
    command.callback([this, verb] {
        lab_.verb = verb;
        local_deed_ = [this] { return do_in_lab(local_, lab_, common_); };
    });
    return command;
}

void Tree::add_lab_commands() {
    using Verb = LabWish::Verb;
    CLI::App& lab = *app_.add_subcommand(
        "lab", "a whole datacenter on this machine: its hosts are network namespaces");
    lab.require_subcommand(1);
    lab.fallthrough();
    lab.add_option("--name", lab_.name, "of the lab; there may be several");
    CLI::App& lab_up =
        lab_verb(lab, Verb::up, "up", "its hosts run and belong to one datacenter", false);
    lab_up.add_option("--hosts", lab_.hosts, "how many; those that are there stay");
    lab_up.add_option("--controllers", lab_.controllers,
                      "how many of them control it, h1 and those after it: 1, 3 or 5");
    lab_verb(lab, Verb::show, "show", "its hosts", false);
    CLI::App& cut = lab_verb(lab, Verb::cut, "cut", "cuts a host's wire", true);
    cut.add_flag("--to", lab_.to, "only what goes to the host is lost");
    cut.add_flag("--from", lab_.from, "only what comes from the host is lost");
    lab_verb(lab, Verb::pause, "pause", "all processes of a host stand still, guests too", true);
    lab_verb(lab, Verb::kill, "kill", "all processes of a host are killed, guests too", true);
    lab_verb(lab, Verb::heal, "heal", "a host is whole again; by default all are", false)
        .add_option("host", lab_.host, "h1, h2, ...");
    CLI::App& run = lab_verb(lab, Verb::run, "run", "runs a command in a host, for its vdc", true);
    run.add_option("words", lab_.words, "the command; after --")->required();
    lab_verb(lab, Verb::down, "down", "ends all of it and removes its data", false);
}

// ---- this machine ------------------------------------------------------------------------------

void Tree::add_local_commands() {
    CLI::App& up = *app_.add_subcommand("up", "start the datacenter on this machine");
    add_place(up);
    up.add_option("--name", place_.name, "of this host; by default the machine's");
    up.add_option("--listen", place_.listen,
                  "ADDRESS:PORT to serve the API at over TLS, with a token")
        ->envname("VDC_LISTEN");
    up.add_option("--underlay", place_.underlay,
                  "address at which other hosts reach networks of this one, or none; by default "
                  "where it listens, or from where it speaks to its controller")
        ->envname("VDC_UNDERLAY");
    up.add_option("--api-token-file", place_.token_file, "file with that token; made if missing");
    up.add_option("--accelerator", place_.accelerator, "auto, kvm or tcg")
        ->envname("VDC_ACCELERATOR");
    up.add_option("--trial-kernel", place_.trial_kernel, "kernel to try KVM with")
        ->envname("VDC_TRIAL_KERNEL");
    up.add_option("--trial-initramfs", place_.trial_initramfs, "its initramfs")
        ->envname("VDC_TRIAL_INITRAMFS");
    up.add_option("--trial-seconds", place_.trial_seconds, "time for the trial");
    up.add_option("--keep-log", place_.keep_log, "how long the past can be looked at")
        ->envname("VDC_KEEP_LOG");
    up.add_option("--keep-log-size", place_.keep_log_size,
                  "size of the store beyond which less of the past is kept")
        ->envname("VDC_KEEP_LOG_SIZE");
    up.add_flag("--foreground", place_.foreground, "stay, and log to stderr");
    up.callback([this] { local_deed_ = [this] { return local_.up(place_); }; });
    CLI::App& down = *app_.add_subcommand("down", "stop the daemon; instances go on");
    add_place(down);
    down.add_flag("--purge", place_.purge, "end everything and remove all data");
    down.callback([this] { local_deed_ = [this] { return local_.down(place_); }; });
    CLI::App& join = *app_.add_subcommand("join", "make this machine a host of a datacenter");
    join.add_option("address", join_.address, "ADDRESS:PORT at which that datacenter listens")
        ->required();
    join.add_option("--token", join_.token, "of `vdc host token` there; - reads it from stdin")
        ->required();
    join.add_flag("--controller", join_.controller,
                  "also one of the controllers; the token must be for one");
    join.add_option("--listen", place_.listen,
                    "of a controller: one address of this machine, ADDRESS:PORT")
        ->envname("VDC_LISTEN");
    join.add_option("--name", place_.name, "of this host there; by default the machine's");
    join.add_option("--data", place_.data, "folder of the data")->envname("VDC_DATA");
    join.callback([this] { local_deed_ = [this] { return local_.join(place_, join_); }; });
    CLI::App& doctor = *app_.add_subcommand("doctor", "whether this machine can be a host");
    add_place(doctor);
    doctor.callback([this] { local_deed_ = [this] { return local_.doctor(place_); }; });

    CLI::App& sim =
        *app_.add_subcommand("sim", "the datacenter in virtual time: a story, or seeds");
    sim.add_option("file", file_, "a story; see src/sim/scenario.h");
    sim.add_option("--seed", seed_, "live this one seed and tell its story");
    sim.add_option("--seeds", seeds_, "how many to live");
    sim.add_option("--from", from_, "the first of them");
    sim.callback([this] {
        local_deed_ = [this] {
            if (!file_.empty()) return local_.sim_file(file_);
            return seeds_ > 0 ? local_.sim_seeds(from_, seeds_) : local_.sim_seeds(seed_, 1);
        };
    });
    add_bench_command();
    add_lab_commands();
    CLI::App& version = *app_.add_subcommand("version", "of this program");
    version.callback([this] {
        local_deed_ = [this] {
            std::printf("vdc %s\n", local_.version.c_str());
            return 0;
        };
    });
    CLI::App& completion =
        *app_.add_subcommand("completion", "a completion script: vdc completion bash");
    completion.add_option("shell", word_, "bash, zsh or fish")->required();
    completion.callback([this] { local_deed_ = [this] { return print_completion(app_, word_); }; });
    CLI::App& man = *app_.add_subcommand("man", "write the manual pages into a folder");
    man.add_option("folder", file_, "")->required();
    man.callback([this] { local_deed_ = [this] { return write_manual(app_, file_); }; });
}

}  // namespace vdc::cli
