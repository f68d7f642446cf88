#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/agent.h"
#include "base/chance.h"
#include "control/effects.h"
#include "drivers/driver.h"
#include "sim/faults.h"
#include "sim/pacer.h"
#include "sim/time_line.h"

namespace vdc::sim {

/// How a pretended host treats effects. All zero: everything works, quickly.
struct HostFaults {
    int fail_per_mille = 0;   ///< effects that fail without having done anything
    int lose_per_mille = 0;   ///< effects that are done, and then reported as failed
    int slow_per_mille = 0;   ///< effects that take up to 20 s
    int break_per_mille = 0;  ///< steps of sending at which the streams of a move break

    friend bool operator==(const HostFaults&, const HostFaults&) = default;
};

/// A machine with everything that outlives an agent: files, networks, processes. It keeps the
/// promises of drivers::Driver and has none of the product's code in it but the effects themselves.
class PretendHost {
  public:
    PretendHost(std::string name, TimeLine& time_line, std::uint64_t seed);

    /// Does the effect now and says what is there afterwards.
    base::Result<control::Sighting> run(const control::Effect& effect);

    /// How long the next effect takes, and what becomes of it.
    struct Fate {
        base::Duration takes{};
        bool slow = false;
        bool fails_before = false;
        bool fails_after = false;
    };
    Fate next_fate(const control::Effect& effect);

    /// The guest's QEMU ends on its own. False when there is none.
    bool crash(model::InstanceId instance);
    /// The guest powers itself off.
    bool power_off(model::InstanceId instance);
    /// The guest hears no power button any more, until it starts anew.
    bool deafen(model::InstanceId instance);
    /// The guest does nothing any more: it answers nobody, and hears no button.
    bool hang(model::InstanceId instance);
    /// A move that is not sent yet: its streams break, and both ends hear of it.
    void break_streams(model::InstanceId instance, const std::string& why);
    void break_all_streams(const std::string& why);
    /// Guests that hang go on, and hear.
    void rouse_guests();
    /// The process before the replicas of an application ends on its own.
    bool break_front(model::ApplicationId application) { return fronts.erase(application) > 0; }
    /// Power goes and comes back: processes, networks and fronts are gone, files are there.
    void reboot();

    /// Whether this instance runs here and has booted.
    bool answers(model::InstanceId instance) const;
    /// Whether every effect succeeds at its usual pace.
    bool is_sound() const { return faults == HostFaults{}; }

    /// Other hosts: by name, and whether an instance answers on any of them.
    void meet(std::function<PretendHost*(const std::string&)> neighbour,
              std::function<bool(model::InstanceId)> somewhere) {
        neighbour_ = std::move(neighbour);
        somewhere_ = std::move(somewhere);
    }

    void on_notice(std::function<void(drivers::Notice)> heard) { heard_ = std::move(heard); }
    std::vector<model::InstanceId> instances() const;
    drivers::HostFacts facts() const;

    HostFaults faults;
    base::Instant full_until;  ///< till then its own disks take nothing more
    base::Vcpus vcpus{8};
    base::MiB memory{32768};
    /// Deals out how long effects take, and boots and stops; effects that change nothing take next
    /// to nothing. None: about what is usual, and what is usual exactly.
    Pacer* pacer = nullptr;
    bool boots_vary = false;  ///< without a pacer: boots, too, take about what is usual

    // What is there, for the oracles.
    struct Volume {
        control::VolumeSighting sighting;
        std::optional<model::ImageId> image;
        bool was_open = false;      ///< so it may hold something
        bool is_part = false;       ///< it is being received, and not all of it came
        std::uint64_t content = 0;  ///< the number of the last write to it
    };
    /// The number of the last write of any guest to each volume, over all hosts.
    struct Writes {
        std::uint64_t made = 0;
        std::map<model::VolumeId, std::uint64_t> last;
    };
    Writes* writes = nullptr;  ///< none: nobody asks whether disks are the newest
    /// A folder that several hosts reach and that takes any writer.
    using SharedPool = std::map<model::VolumeId, Volume>;
    /// Of a run that comes from another host or goes to one, beside its sighting.
    struct Moving {
        std::string other;  ///< name of that host
        bool receives = false;
        int steps_left = 0;
        bool writes_fast = false;  ///< it never ends before the guest is stopped
    };
    struct Instance {
        control::InstanceSighting sighting;
        control::InstanceSpec spec;
        bool obeys_button = true;  ///< in this run, once its guest has booted
        bool hangs = false;
        base::Duration boots_for{};  ///< in this run
        int launches = 0;
        std::optional<Moving> moving = {};
    };
    /// Whether it is one end of a move and does nothing: neither writes nor answers.
    static bool stands_still(const Instance& run);
    /// When the guest of a run has booted.
    static base::Instant hears_since(const Instance& run) {
        return run.sighting.started + run.boots_for;
    }
    /// The median of what the pacer deals out.
    base::Duration median(Pace pace) const;

    std::map<model::ImageId, control::ImageSighting> images;
    std::map<model::VolumeId, Volume> volumes;
    std::map<model::NetworkId, control::NetworkSpec> networks;
    std::map<model::ApplicationId, control::FrontSpec> fronts;
    std::map<model::InstanceId, Instance> running;  ///< and what is left of ended ones
    std::vector<std::string> broken_promises;       ///< what no correct mind would have asked for

    SharedPool* shared = nullptr;  ///< none: it reaches no pool but its own disks
    static constexpr const char* shared_name = "nas";
    /// Its own, or in the shared pool; nullptr: not there.
    Volume* volume(model::VolumeId id);
    const Volume* volume(model::VolumeId id) const;
    bool is_shared(model::VolumeId id) const { return shared != nullptr && shared->contains(id); }

    /// Whether the effect writes to the shared pool, or begins what does.
    bool writes_shared(const control::Effect& effect) const;

    /// What is going on with an effect under way; of a guest that came here, that it goes on.
    Phase phase_of(const control::Effect& effect) const;

    /// Whether it has a disk in the shared pool open: the guards end it at the deadline.
    static bool fences_itself(const PretendHost& host, const Instance& instance);
    /// What the guards do: nothing that fences itself runs any more, or ever will while frozen.
    void fence();
    bool frozen = false;

    const std::string& name() const { return name_; }
    /// Grows with whatever may have opened a disk or broken a promise.
    std::uint64_t changes() const { return changes_; }

  private:
    friend struct PretendDeeds;
    // sim/pretend_moves.cc
    Instance* run_alive(model::InstanceId instance);
    Instance* receiver_of(model::InstanceId instance, const Instance& run) const;
    static void await(Instance& run, const std::string& from);
    void stop_receiving(model::InstanceId instance, const std::string& why);
    base::Status begin_sending(Instance& run, const control::SendInstance& effect);
    void arrive(Instance& here, Instance& there, PretendHost& to);
    base::Status send_on(const control::SendInstance& effect);
    base::Status cancel_send(const control::CancelSend& effect);
    base::Status let_arrived_go_on(Instance& run);
    void write_disks(const Instance& run);
    bool has_newest_disks(const Instance& run) const;

    bool changes_nothing(const control::Effect& effect) const;
    base::Duration about(base::Duration usual);
    base::Duration next_boot();
    base::Duration next_stop();
    void end(model::InstanceId instance, control::Ending ending, const std::string& detail);
    void notice(model::InstanceId instance);

    std::string name_;
    TimeLine& time_line_;
    base::Chance chance_;
    std::function<void(drivers::Notice)> heard_;
    std::function<PretendHost*(const std::string&)> neighbour_;
    std::function<bool(model::InstanceId)> somewhere_;
    std::int64_t next_pid_ = 1000;
    std::uint64_t changes_ = 0;
    int boots_ = 1;
};

/// Hands over a pretended host: effects take virtual time. Effects that are under way when the
/// agent ends are done all the same; nobody hears of them.
class PretendHands final : public agent::Hands {
  public:
    /// `agent` is where the agent hears of what was done; hits are counted in `coverage`.
    PretendHands(PretendHost& host, TimeLine& time_line, runtime::Executor& agent,
                 Coverage& coverage)
        : host_(host), time_line_(time_line), agent_(agent), coverage_(coverage) {}
    void start(const control::Effect& effect,
               std::function<void(base::Result<control::Sighting>)> done) override;
    /// The agent dies: effects under way are done all the same, or not.
    void die(base::Chance& chance);
    /// The machine dies: nothing under way is done any more.
    void vanish() { under_way_.clear(); }
    /// The guards act: what is under way on the shared pool is ended in the middle. The agent hears
    /// of that when it would have been done.
    void fence();
    std::set<Phase> phases() const;
    /// Of what may still do something: what the guards ended does not.
    bool any_under_way(const std::function<bool(const control::Effect&)>& is_it) const;
    /// Whether an effect may begin; otherwise it fails at once. None: all may.
    std::function<bool(const control::Effect&)> may_begin;
    /// Called for each effect that begins.
    std::function<void(const control::Effect&)> judge;

  private:
    void finish(std::uint64_t number);

    struct UnderWay {
        control::Effect effect;
        PretendHost::Fate fate;
        std::function<void(base::Result<control::Sighting>)> done;
        bool is_ended = false;  ///< by the guards
    };
    std::map<std::uint64_t, UnderWay> under_way_;
    std::uint64_t next_number_ = 0;
    PretendHost& host_;
    TimeLine& time_line_;
    runtime::Executor& agent_;
    Coverage& coverage_;
};

}  // namespace vdc::sim
