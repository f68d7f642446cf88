#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "control/duties.h"
#include "model/change.h"

/// A host's mind: from its duties and what was seen, the effects to begin now and the observations
/// to report. Pure: it is told the time and what became of its effects; the agent's shell does the
/// rest.
///
/// For each noun at most one effect is under way. What failed is tried again after a pause that
/// doubles from 0.25 s to 30 s; nothing is ever given up but an import that can never succeed.
///
///     instance:  unknown --Look--> down --Launch--> alive --PowerDown, Kill--> down --Clean-->
///     nothing
///
/// Numbered rules, checked by the tests:
///  1. nothing is launched before it was looked at, before its volumes are ready and quiet, and
///  before
///     its networks have its ports' rules in force;
///  2. no effect on a volume's files while its instance is being launched; a volume is opened by
///  one instance only when every other one was seen without it;
///  3. an instance that is alive under another generation than its duty is ended first;
///  4. an instance without a duty is ended only after duties came from the store (they always do
///  here);
///  5. a run that ended on its own is started again by its restart rule, after a pause that grows
///  with
///     the number of ends within ten minutes;
///  6. nothing is begun under an epoch that is over, and what runs then is left alone: it is the
///  guards'
///     to end, or rides through until the host has a new epoch;
///  7. while duties order the sending of a run, or know nothing yet of one that was begun, that run
///     is neither started anew, nor cleaned away, nor let go on once it was sent; only duties that
///     say that this move is over let it go on;
///  8. what was received goes on only as this host's own, in the generation that it was received
///     in;
///  9. after a restore from a backup nothing is begun but looking, until that is released; what
///     runs without an order is left alone from then on, and ended one by one by an operator's
///     word; a run of before the restore is taken for the one that is ordered, unless it stands
///     still in a move of which the records know nothing.
namespace vdc::control {

/// Whether no repetition can mend it: the thing itself is wrong.
bool hopeless(base::Error::Code code);

/// What was seen, as it counts for that duty: after a restore a run of an earlier generation is its
/// own, but for one that stands still in a move.
InstanceSighting taken_over(const InstanceDuty& duty, InstanceSighting sighting);

class HostMind {
  public:
    /// New duties from a snapshot. What was under way goes on.
    void set_duties(Duties duties);

    /// Instances that have something on this host: they will be looked at first.
    void found(const std::vector<model::InstanceId>& instances);

    /// The effects to begin now. Each is under way until done() is called for it.
    std::vector<Effect> next(Instant now);

    /// An effect ended.
    void done(const Effect& effect, const base::Result<Sighting>& result, Instant now);

    /// An instance was seen without our asking.
    void noticed(model::InstanceId instance, const InstanceSighting& seen, Instant now);

    /// What the store does not know yet, with the sentence that says what happened. Each is given
    /// once; again only after the duties show another state, or after report_failed().
    std::vector<model::Step> reports(Instant now);
    void report_failed(const model::Subject& subject);

    /// When next() may have something new though nothing happened; none: never.
    std::optional<Instant> wake_at() const;

    const Duties& duties() const { return duties_; }

  private:
    template <class S>
    struct Seen {
        std::optional<S> sighting;
        bool busy = false;
        int failures = 0;  ///< in a row
        Instant retry_at;
        std::string trouble;  ///< of the last failure; empty after a success
        base::Error::Code code = base::Error::Code::failed;
    };
    struct SeenInstance : Seen<InstanceSighting> {
        std::optional<Instant> power_down_at;  ///< when the button was first pressed in this run
        Instant send_at{};                     ///< when the next step of sending is due
        Instant pressed_at{};                  ///< when it was pressed last
        Instant last_call{};  ///< when that was once more, the time being over, after a long pause
        Instant may_go_off_until{};            ///< till then a button that was pressed may end it
        bool remembered = false;               ///< what the store knows of it was taken over
        bool ending = false;                   ///< we asked for the end of this run
        Wishes obeyed;                         ///< by the last run, or by its going on
        std::vector<CardSpec> launching;       ///< cards of the run that is being launched
        std::vector<model::VolumeId> opening;  ///< volumes that the effect under way opens
        std::optional<Ending> ended;           ///< how the last run ended, until the next one lives
        std::string ended_detail;
        model::Generation ended_generation = 0;
        std::int64_t crashes = 0;
        std::vector<Instant> recent_ends;  ///< on their own, within ten minutes
        Instant since;                     ///< of the present phase
        model::InstancePhase phase = model::InstancePhase::absent;
        std::string happened;  ///< the sentence for the next report
    };
    template <class S>
    struct SeenPeriodic : Seen<S> {
        base::Hash128 wanted;     ///< the fingerprint of the duty's spec
        base::Hash128 under_way;  ///< that of the spec that is being applied
        Instant look_at;          ///< when to ask again though nothing changed
    };

    void begin_images(std::vector<Effect>& effects, Instant now);
    void begin_volumes(std::vector<Effect>& effects, Instant now);
    void begin_networks(std::vector<Effect>& effects, Instant now);
    void begin_fronts(std::vector<Effect>& effects, Instant now);
    void begin_instances(std::vector<Effect>& effects, Instant now);
    void begin_strangers(std::vector<Effect>& effects, Instant now);

    std::optional<Effect> next_for(const ImageDuty& duty, const Seen<ImageSighting>& seen) const;
    bool image_here(model::ImageId id) const;
    std::optional<Effect> next_for(const VolumeDuty& duty, const Seen<VolumeSighting>& seen) const;
    std::optional<Effect> next_for(const NetworkDuty& duty, SeenPeriodic<NetworkSighting>& seen,
                                   Instant now);
    std::optional<Effect> next_for(const FrontDuty& duty, SeenPeriodic<FrontSighting>& seen,
                                   Instant now);
    std::optional<Effect> next_for(const InstanceDuty& duty, SeenInstance& seen, Instant now);
    std::optional<Effect> next_for_alive(const InstanceDuty& duty, SeenInstance& seen, Instant now);
    std::optional<Effect> next_for_arrival(const InstanceDuty& duty, const SeenInstance& seen);
    std::optional<Effect> next_for_sending(const InstanceDuty& duty, SeenInstance& seen,
                                           Instant now);
    void obey_start_by_going_on(const InstanceDuty& duty, SeenInstance& seen, Instant now);
    std::optional<Effect> next_for_down(const InstanceDuty& duty, SeenInstance& seen, Instant now);
    std::optional<Effect> end_softly(const InstanceDuty& duty, SeenInstance& seen, Instant now);
    std::optional<Effect> disk_change(const InstanceDuty& duty, const SeenInstance& seen) const;
    bool shall_run(const InstanceDuty& duty, const SeenInstance& seen) const;
    std::string missing_for_launch(const InstanceDuty& duty) const;
    std::string missing_networks(const InstanceDuty& duty) const;
    bool revert_pending(const InstanceDuty& duty) const;
    std::optional<model::InstanceId> holder_of(const VolumeDuty& duty) const;
    bool open_elsewhere(const VolumeDuty& duty) const;
    bool maybe_open_elsewhere(const VolumeDuty& duty) const;
    bool strangers_live() const;
    bool is_held() const;
    bool leaves_strangers() const;
    void begin_looks(std::vector<Effect>& effects);
    bool is_left_alone(model::InstanceId id, const SeenInstance& seen) const;
    model::HostFound found_here() const;
    void report_found(std::vector<model::Step>& steps);
    void report_run(model::InstanceId id, const InstanceDuty& duty, Instant now,
                    std::vector<model::Step>& steps);
    bool shuts_out_launching(const NetworkSpec& network) const;
    bool volume_ready(model::VolumeId id) const;
    bool let_go(const VolumeDuty& duty, const Seen<VolumeSighting>& seen) const;

    SeenInstance& seen_instance(model::InstanceId id);
    void saw_instance(model::InstanceId id, const InstanceSighting& sighting, Instant now);
    void run_ended(const InstanceDuty* duty, SeenInstance& seen, const InstanceSighting& sighting,
                   Instant now);
    void wake(Instant when);

    model::ImageSeen observed(const ImageDuty& duty, const Seen<ImageSighting>& seen) const;
    model::VolumeObserved observed(const VolumeDuty& duty, const Seen<VolumeSighting>& seen) const;
    model::NetworkSeen observed(const NetworkDuty& duty, const Seen<NetworkSighting>& seen) const;
    model::FrontSeen observed(const FrontDuty& duty, const Seen<FrontSighting>& seen) const;
    model::InstanceObserved observed(const InstanceDuty& duty, SeenInstance& seen,
                                     Instant now) const;
    model::VolumeSeen observed_copy(const VolumeDuty& duty, const Seen<VolumeSighting>& seen) const;
    model::ArrivalSeen observed_arrival(const InstanceDuty& duty, const SeenInstance& seen) const;

    using Observed =
        std::variant<model::ImageSeen, model::VolumeObserved, model::VolumeSeen,
                     model::VolumeSnapshotObserved, model::NetworkSeen, model::FrontSeen,
                     model::InstanceObserved, model::ArrivalSeen, model::HostFound>;
    /// Whether `seen` differs from what the store has and was not given already.
    template <class Stored, class Part>
    bool is_news(const model::Subject& subject, const Stored& stored, const Part& seen);
    /// Append a report if it is news: of a thing that is here alone, or of our part of it. Only
    /// then is `reason` asked for the sentence.
    template <class R, class Reason>
    void report(typename R::Id id, const typename R::Observed& stored,
                const typename R::Observed& seen, Reason reason, std::vector<model::Step>& steps);
    template <class R, class Reason>
    void report_here(typename R::Id id, const typename R::Observed::OnHost& stored,
                     const typename R::Observed::OnHost& seen, Reason reason,
                     std::vector<model::Step>& steps);
    void report_snapshots(const VolumeDuty& duty, const Seen<VolumeSighting>& seen,
                          std::vector<model::Step>& steps);

    Duties duties_;
    bool informed_ = false;  ///< duties have come; none while the epoch is over
    std::map<model::ImageId, Seen<ImageSighting>> images_;
    std::map<model::VolumeId, Seen<VolumeSighting>> volumes_;
    std::map<model::NetworkId, SeenPeriodic<NetworkSighting>> networks_;  ///< each duty has one,
    std::map<model::ApplicationId, SeenPeriodic<FrontSighting>> fronts_;  ///< and here
    std::map<model::InstanceId, SeenInstance> instances_;
    std::map<model::Subject, Observed> given_;  ///< reports that the duties do not show yet
    std::optional<Instant> wake_at_;
};

}  // namespace vdc::control
