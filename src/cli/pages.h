#pragma once

#include <string>

namespace CLI {
class App;
}

namespace vdc::cli {

/// Prints a completion script for bash, zsh or fish, made from the tree of commands; names of
/// things are asked of the API when they are completed.
int print_completion(const CLI::App& tree, const std::string& shell);

/// Writes vdc.1 and a page per command, vdc-NOUN.1, made from the tree of commands.
int write_manual(const CLI::App& tree, const std::string& folder);

}  // namespace vdc::cli
