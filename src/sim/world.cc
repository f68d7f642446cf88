#include "sim/world.h"

#include "control/registration.h"
#include "control/requests.h"
#include "model/noun_words.h"
#include "sim/oracles.h"

namespace vdc::sim {

using namespace base;
using model::Snapshot;

static constexpr Instant beginning{Duration(1'700'000'000'000'000)};

/// The way from an agent to the engine, both ways slow, and lost when either of them ends
/// meanwhile.
class World::Link final : public agent::Controller {
  public:
    Link(World& world, std::size_t site) : world_(world), site_(site) {}

    void report(model::Step step, std::function<void(Status)> done) override {
        const int agent_life = world_.sites_[site_].life;
        const std::uint64_t number = world_.next_report_++;
        world_.reports_.emplace(number, [this, agent_life, done = std::move(done)](Status status) {
            world_.time_line_.post_at(world_.now() + world_.delay(),
                                      [this, agent_life, done, status] {
                                          if (world_.sites_[site_].life == agent_life) done(status);
                                      });
        });
        // One stream: reports arrive in the order in which they were given.
        last_arrival_ = std::max(last_arrival_, world_.now() + world_.delay());
        world_.time_line_.post_at(last_arrival_, [this, number, step] { deliver(number, step); });
    }

  private:
    void deliver(std::uint64_t number, const model::Step& step) {
        if (!world_.engine_)
            return world_.answer_report(number,
                                        Error{Error::Code::unavailable, "no controller answers"});
        world_.engine_->submit(
            {"host " + world_.sites_[site_].host->name(), "",
             [step](const Snapshot&) { return std::vector<model::Step>{step}; },
             [this, number](const Result<model::Revision>& outcome, const engine::SnapshotPtr&) {
                 world_.answer_report(number, outcome.ok() ? Status{} : Status(outcome.error()));
             }});
    }

    World& world_;
    std::size_t site_;
    Instant last_arrival_;
};

static std::vector<World::Machine> machines_of(const World::Options& options) {
    if (!options.machines.empty()) return options.machines;
    std::vector<World::Machine> machines;
    for (int index = 0; index < options.hosts; ++index) {
        const std::string name = "h" + std::to_string(index + 1);
        machines.push_back({control::host_id("sim", name), name, options.vcpus, options.memory});
    }
    return machines;
}

World::World(const Options& options)
    : begins_empty_(options.begins_empty),
      on_commit_(options.on_commit),
      time_line_(beginning),
      chance_(options.seed) {
    store_ = std::make_unique<PretendStore>(store::make_memory_store(), chance_.next());
    for (const Machine& machine : machines_of(options)) {
        Site site;
        site.id = machine.id;
        site.host = std::make_unique<PretendHost>(machine.name, time_line_, chance_.next());
        site.host->meet(
            [this](const std::string& other) -> const PretendHost* {
                for (const Site& each : sites_)
                    if (each.host->name() == other) return each.host.get();
                broken("an effect names a host that does not exist");
            },
            [this](model::InstanceId instance) {
                return std::any_of(sites_.begin(), sites_.end(),
                                   [&](const Site& each) { return each.host->answers(instance); });
            });
        site.host->vcpus = machine.vcpus;
        site.host->memory = machine.memory;
        site.hands = std::make_unique<PretendHands>(*site.host, time_line_);
        site.controller = std::make_unique<Link>(*this, sites_.size());
        sites_.push_back(std::move(site));
    }
    start_engine();
    for (std::size_t site = 0; site < sites_.size(); ++site) start_agent(site);
}

World::~World() = default;

Duration World::delay() {
    return Duration(chance_.between(50, std::max<std::int64_t>(51, delay_most_.count())));
}

engine::SnapshotPtr World::snapshot() const {
    if (engine_) return engine_->snapshot();
    return std::make_shared<const Snapshot>(store_->latest().value());
}

// ---- processes ---------------------------------------------------------------------------------

void World::start_engine() {
    if (engine_) return;
    engine_ = std::make_unique<engine::Engine>(time_line_, *store_, engine::Engine::Options{});
    base::check(engine_->start().ok(), "the pretended store can always be read");
    engine_->listen([this](const engine::Engine::Group& group, const engine::SnapshotPtr& now) {
        for (const model::CommitPtr& commit : group) heard(commit, now);
    });
    const Uuid fresh = make_uuid(Hasher{}.add("sim").finish());
    if (!begins_empty_)
        engine_->submit(
            {"vdc", "", [fresh](const Snapshot& s) { return control::beginnings(s, fresh); }, {}});
    for (std::size_t site = 0; site < sites_.size(); ++site)
        if (sites_[site].agent) register_host(site);
}

/// Whoever waits for an answer sees the connection break.
void World::kill_engine() {
    engine_.reset();
    while (!reports_.empty())
        answer_report(reports_.begin()->first,
                      Error{Error::Code::unavailable, "the controller went away"});
}

void World::answer_report(std::uint64_t number, const Status& status) {
    const auto at = reports_.find(number);
    if (at == reports_.end()) return;
    const auto answer = std::move(at->second);
    reports_.erase(at);
    answer(status);
}

void World::register_host(std::size_t index) {
    if (!engine_) return;
    const Site& site = sites_[index];
    const drivers::HostFacts facts = site.host->facts();
    model::HostObserved observed;
    observed.capacity = {facts.vcpus, facts.memory, facts.disk};
    observed.disk_free = facts.disk_free;
    observed.accelerator = facts.accelerator;
    observed.qemu_version = facts.qemu_version;
    observed.boot_id = facts.boot_id;
    engine_->submit({"host " + facts.name,
                     "",
                     [id = site.id, name = facts.name, observed](const Snapshot& s) {
                         return control::registration(s, id, name, observed);
                     },
                     {}});
    send_duties(index);
}

void World::start_agent(std::size_t index) {
    Site& site = sites_[index];
    if (site.agent) return;
    ++site.life;
    site.agent = std::make_unique<agent::Agent>(time_line_, *site.hands, *site.controller);
    site.agent->found(site.host->instances());
    site.host->on_notice([this, index, life = site.life](const drivers::Notice& notice) {
        time_line_.post([this, index, life, notice] {
            if (sites_[index].agent && sites_[index].life == life)
                sites_[index].agent->noticed(notice);
        });
    });
    register_host(index);
}

void World::kill_agent(std::size_t index) {
    Site& site = sites_[index];
    site.agent.reset();
    ++site.life;
    site.host->on_notice({});
    site.hands->die(chance_);
}

void World::send_duties(std::size_t index) {
    const engine::SnapshotPtr now_known = snapshot();
    time_line_.post_at(now() + delay(), [this, index, life = sites_[index].life, now_known] {
        Site& site = sites_[index];
        if (site.agent && site.life == life)
            site.agent->set_duties(control::duties(*now_known, site.id));
    });
}

void World::heard(const model::CommitPtr& commit, const engine::SnapshotPtr&) {
    if (on_commit_) on_commit_(commit);
    history_.add(dump(to_json(*commit)));
    for (const model::Step& step : commit->steps) story_.push_back({commit->at, step.reason});
    for (std::size_t site = 0; site < sites_.size(); ++site) send_duties(site);
}

// ---- people ------------------------------------------------------------------------------------

static Result<control::Decision> decide(const Snapshot& s, const control::Ask& ask,
                                        const std::string& verb, const std::string& noun_word,
                                        const std::string& name, const Json& body) {
    const auto noun = model::noun_of(noun_word);
    if (!noun) return Error{Error::Code::invalid, "there is no noun '" + noun_word + "'"};
    if (verb == "create") {
        Json named = body.is_null() ? Json::object() : body;
        named.set("name", name);
        return control::create(s, ask, *noun, named);
    }
    if (verb == "update") return control::update(s, ask, *noun, name, body);
    if (verb == "delete") return control::remove(s, ask, *noun, name);
    if (verb == "attach") return control::attach(s, ask, name, body.text_at("instance"));
    if (verb == "detach") return control::detach(s, ask, name);
    if (verb == "grow") return control::grow(s, ask, name, TRY(parse_mib(body.text_at("size"))));
    if (verb == "revert") return control::revert(s, ask, name, body.text_at("snapshot"));
    if (verb == "upload")
        return control::image_arrived(s, ask, TRY(control::image_to_upload(s, "", name))->id);
    for (const auto& each : words(control::PowerVerb{}))
        if (each.word == verb)
            return control::power(
                s, ask, name, each.value,
                body.boolean_at("hard") ? control::Force::hard : control::Force::soft);
    return Error{Error::Code::invalid, "there is no verb '" + verb + "'"};
}

void World::ask(const std::string& verb, const std::string& noun, const std::string& name,
                const Json& body) {
    const std::string request = verb + " " + noun + " " + name;
    if (!engine_) return answered(request, "no controller answers");
    control::Ask ask{
        "admin", "", "", request, make_uuid(Hasher{}.add(++requests_).add(request).finish()),
        now()};
    engine_->submit(
        {"admin", "",
         [=](const Snapshot& s) -> Result<std::vector<model::Step>> {
             return TRY(decide(s, ask, verb, noun, name, body)).steps;
         },
         [this, request](const Result<model::Revision>& outcome, const engine::SnapshotPtr&) {
             if (outcome.ok()) acknowledged_ = std::max(acknowledged_, *outcome);
             answered(request, outcome.ok() ? "" : text(outcome.error()));
         }});
}

void World::answered(const std::string& request, const std::string& trouble) {
    history_.add(request).add(trouble);
    if (!trouble.empty()) tell(request + ": refused: " + trouble);
}

void World::submit(const std::string& actor, const std::string& request,
                   std::function<std::vector<model::Step>(const Snapshot&)> steps,
                   std::function<void(const Error&)> refused) {
    engine_->submit({actor, request, std::move(steps),
                     [refused = std::move(refused)](const Result<model::Revision>& outcome,
                                                    const engine::SnapshotPtr&) {
                         if (!outcome.ok()) refused(outcome.error());
                     }});
}

bool World::end_run(model::InstanceId instance, model::RunEnd how) {
    for (const Site& site : sites_)
        if (how == model::RunEnd::crashed ? site.host->crash(instance)
                                          : site.host->power_off(instance))
            return true;
    return false;
}

bool World::crash_instance(const std::string& name) {
    for (const Site& site : sites_)
        for (auto& [id, instance] : site.host->running)
            if (instance.spec.name == name) return site.host->crash(id);
    return false;
}

bool World::power_off_guest(const std::string& name) {
    for (const Site& site : sites_)
        for (auto& [id, instance] : site.host->running)
            if (instance.spec.name == name) return site.host->power_off(id);
    return false;
}

// ---- time and judgement ------------------------------------------------------------------------

void World::run_for(Duration duration) {
    time_line_.run_until(now() + duration, [this] { after_each_task(); });
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

void World::after_each_task() {
    const auto hosts = look(sites_);
    violated(one_writer_per_volume(hosts));
    violated(no_broken_promises(hosts));
    if (!engine_ || engine_->snapshot()->revision == checked_) return;
    const engine::SnapshotPtr now_known = engine_->snapshot();
    if (now_known->revision < acknowledged_) violated("I3: an acknowledged change is lost");
    for (const std::string& finding : model::check(*now_known)) violated(finding);
    checked_ = now_known->revision;
}

void World::check_at_rest() {
    const model::Revision before = snapshot()->revision;
    run_for(20s);
    const engine::SnapshotPtr rest = snapshot();
    const auto hosts = look(sites_);
    if (rest->revision != before)
        violated("I12: something still changes at rest: " + story_.back().text);
    violated(wanted_runs(*rest, hosts));
    violated(no_orphans(*rest, hosts));
    violated(nothing_pending(*rest));
    const Snapshot stored = store_->latest().value();
    if (hash_of(stored) != hash_of(*rest))
        violated("I3: the store holds another datacenter than the engine");
}

}  // namespace vdc::sim
