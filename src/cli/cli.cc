#include "cli/cli.h"

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/actions.h"
#include "cli/tree.h"

namespace vdc::cli {

Tree::Tree(const LocalCommands& local) : local_(local) {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.set_version_flag("--version", local.version);
    if (const char* data = std::getenv("VDC_DATA")) place_.data = data;
    if (const char* run = std::getenv("VDC_RUN")) place_.run = run;
    add_common();
    for (const NounCommand& noun : noun_commands()) add_noun(noun);
    add_top_commands();
    add_local_commands();
}

void Tree::add_common() {
    const auto group = "Output and connection";
    app_.add_option("-o,--format", common_.format, "table, json, yaml, csv or value")
        ->group(group)
        ->envname("VDC_FORMAT");
    app_.add_option("-c,--column", common_.columns, "columns to show, by name or path")
        ->delimiter(',')
        ->group(group);
    app_.add_option("--sort", common_.sort, "column to sort by")->group(group);
    app_.add_flag("--no-header", common_.no_header, "no heading line")->group(group);
    app_.add_flag("-q,--quiet", common_.quiet, "no messages, no progress")->group(group);
    app_.add_flag("--async", common_.async, "do not wait; print the operation's id")->group(group);
    app_.add_option("--timeout", common_.timeout, "how long to wait, for example 90s")
        ->group(group)
        ->envname("VDC_TIMEOUT");
    app_.add_option("-p,--project", common_.project, "project; by default 'default'")
        ->group(group)
        ->envname("VDC_PROJECT");
    app_.add_option("--socket", common_.socket, "unix socket of the API")
        ->group(group)
        ->envname("VDC_SOCKET");
    app_.add_option("--endpoint", common_.endpoint, "https://HOST:PORT instead of the socket")
        ->group(group)
        ->envname("VDC_ENDPOINT");
    app_.add_option("--token-file", common_.token_file, "file with the token for the endpoint")
        ->group(group)
        ->envname("VDC_TOKEN_FILE");
    app_.add_option("--fingerprint", common_.fingerprint,
                    "SHA-256 that the endpoint's certificate must have")
        ->group(group)
        ->envname("VDC_FINGERPRINT");
    app_.add_option("--ca-file", common_.ca_file, "certificates to trust")
        ->group(group)
        ->envname("VDC_CA_FILE");
}

CLI::App& Tree::verb(CLI::App& group, const std::string& name, const std::string& about,
                     Deed deed) {
    CLI::App* command = group.add_subcommand(name, about);
    command->fallthrough();
    command->callback([this, deed = std::move(deed)] { deed_ = deed; });
    return *command;
}

void Tree::add_noun(const NounCommand& noun) {
    CLI::App& group = *app_.add_subcommand(noun.one, noun.about);
    group.require_subcommand(1);
    group.fallthrough();
    also_past(
        verb(group, "list", "those there are", [&noun](Session& s) { return list(s, noun); }));
    CLI::App& one = verb(group, "show", "one, whole",
                         [this, &noun](Session& s) { return show(s, noun, name_); });
    one.add_option("name", name_, "name or id")->required();
    also_past(one);
    if (!noun.fields.empty() && noun.one != "host") {
        CLI::App& made =
            verb(group, "create", "a new one: " + noun.fields,
                 [this, &noun](Session& s) { return create(s, noun, name_, fields_); });
        made.add_option("name", name_, "its name")->required();
    }
    if (!noun.fields.empty() && noun.one != "flavor" && noun.one != "key") {
        verb(group, "edit", "change it: " + noun.fields,
             [this, &noun](Session& s) { return edit(s, noun, name_, fields_); })
            .add_option("name", name_, "name or id")
            ->required();
    }
    if (!noun.fields.empty())
        verb(group, "delete", "end it",
             [this, &noun](Session& s) { return remove(s, noun, names_); })
            .add_option("names", names_, "names or ids")
            ->required();
    if (noun.one == "instance") add_instance_verbs(group, noun);
    if (noun.one == "volume") add_volume_verbs(group, noun);
    if (noun.one == "host") add_host_verbs(group, noun);
    add_other_verbs(group, noun);
}

void Tree::add_instance_verbs(CLI::App& group, const NounCommand& noun) {
    static constexpr std::pair<const char*, const char*> verbs[] = {
        {"start", "power on"},
        {"stop", "power off: by the guest, then hard"},
        {"reboot", "off and on again"},
        {"reset", "press reset"},
        {"pause", "stop its processors"},
        {"resume", "let it go on"}};
    for (const auto& [word, about] : verbs) {
        CLI::App& command =
            verb(group, word, about, [this, &noun, verb_word = std::string(word)](Session& s) {
                return act(s, noun, name_, verb_word,
                           flag_ ? base::Json::object({{"hard", true}}) : base::Json::object());
            });
        command.add_option("name", name_, "name or id")->required();
        if (std::string_view(word) == "stop" || std::string_view(word) == "reboot")
            command.add_flag("--hard", flag_, "without asking the guest");
    }
    CLI::App& migrate =
        verb(group, "migrate", "to another host, while it runs", [this, &noun](Session& s) {
            if (flag_) return cli::migrate_plan(s, noun, name_, other_);
            return cli::migrate(s, noun, name_, other_);
        });
    migrate.add_option("name", name_, "name or id")->required();
    migrate.add_option("--to", other_, "name or id of the host; without it the best one");
    migrate.add_flag("--plan", flag_, "only say where it would go, and how long it would take");
    verb(group, "console", "its serial console; Ctrl-] leaves",
         [this](Session& s) { return console(s, name_); })
        .add_option("name", name_, "name or id")
        ->required();
    CLI::App& log = verb(group, "log", "the end of what its serial console said; -f follows",
                         [this](Session& s) { return console_log(s, name_, log_bytes_, flag_); });
    log.add_option("name", name_, "name or id")->required();
    log.add_option("--bytes", log_bytes_, "how much of it, at most 1048576");
    log.add_flag("-f,--follow", flag_, "go on with what it says from then on");
}

void Tree::add_volume_verbs(CLI::App& group, const NounCommand& noun) {
    const auto two = [&](const char* word, const char* about, const char* field, const char* what) {
        CLI::App& command = verb(
            group, word, about,
            [this, &noun, verb_word = std::string(word), key = std::string(field)](Session& s) {
                return act(s, noun, name_, verb_word, base::Json::object({{key, other_}}));
            });
        command.add_option("name", name_, "name or id")->required();
        command.add_option(field, other_, what)->required();
    };
    two("attach", "to an instance, also while it runs", "instance", "name or id of the instance");
    two("grow", "make it larger, also while in use", "size", "new size, for example 20GiB");
    two("revert", "go back to a snapshot", "snapshot", "name or id of the snapshot");
    verb(group, "detach", "from its instance",
         [this, &noun](Session& s) { return act(s, noun, name_, "detach", base::Json::object()); })
        .add_option("name", name_, "name or id")
        ->required();
}

void Tree::add_host_verbs(CLI::App& group, const NounCommand& noun) {
    const auto one = [&](const char* word, const char* about) -> CLI::App& {
        CLI::App& command =
            verb(group, word, about, [this, &noun, verb_word = std::string(word)](Session& s) {
                if (flag_) return drain_plan(s, name_);
                return act(s, noun, name_, verb_word, base::Json::object());
            });
        command.add_option("name", name_, "name or id")->required();
        return command;
    };
    one("drain", "have its instances leave, those that can; none come meanwhile")
        .add_flag("--plan", flag_, "only say what would move, and what would stay and why");
    one("undrain", "let instances come again");
    verb(group, "token", "for `vdc join`: lets one machine become a host, once",
         [this](Session& s) { return host_token(s, lifetime_, flag_); })
        .add_option("--for", lifetime_, "how long it is good, at most 7d");
    group.get_subcommand("token")->add_flag("--controller", flag_,
                                            "for a controller, which gets the datacenter's keys");
    verb(group, "revoke", "shut it out: its certificate opens nothing any more",
         [this](Session& s) { return host_revoke(s, name_); })
        .add_option("name", name_, "its name")
        ->required();
    one("declare-dead",
        "answer for it that nothing of a lost host runs any more: its instances "
        "start elsewhere");
}

void Tree::add_other_verbs(CLI::App& group, const NounCommand& noun) {
    if (noun.one == "image") {
        CLI::App& command = verb(group, "import", "a disk image from a file", [this](Session& s) {
            return import_image(s, name_, file_, format_, sum_);
        });
        command.add_option("name", name_, "its name")->required();
        command.add_option("file", file_, "raw, qcow2, VMDK, VHD or VHDX")->required();
        command.add_option("--image-format", format_, "auto, raw, qcow2, vmdk, vhd or vhdx");
        command.add_option("--sha256", sum_, "that the file must have");
    }
    if (noun.one == "balance") {
        also_past(verb(group, "plan", "which moves are worth it now; nothing is moved",
                       [](Session& s) { return balance_plan(s); }));
        verb(group, "run", "make those moves once, whatever its mode is",
             [this, &noun](Session& s) { return act(s, noun, name_, "run", base::Json::object()); })
            .add_option("name", name_, "name or id")
            ->required();
    }
    if (noun.one == "operation") {
        verb(group, "wait", "until it is over",
             [this](Session& s) {
                 const base::Status over = s.wait_for_operation(name_);
                 return over.ok() ? 0 : say(over.error());
             })
            .add_option("id", name_, "its id")
            ->required();
        verb(group, "cancel", "stop following it; what it asked for stays",
             [this, &noun](Session& s) {
                 return act(s, noun, name_, "cancel", base::Json::object());
             })
            .add_option("id", name_, "its id")
            ->required();
    }
}

void Tree::add_top_commands() {
    CLI::App& event = *app_.add_subcommand("event", "what happened, from the log");
    event.require_subcommand(1);
    event.fallthrough();
    CLI::App& listed = verb(event, "list", "the last ones; -f follows",
                            [this](Session& s) { return events(s, name_, flag_); });
    also_past(listed);
    listed.add_option("about", name_, "name of a thing; none: all");
    listed.add_flag("-f,--follow", flag_, "go on with new ones");

    CLI::App& applied = verb(app_, "apply", "make everything in a manifest so, in one step",
                             [this](Session& s) { return apply(s, file_, flag_); });
    applied.add_option("-f,--file", file_, "YAML documents; - is stdin")->required();
    applied.add_flag("--plan", flag_,
                     "only say what would change: exit code 0 nothing, 1 something, 255 error");
    CLI::App& reasons = verb(app_, "why", "what happened to a thing, and why",
                             [this](Session& s) { return why(s, name_); });
    reasons.add_option("name", name_, "an instance, application, volume, image or network")
        ->required();
    also_past(reasons);
    verb(app_, "why-not",
         "whether a manifest would find room, and what would let it in: exit code 5 when it does "
         "not",
         [this](Session& s) { return why_not(s, file_); })
        .add_option("-f,--file", file_, "a manifest, as of `vdc apply -f`; - is stdin")
        ->required();
    verb(app_, "console", "an instance's serial console; Ctrl-] leaves",
         [this](Session& s) { return console(s, name_); })
        .add_option("name", name_, "name or id")
        ->required();
    also_past(
        verb(app_, "status", "the datacenter at a glance", [](Session& s) { return status(s); }));
    also_past(verb(app_, "guarantee",
                   "where everything would start if a host were lost: exit code 5 when a loss is "
                   "not covered",
                   [](Session& s) { return guarantee(s); }));
    CLI::App& recovery = *app_.add_subcommand("recovery", "what was lost with hosts");
    recovery.require_subcommand(1);
    recovery.fallthrough();
    verb(recovery, "show", "when each lost instance had a place and ran again, newest loss first",
         [this](Session& s) { return recoveries(s, limit_); })
        .add_option("--limit", limit_, "how many losses; by default 10");
    add_cluster_commands();
    add_backup_commands();
    add_past_command();
    add_replay_commands();
    add_what_if_command();
    CLI::App& waited = verb(app_, "wait", "until a thing has a status",
                            [this](Session& s) { return wait_for(s, other_, name_, word_); });
    waited.add_option("noun", other_, "app, instance, ...")->required();
    waited.add_option("name", name_, "name or id")->required();
    waited.add_option("--for", word_, "running, ready, stopped, ... or gone")->required();
    CLI::App& api = verb(app_, "api", "a request of your own",
                         [this](Session& s) { return raw(s, word_, name_, body_); });
    api.add_option("method", word_, "GET, POST, PUT, PATCH or DELETE")->required();
    api.add_option("path", name_, "for example /v1/instances?limit=5")->required();
    api.add_option("--body", body_, "JSON");
    CLI::App& completed = verb(app_, "complete", "names of a noun, for shells",
                               [this](Session& s) { return complete(s, other_); });
    completed.add_option("noun", other_, "")->required();
    completed.group("");
}

void Tree::add_cluster_commands() {
    CLI::App& cluster = *app_.add_subcommand("cluster", "the controllers of the datacenter");
    cluster.require_subcommand(1);
    cluster.fallthrough();
    verb(cluster, "init",
         "lets the datacenter have several controllers: its records move to etcd, instances go on",
         [](Session& s) { return cluster_init(s); });
    verb(cluster, "status", "which controllers there are, and who leads",
         [](Session& s) { return cluster_status(s); });
    verb(cluster, "check", "what is not well with them: exit code 5 when something is not",
         [](Session& s) { return cluster_check(s); });
    verb(cluster, "remove", "one is no controller any more; for one that is lost for good",
         [this](Session& s) { return cluster_remove(s, name_); })
        .add_option("name", name_, "its name")
        ->required();
}

void Tree::add_past_command() {
    CLI::App& at =
        verb(app_, "at", "as it was: vdc at TIME NOUN list|show, why, status, event list",
             [](Session& s) { return moment(s); });
    at.footer(
        "TIME is 2026-11-22T12:00:00Z, '10 minutes ago', -10m, or revision 4711.\n"
        "What follows it is one of the commands that read: NOUN list, NOUN show NAME, why NAME,\n"
        "status, event list. Alone it says which revision that was, and how far back one can "
        "look.");
    also_past(at);
}

void Tree::add_replay_commands() {
    CLI::App& replayed = verb(app_, "replay", "the past again, commit by commit, with its reasons",
                              [this](Session& s) {
                                  if (!replay_.policy.empty())
                                      return replay_policy(s, replay_, local_.rerun);
                                  return replay(s, replay_);
                              });
    replayed.add_option("file", replay_.file,
                        "an exported log, - is stdin; none: this datacenter's");
    replayed.add_option("--from", replay_.from, "moment to begin at, as of `vdc at`");
    replayed.add_option("--to", replay_.to, "moment to end at");
    replayed.add_option("--policy", replay_.policy,
                        "the same inputs under other settings (YAML), simulated: what differs");
    replayed.add_flag("--step", replay_.step, "wait for Enter after each commit");
    CLI::App& log = *app_.add_subcommand("log", "the log of all changes");
    log.require_subcommand(1);
    log.fallthrough();
    CLI::App& exported =
        verb(log, "export", "into a file, for `vdc replay FILE`",
             [this](Session& s) { return export_log(s, file_, replay_.from, replay_.to); });
    exported.add_option("file", file_, "- is stdout")->required();
    exported.add_option("--from", replay_.from, "moment to begin at, as of `vdc at`");
    exported.add_option("--to", replay_.to, "moment to end at");
}

void Tree::add_what_if_command() {
    CLI::App& asked = verb(app_, "whatif", "what would happen if: nothing is changed",
                           [this](Session& s) { return what_if(s, what_if_); });
    asked.add_option("--fail", what_if_.fail,
                     "host/NAME, instance/NAME (its QEMU), or LABEL/VALUE: all hosts with it");
    asked.add_option("--drain", what_if_.drain, "host/NAME, or LABEL/VALUE");
    asked.add_option("--add-hosts", what_if_.add_hosts, "how many");
    asked.add_option("--like", what_if_.like, "the host that they are like");
    asked.add_option("--run", what_if_.run, "a manifest, as of `vdc apply -f`; - is stdin");
    asked.add_option("--flavor-change", what_if_.flavors,
                     "NAME=FLAVOR: an application rolls; an instance stops, changes, starts");
    asked.add_option("--policy", what_if_.policy, "other settings (YAML), as of `vdc replay`");
    asked.add_option("--within", what_if_.within, "how far ahead to look; by default 10m");
    asked.add_option("--seed", what_if_.seed, "of all chance");
    asked.add_option("--plot", what_if_.plot, "draw it into this file, as SVG");
    asked.footer(
        "Several can be combined. What makes something new comes to rest first; losses and drains\n"
        "follow, and times are counted from them. docs/whatif.md says how far to believe it.");
}

bool Tree::is_command(const std::string& word) const {
    const auto commands = app_.get_subcommands([](const CLI::App*) { return true; });
    return std::any_of(commands.begin(), commands.end(),
                       [&](const CLI::App* command) { return command->get_name() == word; });
}

/// The words without "at TIME", which is noted. TIME goes up to the next command or option.
base::Result<std::vector<std::string>> Tree::without_moment(const std::vector<std::string>& words) {
    std::size_t at = 0;
    while (at < words.size() && words[at].starts_with('-')) {
        const CLI::Option* option = app_.get_option_no_throw(words[at]);
        at += option != nullptr && option->get_items_expected_max() > 0 ? 2 : 1;
    }
    if (at >= words.size() || words[at] != "at") return words;
    std::size_t end = at + 1;
    const auto of_time = [&](const std::string& word) {
        const bool option =
            word.starts_with('-') && (word.size() < 2 || word[1] < '0' || word[1] > '9');
        return !option && !is_command(word);
    };
    for (; end < words.size() && of_time(words[end]); ++end)
        common_.at += (common_.at.empty() ? "" : " ") + words[end];
    if (common_.at.empty()) {
        const bool help = end < words.size() && words[end].starts_with('-');
        if (help) return words;
        return base::Error{base::Error::Code::invalid, "a time must follow `vdc at`",
                           "for example `vdc at '10 minutes ago' instance list`"};
    }
    std::vector<std::string> rest(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
    const auto after = words.begin() + static_cast<std::ptrdiff_t>(end);
    if (std::none_of(after, words.end(), [&](const auto& word) { return is_command(word); }))
        rest.emplace_back("at");
    rest.insert(rest.end(), after, words.end());
    return rest;
}

bool Tree::reads_the_past() const {
    if (flag_ || !deed_) return false;  // -f follows what comes
    return std::any_of(past_commands_.begin(), past_commands_.end(),
                       [](const CLI::App* command) { return command->parsed(); });
}

/// Whether it is an option of every command whose value is the next word.
bool Tree::takes_next_word(const std::string& word) const {
    const CLI::Option* known = app_.get_option_no_throw(word);
    return known != nullptr && known->get_items_expected_min() > 0;
}

/// What might have been meant by a first or second word that is no command.
std::string Tree::noun_hint(const std::vector<std::string>& words) const {
    const CLI::App* here = &app_;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (word.starts_with('-')) {
            if (takes_next_word(word)) ++at;
            continue;
        }
        std::vector<std::string> known;
        const CLI::App* next = nullptr;
        for (const CLI::App* each : here->get_subcommands([](const CLI::App*) { return true; })) {
            known.push_back(each->get_name());
            if (each->get_name() == word) next = each;
        }
        if (next == nullptr) return known.empty() ? "" : base::did_you_mean(word, known);
        here = next;
    }
    return "";
}

/// The words without the fields of `create` and `edit`: which fields there are, the API knows.
std::vector<std::string> Tree::without_fields(const std::vector<std::string>& words) {
    std::vector<std::string> rest;
    std::size_t plain = 0;  // words that are no option and no option's value
    bool takes_fields = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (!word.starts_with('-') || word == "-") {
            if (++plain == 2) takes_fields = word == "create" || word == "edit";
            rest.push_back(word);
            continue;
        }
        const bool known = app_.get_option_no_throw(word.substr(0, word.find('='))) != nullptr;
        const bool ours = known || !takes_fields || word == "--help" || word == "-h";
        const bool field_takes_next = !ours && word.find('=') == std::string::npos;
        const bool wants_value = field_takes_next || takes_next_word(word);
        std::vector<std::string>& to = ours ? rest : fields_;
        to.push_back(word);
        if (wants_value && at + 1 < words.size()) to.push_back(words[++at]);
    }
    return rest;
}

int Tree::run(const std::vector<std::string>& all_words) {
    const auto present = without_moment(all_words);
    if (!present.ok()) return say(present.error());
    const std::vector<std::string> words = without_fields(*present);
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
        app_.parse(reversed);
    } catch (const CLI::CallForHelp& help) {
        return app_.exit(help);
    } catch (const CLI::CallForVersion&) {
        std::printf("vdc %s\n", local_.version.c_str());
        return 0;
    } catch (const CLI::Success& done) {
        return app_.exit(done);
    } catch (const CLI::ParseError& wrong) {
        std::fprintf(stderr, "error: %s%s; `vdc --help` shows the words there are\n", wrong.what(),
                     noun_hint(words).c_str());
        return 2;
    }
    if (!common_.at.empty() && !reads_the_past())
        return say({base::Error::Code::invalid, "`vdc at` looks at the past; it changes nothing",
                    "it takes NOUN list, NOUN show NAME, why NAME, status and event list"});
    if (local_deed_) return local_deed_();
    Session session(common_);
    return deed_(session);
}

int run(const std::vector<std::string>& words, const LocalCommands& local) {
    Tree tree(local);
    return tree.run(words.empty() ? std::vector<std::string>{"--help"} : words);
}

}  // namespace vdc::cli
