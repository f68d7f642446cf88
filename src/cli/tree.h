#pragma once

#include <CLI/CLI.hpp>
#include <set>

#include "cli/bench.h"
#include "cli/cli.h"
#include "cli/nouns.h"
#include "cli/replay.h"
#include "cli/whatif.h"

namespace vdc::cli {

/// The tree of commands. Parsing chooses one deed; run() does it.
class Tree {
  public:
    explicit Tree(const LocalCommands& local);
    int run(const std::vector<std::string>& words);

  private:
    using Deed = std::function<int(Session&)>;

    void add_common();
    void add_noun(const NounCommand& noun);
    void add_instance_verbs(CLI::App& group, const NounCommand& noun);
    void add_volume_verbs(CLI::App& group, const NounCommand& noun);
    void add_host_verbs(CLI::App& group, const NounCommand& noun);
    void add_other_verbs(CLI::App& group, const NounCommand& noun);
    void add_top_commands();
    void add_local_commands();
    void add_cluster_commands();
    void add_backup_commands();
    void add_bench_command();
    void add_lab_commands();
    CLI::App& lab_verb(CLI::App& group, LabWish::Verb verb, const std::string& name,
                       const std::string& about, bool names_a_host);
    void add_place(CLI::App& command);
    CLI::App& verb(CLI::App& group, const std::string& name, const std::string& about, Deed deed);
    void add_past_command();
    void add_replay_commands();
    void add_what_if_command();
    void also_past(const CLI::App& command) { past_commands_.insert(&command); }
    bool is_command(const std::string& word) const;
    base::Result<std::vector<std::string>> without_moment(const std::vector<std::string>& words);
    bool reads_the_past() const;
    bool takes_next_word(const std::string& word) const;
    std::string noun_hint(const std::vector<std::string>& words) const;
    std::vector<std::string> without_fields(const std::vector<std::string>& words);

    const LocalCommands& local_;
    CLI::App app_{"vdc: a datacenter as one computer", "vdc"};
    Common common_;
    Place place_;
    Deed deed_;
    std::function<int()> local_deed_;
    std::set<const CLI::App*> past_commands_;  ///< what can be asked of a moment of the past

    // What the words were; one command is parsed in a run.
    std::string name_;
    std::string other_;
    std::string file_;
    std::string format_ = "auto";
    std::string sum_;
    std::string word_;
    std::string lifetime_ = "1h";
    std::uint64_t log_bytes_ = 64 << 10;
    std::string body_;
    std::vector<std::string> names_;
    std::vector<std::string> fields_;
    JoinWish join_;
    LabWish lab_;
    RestoreWish restore_;
    ReplayWish replay_;
    WhatIfWish what_if_;
    trials::PlacementWish trial_;
    bool flag_ = false;
    std::uint64_t seed_ = 0;
    std::uint64_t seeds_ = 0;
    std::uint64_t from_ = 1;
    std::uint64_t limit_ = 10;
};

}  // namespace vdc::cli
