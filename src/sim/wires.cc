#include "sim/world.h"

#include "control/affected_hosts.h"
#include "control/registration.h"

/// The ways between agents and engine. Messages are lost, doubled, late, or stopped by a cut; what
/// the two ends do about it is what a connection of many hosts will have to do:
///  - a report is repeated until it is answered; reports of one agent's life are taken in the order
///    in which they were given, each once; those of an earlier life are dropped;
///  - an agent calls in every two seconds and says which revision its duties have; it gets newer
///    ones then, and with each commit that concerns its host;
///  - connections end with the engine: nothing sent to one reaches the next, and what was not
///    answered counts as failed.
namespace vdc::sim {

using namespace base;
using model::Snapshot;

Duration World::delay() {
    return Duration(chance_.between(50, std::max<std::int64_t>(51, ways.delay_most.count())));
}

void World::send(std::size_t index, Way way, Phase phase, std::function<void()> arrive) {
    const auto comes = [&](int per_mille) {
        return chance_.once_in(static_cast<std::uint64_t>(per_mille), 1000);
    };
    const Site& site = sites_[index];
    if (way == Way::up ? site.cut_up : site.cut_down) return coverage_.hit(Fault::cut, phase);
    if (comes(ways.lost_per_mille)) return coverage_.hit(Fault::message_lost, phase);
    Duration takes = delay();
    if (comes(ways.late_per_mille)) {
        coverage_.hit(Fault::message_late, phase);
        takes += Duration(chance_.between(100'000, 5'000'000));
    }
    auto guarded = [this, way, life = engine_life_, arrive = std::move(arrive)] {
        if (way == Way::down || life == engine_life_) arrive();
    };
    if (comes(ways.twice_per_mille)) {
        coverage_.hit(Fault::message_twice, phase);
        time_line_.post_at(now() + takes + delay() + 1s, guarded);
    }
    time_line_.post_at(now() + takes, std::move(guarded));
}

// ---- reports -----------------------------------------------------------------------------------

void World::transmit(std::size_t index, int life, std::uint64_t sequence) {
    constexpr auto again_after = 2s;
    Site& site = sites_[index];
    const auto at = site.outbox.find(sequence);
    if (site.life != life || at == site.outbox.end()) return;
    send(index, Way::up, phase_of_report(at->second.step),
         [this, index, life, sequence, lowest = site.outbox.begin()->first,
          step = at->second.step] { receive(index, life, sequence, lowest, step); });
    site.clock->post_at(site.clock->now() + again_after + ways.delay_most * 2,
                        [=, this] { transmit(index, life, sequence); });
}

void World::receive(std::size_t index, int life, std::uint64_t sequence, std::uint64_t lowest,
                    const model::Step& step) {
    Site& site = sites_[index];
    if (!engine_ || life < site.life_heard) return;
    if (life > site.life_heard) {  // a connection begins
        site.life_heard = life;
        site.delivered = lowest - 1;
        site.outcomes.clear();
        site.early.clear();
    }
    site.outcomes.erase(site.outcomes.begin(), site.outcomes.lower_bound(lowest));
    if (site.delivered + 1 < lowest) {  // what lies between was given up
        site.delivered = lowest - 1;
        site.early.erase(site.early.begin(), site.early.lower_bound(lowest));
    }
    if (const auto known = site.outcomes.find(sequence); known != site.outcomes.end())
        if (known->second) acknowledge(index, life, sequence, *known->second);
    if (sequence > site.delivered) site.early.emplace(sequence, step);
    while (!site.early.empty() && site.early.begin()->first == site.delivered + 1)
        take(index, life, std::move(site.early.extract(site.early.begin()).mapped()));
}

/// The next report in its order.
void World::take(std::size_t index, int life, model::Step step) {
    Site& site = sites_[index];
    const std::uint64_t sequence = ++site.delivered;
    site.outcomes[sequence].reset();
    engine_->submit({"host " + site.host->name(), "",
                     [step = std::move(step), host = site.id](
                         const model::Snapshot& s) -> Result<std::vector<model::Step>> {
                         TRY(control::may_say(s, host, step.change));
                         return std::vector<model::Step>{step};
                     },
                     [=, this](const Result<model::Revision>& outcome, const engine::SnapshotPtr&) {
                         Site& its = sites_[index];
                         const Status status = outcome.ok() ? Status{} : Status(outcome.error());
                         if (its.life_heard == life) its.outcomes[sequence] = status;
                         acknowledge(index, life, sequence, status);
                     }});
}

void World::acknowledge(std::size_t index, int life, std::uint64_t sequence, Status status) {
    send(index, Way::down, Phase::quiet, [=, this, status = std::move(status)] {
        sites_[index].clock->post([=, this] {
            Site& site = sites_[index];
            const auto at = site.outbox.find(sequence);
            if (site.life != life || at == site.outbox.end()) return;
            const auto done = std::move(at->second.done);
            site.outbox.erase(at);
            done(status);
        });
    });
}

/// Whoever waits for an answer sees the connection break. Nothing is told again to the next engine:
/// an older report would come after a newer one that was answered. The agent says anew what it
/// knows by then.
void World::break_connection(std::size_t index) {
    sites_[index].clock->post([this, index, life = sites_[index].life] {
        Site& site = sites_[index];
        if (site.life != life) return;
        const auto unanswered = std::exchange(site.outbox, {});
        for (const auto& [sequence, each] : unanswered)
            each.done(Error{Error::Code::unavailable, "the controller went away"});
    });
}

// ---- duties ------------------------------------------------------------------------------------

void World::call_in(std::size_t index) {
    const Site& site = sites_[index];
    if (!site.agent) return;
    const model::Revision known = site.given ? site.given->revision : 0;
    const model::Epoch fenced_itself = site.fenced_itself ? site.epoch : 0;
    send(index, Way::up, Phase::quiet, [this, index, life = site.life, known, fenced_itself] {
        hear_call(index, life, known, fenced_itself);
    });
}

void World::call_in_forever(std::size_t index) {
    sites_[index].clock->post_at(sites_[index].clock->now() + 2s, [this, index] {
        call_in(index);
        call_in_forever(index);
    });
}

void World::hear_call(std::size_t index, int life, model::Revision known,
                      model::Epoch fenced_itself) {
    Site& site = sites_[index];
    if (!engine_ || life < site.life_heard) return;
    if (site.registered != life || fenced_itself > 0) register_host(index, life, fenced_itself);
    if (site.concerned > known) post_duties(index);
}

void World::tell_hosts(const engine::Engine::Group& commits, const engine::SnapshotPtr& now) {
    const engine::SnapshotPtr before = heard_;
    const bool has_gap = commits.empty() || commits.front()->revision != before->revision + 1;
    hear(has_gap ? engine::Engine::Group{} : commits, now);
    if (has_gap)  // the engine could not read what was made all the same
        for (std::size_t index = 0; index < sites_.size(); ++index) {
            note_changed(sites_[index], sites_[index].awake, now->revision);
            post_duties(index);
        }
    for (const auto& [host, parts] : control::affected_hosts(*before, *now, commits)) {
        const auto at = site_of_.find(host);
        if (at == site_of_.end() || sites_[at->second].rests) continue;
        note_changed(sites_[at->second], parts, now->revision);
        post_duties(at->second);
    }
}

/// Of what rests nobody is told.
void World::note_changed(Site& site, const control::Parts& parts, model::Revision when) {
    site.concerned = when;
    for (const model::Subject& part : parts) {
        if (part.noun == model::Noun::host && !site.awake.contains(part)) {
            note_changed(site, site.awake, when);
            continue;
        }
        if (!rests(site, part)) site.changed[part] = when;
    }
}

/// What its agent is told, read off that snapshot: only what changed since the last one.
control::Duties World::duties_of(Site& site, const Snapshot& known) {
    const bool overtaken = known.revision < site.duties.revision;  // by a letter to an earlier life
    control::Parts parts = site.awake;
    control::Duties duties;
    if (!overtaken) {
        parts.clear();
        for (const auto& [part, when] : site.changed) parts.insert(part);
        std::erase_if(site.changed,
                      [&](const auto& each) { return each.second <= known.revision; });
        duties = std::move(site.duties);
    }
    control::renew(duties, known, site.id, parts);
    if (!overtaken) site.duties = duties;
    return duties;
}

/// At most one letter is being written at a time.
void World::post_duties(std::size_t index) {
    if (std::exchange(sites_[index].duties_posted, true)) return;
    time_line_.post([this, index, life = engine_life_] {
        if (life != engine_life_) return;
        sites_[index].duties_posted = false;
        send_duties(index);
    });
}

/// An agent that the engine has not entered hears nothing: what is known of its host may be of
/// before it booted, and the word that it is dead may be on its way to the store.
void World::send_duties(std::size_t index) {
    if (sites_[index].admitted != sites_[index].life) return;
    const engine::SnapshotPtr now_known = snapshot();
    send(index, Way::down, Phase::quiet, [this, index, life = sites_[index].life, now_known] {
        sites_[index].clock->post([this, index, life, now_known] {
            Site& site = sites_[index];
            if (!site.agent || site.life != life) return;
            if (site.given && site.given->revision == now_known->revision) return;
            const bool is_late = site.given && site.given->revision > now_known->revision;
            control::Duties duties = duties_of(site, *now_known);
            if (!is_late) {
                site.given = now_known;
                learn_epoch(index, duties);
            }
            site.agent->set_duties(std::move(duties));  // which knows itself what comes too late
        });
    });
}

}  // namespace vdc::sim
