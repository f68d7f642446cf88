#include "sim/world.h"

#include "control/registration.h"
#include "model/noun_words.h"
#include "model/write_json.h"
#include "sim/concern.h"
#include "sim/furnish.h"
#include "sim/loss_oracle.h"
#include "sim/oracles.h"
#include "sim/project_oracle.h"

namespace vdc::sim {

using namespace base;
using model::Snapshot;

static constexpr Instant beginning{Duration(1'700'000'000'000'000)};

/// Stands for all parts of a host's duties.
static model::Subject whole(model::HostId host) {
    return {model::Noun::host, host.value};
}

/// An agent's door: what it says goes out over a wire that may fail.
class World::Link final : public agent::Controller {
  public:
    Link(World& world, std::size_t site) : world_(world), site_(site) {}

    void report(model::Step step, std::function<void(Status)> done) override {
        Site& site = world_.sites_[site_];
        const std::uint64_t sequence = ++site.sequence;
        site.outbox.emplace(sequence, Outgoing{std::move(step), std::move(done)});
        world_.transmit(site_, site.life, sequence);
    }

  private:
    World& world_;
    std::size_t site_;
};

static std::vector<World::Machine> machines_of(const World::Options& options) {
    std::vector<World::Machine> machines = options.machines;
    if (options.present)
        for (const auto& [id, host] : options.present->datacenter->all<model::Host>())
            machines.push_back(
                {id, host->name, host->observed.capacity.vcpus, host->observed.capacity.memory});
    if (options.present || !machines.empty()) return machines;
    for (int index = 0; index < options.hosts; ++index) {
        const std::string name = "h" + std::to_string(index + 1);
        machines.push_back({control::host_id("sim", name), name, options.vcpus, options.memory});
    }
    return machines;
}

World::World(const Options& options)
    : begins_empty_(options.begins_empty || options.present),
      present_(options.present),
      on_commit_(options.on_commit),
      lease_(options.lease),
      tunnels_(options.tunnels),
      moves_(options.moves),
      flaw_(options.flaw),
      time_line_(present_ ? present_->now : beginning),
      chance_(options.seed) {
    store_ = std::make_unique<PretendStore>(
        store::make_memory_store(present_ ? *present_->datacenter : Snapshot{}), chance_.next());
    if (present_ && present_->speeds) pacer_.emplace(*present_->speeds);
    for (const Machine& machine : machines_of(options)) add_site(machine);
    store_->coverage = &coverage_;
    store_->hold_up = [this](Duration time) { store_clock_.stalled_until = now() + time; };
    begin_leases();
    start_engine();
    if (present_ && present_->nobody_rests) wake_all();
    if (present_) return;
    for (std::size_t site = 0; site < sites_.size(); ++site) start_agent(site);
    for (std::size_t site = 0; site < sites_.size(); ++site) call_in_forever(site);
}

void World::add_site(const Machine& machine) {
    Site site;
    site.id = machine.id;
    site.host = std::make_unique<PretendHost>(machine.name, time_line_, chance_.next());
    site.host->meet([this](const std::string& other) { return neighbour(other); },
                    [this](model::InstanceId instance) { return answers(instance); });
    if (!present_) site.host->writes = &writes_;
    site.host->vcpus = machine.vcpus;
    site.host->memory = machine.memory;
    if (present_) {
        site.host->pacer = pacer_ ? &*pacer_ : nullptr;
        site.host->boots_vary = true;
        site.host->shared = &shared_pool_;
    }
    site.rests = present_.has_value();
    if (!present_ || present_->nobody_rests) site.awake = {whole(machine.id)};
    site.clock = std::make_unique<AgentClock>(time_line_);
    site.hands = std::make_unique<PretendHands>(*site.host, time_line_, *site.clock, coverage_);
    if (!present_)
        site.hands->judge = [this, at = sites_.size()](const control::Effect& effect) {
            judge_effect(at, effect);
        };
    site.hands->may_begin = [this, at = sites_.size()](const control::Effect& effect) {
        return may_begin(at, effect);
    };
    site.controller = std::make_unique<Link>(*this, sites_.size());
    site_of_.emplace(machine.id, sites_.size());
    by_name_.emplace(machine.name, sites_.size());
    sites_.push_back(std::move(site));
}

World::~World() = default;

/// I10: whoever powered himself off stays off until somebody wants him again, or wants by now that
/// he always runs.
void World::judge_launch(const Site& site, const control::Launch& launch) {
    const auto off = went_off_.find(launch.instance.id);
    if (off == went_off_.end()) return;
    const auto& [generation, wishes] = off->second;
    const auto* told = site.given ? site.given->find<model::Instance>(launch.instance.id) : nullptr;
    const bool always = told != nullptr && told->declared.restart == model::Restart::always;
    const bool again = always || launch.instance.generation != generation ||
                       launch.instance.wishes.starts != wishes.starts ||
                       launch.instance.wishes.reboots != wishes.reboots;
    went_off_.erase(off);
    if (!again)
        violated("I10: " + launch.instance.name + " is started though its guest powered off");
}

/// I10: what runs ends by a wish, as the agent was told of it.
void World::judge_effect(std::size_t index, const control::Effect& effect) {
    Site& site = sites_[index];
    judge_words(control::text(effect));
    if (const auto* receive = std::get_if<control::ReceiveInstance>(&effect))
        return run_oracle_.launched(receive->instance);
    if (const auto* launch = std::get_if<control::Launch>(&effect)) {
        run_oracle_.launched(launch->instance);
        judge_moving_launch(site, launch->instance);
        return judge_launch(site, *launch);
    }
    if (const auto* resume = std::get_if<control::Resume>(&effect))
        return judge_going_on(site, resume->instance);
    const auto* kill = std::get_if<control::Kill>(&effect);
    const auto* button = std::get_if<control::PowerDown>(&effect);
    if (kill == nullptr && button == nullptr) return;
    const model::InstanceId id = kill != nullptr ? kill->instance : button->instance;
    went_off_.erase(id);
    if (!site.given) return violated("I10: an instance is ended before duties came");
    violated(may_end(*site.given, site.id, *site.host, id));
    const auto runs = site.host->running.find(id);
    if (runs == site.host->running.end()) return;
    const auto run = std::pair{id, runs->second.sighting.pid};
    if (button != nullptr) {
        site.pressed.try_emplace(run, Pressed{now(), now()}).first->second.last = now();
        return;
    }
    const auto found = site.pressed.find(run);
    std::optional<Pressed> pressed;
    if (found != site.pressed.end()) pressed = found->second;
    violated(had_its_time(*site.given, site.id, *site.host, id, pressed, now()));
}

engine::SnapshotPtr World::snapshot() const {
    if (engine_) return engine_->snapshot();
    return std::make_shared<const Snapshot>(store_->latest().value());
}

// ---- hosts at rest -----------------------------------------------------------------------------

std::optional<std::size_t> World::place_of(model::HostId host) const {
    const auto found = site_of_.find(host);
    return found != site_of_.end() ? std::optional(found->second) : std::nullopt;
}

/// Whether its agent is not told of that part of its duties.
bool World::rests(const Site& site, const model::Subject& part) const {
    return !site.awake.contains(part) && !site.awake.contains(whole(site.id));
}

/// Each part once: what happens to it later, happens to its machine.
void World::furnish(std::size_t index, const control::Parts& parts, const Snapshot& as_of) {
    if (!present_) return;
    Site& site = sites_[index];
    control::Parts fresh;
    for (const model::Subject& part : parts)
        if (site.furnished.insert(part).second) fresh.insert(part);
    if (fresh.empty()) return;
    for (const model::Subject& part : fresh)
        if (part.noun == model::Noun::instance) whereabouts_.erase({part.id});
    control::Duties duties;
    control::renew(duties, as_of, site.id, fresh);
    sim::furnish(*site.host, duties);
}

void World::wake(std::size_t index, const control::Parts& parts, const engine::SnapshotPtr& after) {
    Site& site = sites_[index];
    control::Parts fresh;
    for (const Snapshot* s : {heard_.get(), after.get()})
        for (const model::Subject& part : with_what_hangs_on(*s, site.id, parts))
            if (rests(site, part)) fresh.insert(part);
    furnish(index, fresh, *heard_);
    site.awake.insert(fresh.begin(), fresh.end());
    note_changed(site, fresh, after->revision);
    if (std::exchange(site.rests, false)) {
        start_agent(index);
        if (heard_->find<model::Host>(site.id) != nullptr)
            site.registered = site.admitted = site.life;
        call_in_forever(index);
    }
    if (!fresh.empty()) post_duties(index);
}

void World::wake_all() {
    for (std::size_t index = 0; index < sites_.size(); ++index) {
        furnish(index, control::all_parts(*heard_, sites_[index].id), *heard_);
        wake(index, {}, heard_);
        post_duties(index);
    }
}

void World::wake(model::InstanceId id) {
    const auto* instance = heard_->find<model::Instance>(id);
    if (!present_ || instance == nullptr) return;
    control::Affected concerned;
    add_concerned(*heard_, *heard_, model::Delete<model::Instance>{id}, concerned);
    for (const auto& [host, parts] : concerned)
        if (const auto index = place_of(host)) wake(*index, parts, heard_);
}

/// Those who rest and have something to do now.
void World::wake_concerned(const engine::Engine::Group& group, const engine::SnapshotPtr& after) {
    control::Affected concerned;
    for (const model::CommitPtr& commit : group)
        for (const model::Step& step : commit->steps)
            add_concerned(*heard_, *after, step.change, concerned);
    for (const auto& [host, parts] : concerned)
        if (const auto index = place_of(host)) wake(*index, parts, after);
}

/// From which an image is brought, or to which a guest goes, which was told of that.
PretendHost* World::neighbour(const std::string& name) {
    const auto found = by_name_.find(name);
    base::check(found != by_name_.end(), "an effect names a host that exists");
    const Site& site = sites_[found->second];
    control::Parts images;
    if (present_)
        for (const Uuid& id : heard_->linked(model::Link::host_image, site.id.value))
            images.insert({model::Noun::image, id});
    furnish(found->second, images, *heard_);
    return site.host.get();
}

World::Whereabouts World::whereabouts(model::InstanceId id) const {
    const auto* instance = heard_->find<model::Instance>(id);
    if (instance == nullptr || !instance->claimed.host) return {};
    const auto site = place_of(*instance->claimed.host);
    if (!site) return {};
    const Site& its = sites_[*site];
    const bool is_real =
        its.furnished.contains(instance->subject()) || !rests(its, instance->subject());
    return {site, is_real, instance->observed.phase == model::InstancePhase::running};
}

/// What rests goes on as it was seen.
bool World::answers(model::InstanceId id) {
    if (!present_)
        return std::any_of(sites_.begin(), sites_.end(),
                           [&](const Site& each) { return each.host->answers(id); });
    auto known = whereabouts_.find(id);
    if (known == whereabouts_.end()) known = whereabouts_.emplace(id, whereabouts(id)).first;
    const Whereabouts& is = known->second;
    if (!is.site) return false;
    const Site& site = sites_[*is.site];
    return is.is_real ? site.host->answers(id) : is.runs && now() >= site.off_until;
}

/// From now on `now` is what the hosts were told of last. Without the commits in between everything
/// may be elsewhere.
void World::hear(const engine::Engine::Group& commits, engine::SnapshotPtr now) {
    heard_ = std::move(now);
    if (commits.empty()) whereabouts_.clear();
    for (const model::CommitPtr& commit : commits)
        for (const model::Step& step : commit->steps)
            if (const model::Subject subject = subject_of(step.change);
                subject.noun == model::Noun::instance)
                whereabouts_.erase({subject.id});
}

// ---- processes ---------------------------------------------------------------------------------

void World::start_engine() {
    if (engine_) return;
    store_clock_.stalled_until = now();
    engine_ = std::make_unique<engine::Engine>(time_line_, store_clock_, *store_,
                                               engine::Engine::Options{});
    base::check(engine_->start().ok(), "the pretended store can always be read");
    engine_->listen([this](const engine::Engine::Group& group, const engine::SnapshotPtr& now) {
        heard_group(group, now);
        if (present_) wake_concerned(group, now);
        tell_hosts(group, now);
    });
    hear({}, engine_->snapshot());
    const Uuid fresh = make_uuid(Hasher{}.add("sim").finish());
    if (!begins_empty_)
        engine_->submit(
            {"vdc", "", [fresh](const Snapshot& s) { return control::beginnings(s, fresh); }, {}});
    if (!present_) {
        ledger_.begin(*engine_->snapshot());
        run_oracle_.begin(*engine_->snapshot());
        move_oracle_.begin(engine_->snapshot(), now());
    }
    take_office();
    for (std::size_t site = 0; site < sites_.size(); ++site) {
        note_changed(sites_[site], sites_[site].awake, heard_->revision);
        if (sites_[site].agent) call_in(site);
    }
}

/// With it go all connections, and all that was on its way to it.
void World::kill_engine() {
    if (!engine_) return;
    coverage_.hit(Fault::engine_dies, phases());
    engine_.reset();
    ++engine_life_;
    fences_under_way_ = 0;
    for (std::size_t index = 0; index < sites_.size(); ++index) {
        Site& site = sites_[index];
        break_connection(index);
        site.life_heard = 0;
        site.outcomes.clear();
        site.early.clear();
        site.duties_posted = false;
        site.registered = site.admitted = 0;
    }
}

void World::register_host(std::size_t index, int life, model::Epoch fenced_itself) {
    Site& site = sites_[index];
    site.registered = life;
    const drivers::HostFacts facts = site.host->facts();
    model::HostObserved observed;
    observed.capacity = {facts.vcpus, facts.memory, facts.disk};
    observed.disk_free = facts.disk_free;
    observed.accelerator = facts.accelerator;
    observed.qemu_version = facts.qemu_version;
    observed.boot_id = facts.boot_id;
    observed.lease = lease_;
    if (tunnels_) observed.underlay = base::Ipv4{0x0afa0001} + static_cast<std::uint32_t>(index);
    if (moves_) observed.moves_at = facts.name + ":7450";
    if (site.host->shared != nullptr)
        observed.pools = {{PretendHost::shared_name, model::StorageKind::shared_folder}};
    engine_->submit(
        {"host " + facts.name, "",
         [id = site.id, name = facts.name, observed, fenced_itself](const Snapshot& s) mutable {
             // Where others reach it: as its record has it, when one was there before.
             const auto* known = s.find<model::Host>(id);
             if (known != nullptr && !observed.underlay)
                 observed.underlay = known->observed.underlay;
             if (known != nullptr && observed.moves_at.empty())
                 observed.moves_at = known->observed.moves_at;
             return control::registration(s, id, name, observed, fenced_itself);
         },
         [this, index, life](const Result<model::Revision>& outcome, const auto&) {
             Site& its = sites_[index];
             if (!outcome.ok()) {
                 its.registered = 0;  // at the next call
                 return;
             }
             its.admitted = std::max(its.admitted, life);
             post_duties(index);
         }});
}

void World::start_agent(std::size_t index) {
    Site& site = sites_[index];
    if (site.agent || now() < site.off_until) return;
    ++site.life;
    site.agent = std::make_unique<agent::Agent>(*site.clock, *site.hands, *site.controller);
    site.agent->found(site.host->instances());
    site.host->on_notice([this, index, life = site.life](const drivers::Notice& notice) {
        sites_[index].clock->post([this, index, life, notice] {
            if (sites_[index].agent && sites_[index].life == life)
                sites_[index].agent->noticed(notice);
        });
    });
    call_in(index);
}

void World::kill_agent(std::size_t index) {
    Site& site = sites_[index];
    if (!site.agent) return;
    coverage_.hit(Fault::agent_dies, phases_at(index));
    went_off_.clear();
    site.agent.reset();
    site.holder.reset();
    ++site.life;
    site.outbox.clear();
    site.given.reset();
    site.host->on_notice({});
    site.hands->die(chance_);
}

void World::stall_agent(std::size_t index, Duration duration) {
    Site& site = sites_[index];
    if (!site.agent) return;
    coverage_.hit(Fault::agent_stalls, phases_at(index));
    site.clock->stalled_until = std::max(site.clock->stalled_until, now() + duration);
}

void World::reboot_host(std::size_t index, Duration off) {
    Site& site = sites_[index];
    furnish(index, control::all_parts(*heard_, site.id), *heard_);  // what is on its disks stays
    site.rests = false;
    site.awake = {whole(site.id)};
    coverage_.hit(Fault::host_reboots, phases_at(index));
    site.hands->vanish();
    kill_agent(index);
    site.host->reboot();
    site.page.reset();
    site.epoch = 0;
    site.fenced_itself = false;
    ++site.boots;
    site.off_until = now() + off;
    time_line_.post_at(site.off_until, [this, index] { start_agent(index); });
}

void World::cut(std::size_t index, Way way, bool is_cut) {
    (way == Way::up ? sites_[index].cut_up : sites_[index].cut_down) = is_cut;
}

void World::heal() {
    ways = {};
    store_back_ = watch_moves_ = watch_back_ = now();
    store_->fail_per_mille = store_->unknown_per_mille = store_->slow_per_mille = 0;
    start_engine();
    for (std::size_t index = 0; index < sites_.size(); ++index) {
        Site& site = sites_[index];
        site.host->faults = {};
        site.host->full_until = {};
        site.host->rouse_guests();
        site.cut_up = site.cut_down = false;
        if (now() >= site.off_until) start_agent(index);
    }
}

std::set<Phase> World::phases() const {
    std::set<Phase> all;
    for (const Site& site : sites_) all.merge(site.hands->phases());
    for (const MoveUnderWay& move : moves_under_way()) all.insert(move.phase);
    return all;
}

/// Each commit is judged by the datacenter as it was after it, not after those written with it.
void World::heard_group(const engine::Engine::Group& group, const engine::SnapshotPtr& after) {
    Snapshot between = *heard_;
    for (const model::CommitPtr& commit : group) {
        if (on_commit_) on_commit_(commit);
        if (present_) continue;
        if (commit == group.back()) return judge(commit, after);
        if (!model::replay(between, *commit).ok())
            return violated("I15: the log does not follow from what was before");
        judge(commit, std::make_shared<const Snapshot>(between));
    }
}

void World::judge(const model::CommitPtr& commit, const engine::SnapshotPtr& after) {
    line_.clear();
    model::write_commit(line_, *commit);
    history_.add(line_);
    for (const model::Step& step : commit->steps) {
        story_.push_back({commit->at, step.reason});
        judge_words(step.reason);
    }
    violated(ledger_.learn(*commit, *after));
    violated(run_oracle_.learn(*commit, *after));
    violated(move_oracle_.learn(*commit, after));
    judge_request(*commit, *after);
    learn_lives(*commit, *after);
}

// ---- what happened elsewhere -------------------------------------------------------------------

void World::submit(const std::string& actor, const std::string& request,
                   std::function<Result<std::vector<model::Step>>(const Snapshot&)> steps,
                   std::function<void(const Error&)> refused) {
    engine_->submit({actor, request, std::move(steps),
                     [refused = std::move(refused)](const Result<model::Revision>& outcome,
                                                    const engine::SnapshotPtr&) {
                         if (!outcome.ok()) refused(outcome.error());
                     }});
}

bool World::end_run(model::InstanceId id, model::RunEnd how) {
    const engine::SnapshotPtr known = snapshot();
    const auto* instance = known->find<model::Instance>(id);
    if (instance == nullptr || !instance->claimed.host) return false;
    const auto index = place_of(*instance->claimed.host);
    if (!index) return false;
    PretendHost& host = *sites_[*index].host;
    return how == model::RunEnd::crashed ? host.crash(id) : host.power_off(id);
}

std::optional<World::Run> World::run_of(const std::string& name) {
    if (aimed_ && (name == sender || name == receiver)) return aimed_run(name);
    for (std::size_t index = 0; index < sites_.size(); ++index)
        for (const auto& [id, instance] : sites_[index].host->running)
            if (instance.spec.name == name && instance.sighting.alive)
                return Run{&sites_[index], index, id};
    return {};
}

bool World::crash_instance(const std::string& name) {
    const auto run = run_of(name);
    if (!run) return false;
    coverage_.hit(Fault::qemu_crashes, phases_at(run->index));
    return run->site->host->crash(run->instance);
}

bool World::power_off_guest(const std::string& name) {
    const auto run = run_of(name);
    if (!run) return false;
    coverage_.hit(Fault::guest_goes_off, phases_at(run->index));
    const std::int64_t pid = run->site->host->running.at(run->instance).sighting.pid;
    const bool done = run->site->host->power_off(run->instance);
    if (done) note_off(*run->site, run->instance, pid);  // one that stands still does nothing
    return done;
}

bool World::hang_guest(const std::string& name) {
    const auto run = run_of(name);
    if (!run) return false;
    coverage_.hit(Fault::guest_hangs, phases_at(run->index));
    return run->site->host->hang(run->instance);
}

bool World::deafen_guest(const std::string& name) {
    const auto run = run_of(name);
    if (!run) return false;
    coverage_.hit(Fault::guest_deaf, phases_at(run->index));
    return run->site->host->deafen(run->instance);
}

/// Known to the agent alone until it was told: who dies then takes it along.
void World::note_off(const Site& site, model::InstanceId id, std::int64_t pid) {
    const auto* record = site.given ? site.given->find<model::Instance>(id) : nullptr;
    const bool was_asked = site.pressed.contains({id, pid});
    if (!site.agent || record == nullptr || was_asked) return;
    if (record->declared.restart == model::Restart::always) return;
    const auto& sighting = site.host->running.at(id).sighting;
    went_off_[id] = {sighting.generation, sighting.wishes};
}

bool World::break_front(const std::string& application) {
    for (const Site& site : sites_)
        for (const auto& [id, front] : site.host->fronts) {
            if (front.name != application) continue;
            coverage_.hit(Fault::front_breaks, phases_at(site_of_.at(site.id)));
            return site.host->break_front(model::ApplicationId{id});
        }
    return false;
}

// ---- time and judgement ------------------------------------------------------------------------

void World::run_for(Duration duration) {
    run_while(duration, [] { return true; });
}

void World::run_while(Duration duration, const std::function<bool()>& goes_on) {
    constexpr int at_once_max = 20'000;
    Instant moment;
    int at_once = 0;
    time_line_.run_until(now() + duration, [&] {
        after_each_task();
        at_once = moment == now() ? at_once + 1 : 0;
        moment = now();
        if (!present_ && at_once > at_once_max) violated("I12: it goes on and no time passes");
        return violation_.empty() && goes_on();
    });
}

void World::violated(const std::string& what) {
    if (!violation_.empty() || what.empty()) return;
    violation_ = what;
    tell("VIOLATION " + what);
}

static std::vector<const PretendHost*> look(const auto& sites) {
    std::vector<const PretendHost*> hosts;
    for (const auto& site : sites) hosts.push_back(site.host.get());
    return hosts;
}

RunOracle::Site World::site_of(model::HostId host) const {
    const auto at = site_of_.find(host);
    if (at == site_of_.end()) return {};
    const Site& site = sites_[at->second];
    return {site.host.get(), site.hands.get()};
}

/// Only what changed is looked at; everything at rest.
void World::after_each_task() {
    if (present_) return;
    std::uint64_t changes = 0;
    for (const Site& site : sites_) changes += site.host->changes();
    if (changes != changes_seen_) {
        changes_seen_ = changes;
        const auto hosts = look(sites_);
        violated(one_writer_per_volume(hosts));
        violated(no_broken_promises(hosts));
        if (engine_) violated(what_runs_fits(*engine_->snapshot(), hosts));
        if (engine_) violated(projects_apart(*engine_->snapshot(), hosts));
    }
    if (!engine_ || engine_->snapshot()->revision == checked_) return;
    checked_ = engine_->snapshot()->revision;
    if (checked_ < acknowledged_) violated("I3: an acknowledged change is lost");
}

/// I15: the log has every revision once.
void World::check_log() {
    const auto log = store_->log(log_begins_, 1'000'000);
    if (!log.ok()) return violated("I15: the log cannot be read");
    model::Revision revision = log_begins_;
    for (const model::CommitPtr& commit : *log)
        if (commit->revision != ++revision) return violated("I15: the log has a gap");
    if (revision != snapshot()->revision) violated("I15: the log ends too early");
}

void World::check_at_rest() {
    const model::Revision before = snapshot()->revision;
    run_for(20s);
    const engine::SnapshotPtr rest = snapshot();
    const auto hosts = look(sites_);
    if (rest->revision != before)
        violated("I12: something still changes at rest: " + story_.back().text);
    violated(wanted_runs(*rest, hosts));
    violated(plans_hold(*rest));
    violated(runs_are_current(*rest, hosts));
    violated(no_orphans(*rest, hosts));
    violated(volumes_are_whole(*rest, hosts));
    violated(move_oracle_.overdue(now()));
    violated(nothing_pending(*rest));
    violated(nothing_outdated(*rest, now()));
    for (const auto& [id, volume] : shared_pool_)
        if (rest->find<model::Volume>(id) == nullptr)
            violated("I8: volume " + text(id) + " is left in the shared pool");
    violated(applications_are_whole(*rest));
    violated(fronts_stand(*rest, hosts));
    violated(networks_are_whole(*rest, hosts));
    violated(networks_have_no_more(*rest, hosts));
    for (const std::string& finding : model::check(*rest)) violated(finding);
    check_log();
    const Snapshot stored = store_->latest().value();
    if (hash_of(stored) != hash_of(*rest))
        violated("I3: the store holds another datacenter than the engine");
}

}  // namespace vdc::sim
