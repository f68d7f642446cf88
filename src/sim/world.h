#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "base/chance.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "sim/pretend_host.h"
#include "sim/pretend_store.h"
#include "sim/time_line.h"
#include "store/store.h"

/// The whole house in virtual time. Engine, agent, reconcilers and placement are the production
/// objects; hosts, the store's medium and the ways between them are pretended.
namespace vdc::sim {

/// One line of the story: what was committed, or what the script did.
struct Line {
    base::Instant at;
    std::string text;
};

class World {
  public:
    /// A host of one's own making.
    struct Machine {
        model::HostId id;
        std::string name;
        base::Vcpus vcpus{8};
        base::MiB memory{32768};
    };

    struct Options {
        int hosts = 1;
        base::Vcpus vcpus{8};
        base::MiB memory{32768};
        std::uint64_t seed = 0;
        std::vector<Machine> machines = {};  ///< instead of so many equal hosts
        bool begins_empty = false;           ///< without the default project and flavors
        std::function<void(const model::CommitPtr&)> on_commit = {};
    };

    explicit World(const Options& options);
    ~World();

    // ---- people ----

    /// A request as the API would submit it. The answer is kept for the oracles.
    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const base::Json& body);

    /// Steps as somebody's request made them once. `refused` is told why they are not possible now.
    void submit(const std::string& actor, const std::string& request,
                std::function<std::vector<model::Step>(const model::Snapshot&)> steps,
                std::function<void(const base::Error&)> refused);

    // ---- faults ----

    /// A run ends as it did elsewhere: by a crash, or by its guest. False when it does not run.
    bool end_run(model::InstanceId instance, model::RunEnd how);

    bool crash_instance(const std::string& name);
    bool power_off_guest(const std::string& name);
    void kill_agent(std::size_t host);  ///< with everything that it has in memory
    void start_agent(std::size_t host);
    void kill_engine();
    void start_engine();
    PretendStore& store() { return *store_; }
    PretendHost& host(std::size_t index) { return *sites_[index].host; }
    std::size_t hosts() const { return sites_.size(); }
    bool agent_lives(std::size_t host) const { return sites_[host].agent != nullptr; }
    bool engine_lives() const { return engine_ != nullptr; }
    /// Messages between engine and agents take up to this long.
    void set_delay(base::Duration most) { delay_most_ = most; }

    // ---- time ----

    void run_for(base::Duration duration);
    base::Instant now() const { return time_line_.now(); }

    // ---- what happened ----

    const std::vector<Line>& story() const { return story_; }
    void tell(std::string text) { story_.push_back({now(), std::move(text)}); }

    /// A hash over everything that happened: commits with their times and reasons, and all requests
    /// with their answers. Equal for equal runs.
    base::Hash128 history_hash() const { return history_.finish(); }

    /// The first violated invariant, or empty. Checked after every task.
    const std::string& violation() const { return violation_; }
    /// Says that the datacenter should be at rest now: wanted things run, nothing is left over, and
    /// nothing changes any more.
    void check_at_rest();

    engine::SnapshotPtr snapshot() const;
    std::uint64_t tasks_run() const { return time_line_.tasks_run(); }

  private:
    struct Site {
        model::HostId id;
        std::unique_ptr<PretendHost> host;
        std::unique_ptr<PretendHands> hands;
        std::unique_ptr<agent::Controller> controller;
        std::unique_ptr<agent::Agent> agent;
        int life = 0;  ///< counts agents: messages to an earlier one are lost
    };
    class Link;

    void heard(const model::CommitPtr& commit, const engine::SnapshotPtr& snapshot);
    void send_duties(std::size_t site);
    void register_host(std::size_t site);
    void after_each_task();
    void violated(const std::string& what);
    base::Duration delay();
    void answer_report(std::uint64_t number, const base::Status& status);
    void answered(const std::string& request, const std::string& outcome);

    const bool begins_empty_;
    const std::function<void(const model::CommitPtr&)> on_commit_;
    TimeLine time_line_;
    base::Chance chance_;
    std::unique_ptr<PretendStore> store_;
    std::unique_ptr<engine::Engine> engine_;
    std::vector<Site> sites_;
    base::Duration delay_most_{2'000};
    std::vector<Line> story_;
    base::Hasher history_;
    std::string violation_;
    std::map<std::uint64_t, std::function<void(base::Status)>>
        reports_;  ///< that wait for an answer
    std::uint64_t next_report_ = 0;
    std::uint64_t requests_ = 0;
    model::Revision acknowledged_ = 0;  ///< highest revision that a client was told is durable
    model::Revision checked_ = 0;       ///< revision last held against the invariants
};

}  // namespace vdc::sim
