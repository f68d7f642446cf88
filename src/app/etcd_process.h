#pragma once

#include <string>
#include <vector>

#include "app/controller_papers.h"
#include "app/settings.h"

namespace vdc::app {

/// This machine's etcd: a process of its own, which goes on when the daemon ends or begins anew,
/// and is found again. Blocking; for one thread at a time.
class EtcdProcess {
  public:
    /// `name` is the controller's. What it keeps lies in DATA/etcd, what it says in DATA/etcd.log.
    EtcdProcess(const Settings& settings, const ControllerPapers& papers, std::string name);

    /// Runs, as a member of the datacenter's etcd: begins one where there is none, joins the
    /// others', without a vote, where it is new, and otherwise goes on with what it has. Does not
    /// wait until it answers.
    base::Status ensure();

    /// Gets its vote when it has come as far as the others; whether it has it.
    base::Result<bool> ensure_vote();

    /// Whether its process is there.
    base::Result<bool> runs() const;

    /// Kills it. Does not run: fine.
    base::Status end();

  private:
    base::Result<std::string> join_others();
    base::Status start(const std::string& cluster, const std::string& state);

    const std::string data_;
    const std::string run_;
    const ControllerPapers papers_;
    const std::string name_;
};

/// The words of its command line. `cluster` is "NAME=PEER,...", `state` "new" or "existing".
std::vector<std::string> etcd_words(const std::string& data, const ControllerPapers& papers,
                                    const std::string& name, const std::string& cluster,
                                    const std::string& state);

}  // namespace vdc::app
