#include "cli/pages.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/session.h"
#include "runtime/files.h"

namespace vdc::cli {

static std::vector<const CLI::App*> children(const CLI::App& app) {
    std::vector<const CLI::App*> shown;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!each->get_group().empty()) shown.push_back(each);
    return shown;
}

static std::string words_of(const CLI::App& app) {
    std::string words;
    for (const CLI::App* each : children(app))
        words += (words.empty() ? "" : " ") + each->get_name();
    return words;
}

static std::string bash_script(const CLI::App& tree) {
    std::string cases;
    for (const CLI::App* noun : children(tree))
        if (const std::string verbs = words_of(*noun); !verbs.empty())
            cases += "    " + noun->get_name() + ") words=\"" + verbs + "\" ;;\n";
    return "_vdc() {\n"
           "  local here=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
           "  if [ \"$COMP_CWORD\" = 1 ]; then\n    words=\"" +
           words_of(tree) +
           "\"\n"
           "  elif [ \"$COMP_CWORD\" = 2 ]; then\n    case \"${COMP_WORDS[1]}\" in\n" +
           cases +
           "    why|console) words=\"$(vdc complete instance 2>/dev/null; vdc complete app "
           "2>/dev/null)\" ;;\n"
           "    esac\n"
           "  else\n    words=\"$(vdc complete \"${COMP_WORDS[1]}\" 2>/dev/null)\"\n  fi\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n}\n"
           "complete -o default -F _vdc vdc\n";
}

static std::string fish_script(const CLI::App& tree) {
    std::string out = "complete -c vdc -f\n";
    for (const CLI::App* noun : children(tree)) {
        out += "complete -c vdc -n __fish_use_subcommand -a " + noun->get_name() + "\n";
        for (const CLI::App* verb : children(*noun))
            out += "complete -c vdc -n '__fish_seen_subcommand_from " + noun->get_name() + "' -a " +
                   verb->get_name() + "\n";
        out += "complete -c vdc -n '__fish_seen_subcommand_from " + noun->get_name() +
               "' -a '(vdc complete " + noun->get_name() + " 2>/dev/null)'\n";
    }
    return out;
}

int print_completion(const CLI::App& tree, const std::string& shell) {
    if (shell == "bash")
        std::printf("%s", bash_script(tree).c_str());
    else if (shell == "zsh")
        std::printf("autoload -U +X bashcompinit && bashcompinit\n%s", bash_script(tree).c_str());
    else if (shell == "fish")
        std::printf("%s", fish_script(tree).c_str());
    else
        return say({base::Error::Code::invalid, "there is no completion for '" + shell + "'",
                    "take bash, zsh or fish"});
    return 0;
}

/// Text as roff takes it: a leading dot or quote, and backslashes, are not commands.
static std::string roff(const std::string& text) {
    std::string out;
    bool line_begins = true;
    for (const char c : text) {
        if (line_begins && (c == '.' || c == '\'')) out += "\\&";
        out += c == '\\' ? std::string("\\e") : c == '-' ? std::string("\\-") : std::string(1, c);
        line_begins = c == '\n';
    }
    return out;
}

static base::Status write_page(const CLI::App& command, const std::string& name,
                               const std::string& folder) {
    std::string page = ".TH " + name + " 1\n.SH NAME\n" + roff(name) + " \\- " +
                       roff(command.get_description()) + "\n.SH USAGE\n.nf\n" +
                       roff(command.help(name, CLI::AppFormatMode::All)) +
                       "\n.fi\n.SH EXIT STATUS\n.nf\n"
                       "0  done\n1  failed\n2  wrong words\n3  not found\n4  timed out\n.fi\n";
    return runtime::write_file_atomic(folder + "/" + name + ".1", page, 0644);
}

int write_manual(const CLI::App& tree, const std::string& folder) {
    base::Status status = runtime::ensure_dir(folder);
    if (status.ok()) status = write_page(tree, "vdc", folder);
    for (const CLI::App* command : children(tree))
        if (status.ok()) status = write_page(*command, "vdc-" + command->get_name(), folder);
    return status.ok() ? 0 : say(status.error());
}

}  // namespace vdc::cli
