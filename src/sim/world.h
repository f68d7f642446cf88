#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/agent.h"
#include "base/chance.h"
#include "base/hash.h"
#include "control/lives.h"
#include "engine/engine.h"
#include "sim/agent_clock.h"
#include "sim/lease_oracle.h"
#include "sim/leases.h"
#include "sim/ledger.h"
#include "sim/move_oracle.h"
#include "sim/oracles.h"
#include "sim/pretend_host.h"
#include "sim/pretend_store.h"
#include "sim/run_oracle.h"
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

    /// A datacenter as it is, to go on from there. All its hosts hold what their records say is
    /// there, and rest: a host's agent begins when a change concerns it, and is told of those parts
    /// of its duties which changes concern (sim/concern.h). Nothing is judged.
    struct Present {
        engine::SnapshotPtr datacenter;
        base::Instant now;
        /// How long effects take, as it was measured (sim/pacer.h); none: about what is usual, as
        /// in other worlds, and so do boots.
        std::optional<Speeds> speeds;
        bool nobody_rests = false;  ///< all agents live from the beginning, with all their duties
    };

    struct Options {
        int hosts = 1;
        base::Vcpus vcpus{8};
        base::MiB memory{32768};
        std::uint64_t seed = 0;
        std::vector<Machine> machines = {};   ///< instead of so many equal hosts
        bool begins_empty = false;            ///< without the default project and flavors
        std::optional<Present> present = {};  ///< with `machines` beside those that it has
        std::function<void(const model::CommitPtr&)> on_commit = {};
        /// With one, all hosts live by it and reach the pool "nas" (sim/fencing.cc).
        model::LeaseProfile lease = model::LeaseProfile::none;
        LeaseFlaw flaw = LeaseFlaw::none;
        bool tunnels = false;  ///< hosts reach each other's networks
        bool moves = false;    ///< guests can move between them while they run
    };

    explicit World(const Options& options);
    ~World();

    // ---- people ----

    /// A request as the API would submit it. The answer is kept for the oracles.
    /// Of that project; empty: "default".
    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const base::Json& body, const std::string& project = {});
    /// Is in the user data of instances, and nobody may hear it (I16).
    static constexpr const char* secret = "open-sesame";

    /// Steps as somebody's request made them once. `refused` is told why they are not possible now.
    void submit(const std::string& actor, const std::string& request,
                std::function<base::Result<std::vector<model::Step>>(const model::Snapshot&)> steps,
                std::function<void(const base::Error&)> refused);

    // ---- faults ----

    /// A run ends as it did elsewhere: by a crash, or by its guest. False when it does not run.
    bool end_run(model::InstanceId instance, model::RunEnd how);

    /// The instance, and its front, rest no more: what happens to them is noticed at once.
    void wake(model::InstanceId instance);
    /// Where this host is among all; none: it has no machine here.
    std::optional<std::size_t> place_of(model::HostId host) const;

    bool crash_instance(const std::string& name);
    bool power_off_guest(const std::string& name);
    bool hang_guest(const std::string& name);
    /// From now on the guest of this run hears no button.
    bool deafen_guest(const std::string& name);
    void kill_agent(std::size_t host);  ///< with everything that it has in memory
    void start_agent(std::size_t host);
    /// The agent does nothing for so long; then it goes on where it was.
    void stall_agent(std::size_t host, base::Duration duration);
    /// The host's own disks are full for so long.
    void fill_disk(std::size_t host, base::Duration duration) {
        sites_[host].host->full_until = now() + duration;
    }
    void set_clock(std::size_t host, base::Duration offset) { sites_[host].clock->offset = offset; }
    /// Power goes: with the agent, all processes of the host are gone. It stays off for so long.
    void reboot_host(std::size_t host, base::Duration off);
    /// It is off for good: nothing brings it back.
    void lose_host(std::size_t host);
    /// Its power goes for so long, or for good, and an operator, who looked, says that it is dead.
    void bury_host(std::size_t host, std::optional<base::Duration> off);
    /// The store takes no renewals and no fences for so long.
    void set_store_gap(base::Duration duration);
    /// The leader sees no renewals for so long, though they are made.
    void stick_watch(base::Duration duration);
    /// The leader's watch was compacted away: it never sees the renewals of so long, and then reads
    /// how all lives stand.
    void skip_watch(base::Duration duration);
    bool break_front(const std::string& application);
    void kill_engine();
    void start_engine();
    /// All records are lost with the engine. It begins anew with those that back_up() kept, while
    /// the hosts live on (sim/world_restore.cc). The store keeps no faults.
    void back_up() { kept_ = snapshot(); }
    bool has_backup() const { return kept_ != nullptr; }
    void restore();
    /// As control::release, and control::end_stranger, of the stranger of that name. The answer.
    base::Status release(const std::set<std::string>& without);
    base::Status end_stranger(const std::string& host, const std::string& name);
    PretendStore& store() { return *store_; }
    PretendHost& host(std::size_t index) { return *sites_[index].host; }
    std::size_t hosts() const { return sites_.size(); }
    bool agent_lives(std::size_t host) const { return sites_[host].agent != nullptr; }
    bool engine_lives() const { return engine_ != nullptr; }
    bool has_leases() const { return lease_ != model::LeaseProfile::none; }
    /// What becomes of messages between engine and agents.
    struct Ways {
        base::Duration delay_most{2'000};
        int lost_per_mille = 0;
        int twice_per_mille = 0;
        int late_per_mille = 0;  ///< up to 5 s more than others
    };
    Ways ways;
    enum class Way { up, down };  ///< to the engine, to the agent
    void cut(std::size_t host, Way way, bool is_cut);
    /// All faults end; what is dead starts again.
    void heal();

    // ---- moves (sim/aim.cc) ----

    /// A guest that moves between two hosts, or of which one of them has not heard that it does not
    /// any more. An end is none where the host is not known.
    struct MoveUnderWay {
        model::InstanceId instance;
        std::optional<std::size_t> from;
        std::optional<std::size_t> to;
        Phase phase;
    };
    /// As the hosts were told last and as the machines are: by instance, then by generation.
    std::vector<MoveUnderWay> moves_under_way() const;
    /// Time passes until some move is in that phase, but at most so long; whether one is. It is the
    /// one that is `aimed` at from then on.
    bool run_until_moving(Phase phase, base::Duration most);
    const std::optional<MoveUnderWay>& aimed() const { return aimed_; }
    /// The ends of that move, and its runs there, in commands.
    static constexpr const char* sender = "sender";
    static constexpr const char* receiver = "receiver";

    // ---- time ----

    /// Ends early at the first violation.
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

    const Coverage& coverage() const { return coverage_; }

    engine::SnapshotPtr snapshot() const;
    std::uint64_t tasks_run() const { return time_line_.tasks_run(); }

  private:
    /// A report on its way: repeated until it is answered.
    struct Outgoing {
        model::Step step;
        std::function<void(base::Status)> done;
    };
    struct Site {
        model::HostId id;
        std::unique_ptr<PretendHost> host;
        std::unique_ptr<AgentClock> clock;
        std::unique_ptr<PretendHands> hands;
        std::unique_ptr<agent::Controller> controller;
        std::unique_ptr<agent::Agent> agent;
        base::Instant off_until;
        int life = 0;  ///< counts agents: messages to an earlier one are lost

        // The agent's end of its connection.
        std::map<std::uint64_t, Outgoing> outbox;
        std::uint64_t sequence = 0;
        engine::SnapshotPtr given;  ///< what its duties were read off

        // The engine's end: lost with the engine.
        int life_heard = 0;
        std::uint64_t delivered = 0;
        std::map<std::uint64_t, std::optional<base::Status>> outcomes;
        std::map<std::uint64_t, model::Step> early;  ///< reports that overtook others
        model::Revision concerned = 0;               ///< the newest that changed its duties
        bool duties_posted = false;
        int registered = 0;  ///< the agent's life that the engine was asked to enter
        int admitted = 0;    ///< the one that is entered, durably: only now it hears its duties

        /// When the button of a run, by instance and process, was pressed first and last.
        std::map<std::pair<model::InstanceId, std::int64_t>, Pressed> pressed;

        bool cut_up = false;
        bool cut_down = false;

        // Its lease: what the agent has in memory, and what the machine keeps beyond it.
        std::optional<control::LeaseHolder> holder;
        RateClock boot;
        std::optional<base::Instant> page;  ///< the deadline that the guards see; none: not held
        model::Epoch epoch = 0;             ///< under which its duties came last
        bool is_guarded = false;            ///< a guard's alarm is set, or it is at work
        bool fenced_itself = false;
        int boots = 0;

        // Its duties as they were read last, and what has changed in them since: when.
        control::Duties duties;
        std::map<model::Subject, model::Revision> changed;

        // In a present datacenter.
        bool rests = false;        ///< nothing has concerned it yet
        control::Parts furnished;  ///< of its duties: what its records say is there, is there
        control::Parts awake;      ///< of its duties: what its agent is told of
    };
    class Link;

    /// Where an instance of a present datacenter is, as the hosts were told of last.
    struct Whereabouts {
        std::optional<std::size_t> site;  ///< none: nowhere
        bool is_real = false;             ///< the machine knows more than the records
        bool runs = false;                ///< by the records
    };
    struct AnyPart {  ///< of an id, which is a hash by itself
        std::size_t operator()(model::InstanceId id) const { return id.value.low; }
    };

    // sim/people.cc
    struct Wish;
    struct Asked {
        std::string project;
        int times = 0;  ///< that it was done
    };
    void send_wish(Wish wish);
    void ask_again(Wish wish, const base::Error& error);
    void judge_repeated(const Wish& wish, const model::Snapshot& after);
    void judge_request(const model::Commit& commit, const model::Snapshot& after);
    void judge_words(const std::string& words);

    // sim/fencing.cc
    base::Instant leader_now() const;
    void begin_leases();
    void learn_epoch(std::size_t site, const control::Duties& duties);
    void renew_forever(std::size_t site);
    void renew(std::size_t site);
    void carry(std::size_t site, Way way, std::function<void()> arrive);
    void hear_renewed(std::size_t site, int life, const control::LeaseHolder::Renewal& renewal,
                      bool is_committed);
    void arm_guards(std::size_t site);
    void fence_self(std::size_t site);
    bool may_begin(std::size_t site, const control::Effect& effect) const;
    void tell_leader(model::HostId host, std::uint64_t revision);
    void read_lives();
    void take_office();
    void lead_forever();
    void lead();
    std::vector<control::FenceOrder> flawed_fences(const model::Snapshot& s) const;
    void fence(control::FenceOrder order);
    void judge_fence(const model::Step& step, const model::Snapshot& after);
    void learn_lives(const model::Commit& commit, const model::Snapshot& after);

    // sim/world_restore.cc
    using Steps = base::Result<std::vector<model::Step>>;
    base::Status ask_of_restore(std::function<Steps(const model::Snapshot&)> decide);

    void add_site(const Machine& machine);
    void heard_group(const engine::Engine::Group& group, const engine::SnapshotPtr& after);
    void judge(const model::CommitPtr& commit, const engine::SnapshotPtr& snapshot);
    void wake_concerned(const engine::Engine::Group& group, const engine::SnapshotPtr& after);
    void wake(std::size_t site, const control::Parts& parts, const engine::SnapshotPtr& after);
    void wake_all();
    void furnish(std::size_t site, const control::Parts& parts, const model::Snapshot& as_of);
    bool rests(const Site& site, const model::Subject& part) const;
    void note_changed(Site& site, const control::Parts& parts, model::Revision when);
    control::Duties duties_of(Site& site, const model::Snapshot& known);
    PretendHost* neighbour(const std::string& name);
    bool answers(model::InstanceId instance);
    Whereabouts whereabouts(model::InstanceId instance) const;
    void hear(const engine::Engine::Group& commits, engine::SnapshotPtr now);
    void send(std::size_t site, Way way, Phase phase, std::function<void()> arrive);
    void transmit(std::size_t site, int life, std::uint64_t sequence);
    void receive(std::size_t site, int life, std::uint64_t sequence, std::uint64_t lowest,
                 const model::Step& step);
    void break_connection(std::size_t site);
    void take(std::size_t site, int life, model::Step step);
    void acknowledge(std::size_t site, int life, std::uint64_t sequence, base::Status status);
    void call_in(std::size_t site);
    void call_in_forever(std::size_t site);
    void hear_call(std::size_t site, int life, model::Revision known, model::Epoch fenced_itself);
    void tell_hosts(const engine::Engine::Group& commits, const engine::SnapshotPtr& now);
    void post_duties(std::size_t site);
    void send_duties(std::size_t site);
    void register_host(std::size_t site, int life, model::Epoch fenced_itself);
    void judge_effect(std::size_t site, const control::Effect& effect);
    RunOracle::Site site_of(model::HostId host) const;
    void judge_launch(const Site& site, const control::Launch& launch);
    void note_off(const Site& site, model::InstanceId id, std::int64_t pid);
    /// The host on which an instance of that name runs, and it.
    struct Run {
        Site* site = nullptr;
        std::size_t index = 0;  ///< of the site
        model::InstanceId instance;
    };
    std::optional<Run> run_of(const std::string& name);
    std::optional<Run> aimed_run(const std::string& name);
    std::set<Phase> phases() const;
    std::set<Phase> phases_at(std::size_t site) const;
    Phase phase_of_report(const model::Step& step) const;
    Phase phase_of_move(const model::Instance& instance) const;
    void judge_moving_launch(const Site& site, const control::InstanceSpec& instance);
    void judge_going_on(const Site& site, model::InstanceId id);
    void run_while(base::Duration duration, const std::function<bool()>& goes_on);
    void check_log();
    void after_each_task();
    void violated(const std::string& what);
    base::Duration delay();
    void answered(const std::string& request, const std::string& outcome);

    const bool begins_empty_;
    const std::optional<Present> present_;
    std::map<std::string, std::size_t> by_name_;
    const std::function<void(const model::CommitPtr&)> on_commit_;
    const model::LeaseProfile lease_;
    const bool tunnels_;  ///< hosts reach each other's networks
    const bool moves_;    ///< guests can move between them while they run
    const LeaseFlaw flaw_;
    TimeLine time_line_;
    base::Chance chance_;
    std::unique_ptr<PretendStore> store_;
    AgentClock store_clock_{time_line_};  ///< the loop of the engine's writes
    std::unique_ptr<engine::Engine> engine_;
    std::optional<Pacer> pacer_;
    std::vector<Site> sites_;
    std::map<model::HostId, std::size_t> site_of_;
    engine::SnapshotPtr heard_;  ///< the last that the hosts were told of
    engine::SnapshotPtr kept_;   ///< a backup
    /// What was lost before a restore: an engine that is gone may be writing there still.
    std::vector<std::unique_ptr<PretendStore>> lost_stores_;
    model::Revision log_begins_ = 0;  ///< before its first commit
    /// Fronts ask of each replica every second: what was looked up, until it is another one.
    std::unordered_map<model::InstanceId, Whereabouts, AnyPart> whereabouts_;
    control::Lives lives_;
    LeaseOracle lease_oracle_;
    PretendHost::SharedPool shared_pool_;
    std::optional<control::LeaseWatch> watch_;  ///< of the leader in office
    int fences_under_way_ = 0;  ///< of the present engine: not known yet whether they are durable
    std::map<model::HostId, std::pair<std::uint64_t, base::Instant>> last_seen_;
    RateClock leader_clock_;
    base::Instant store_back_;
    base::Instant watch_moves_;
    base::Instant watch_back_;                                      ///< until then it skips
    std::vector<std::pair<std::string, base::Instant>> fenced_at_;  ///< in which failure domain
    std::vector<Line> story_;
    std::string line_;  ///< of the history, used again and again
    base::Hasher history_;
    std::string violation_;
    Coverage coverage_;
    Ledger ledger_;
    RunOracle run_oracle_{[this](model::HostId host) { return site_of(host); }};
    MoveOracle move_oracle_;
    PretendHost::Writes writes_;
    std::optional<MoveUnderWay> aimed_;
    /// Guests that powered themselves off: in which generation, and what their run had obeyed.
    std::map<model::InstanceId, std::pair<model::Generation, control::Wishes>> went_off_;
    int engine_life_ = 0;             ///< connections end with the engine
    std::uint64_t changes_seen_ = 0;  ///< of all hosts, last held against the invariants
    std::uint64_t requests_ = 0;
    std::map<std::string, Asked> wishes_;  ///< by the id of the request
    model::Revision acknowledged_ = 0;     ///< highest revision that a client was told is durable
    model::Revision checked_ = 0;          ///< revision last held against the invariants
};

}  // namespace vdc::sim
