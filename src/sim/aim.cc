#include <algorithm>

#include "sim/world.h"

/// Where moves are: so that faults hit in each of their phases, and are counted there; and what of
/// a move is judged on the machines, when an effect begins.
namespace vdc::sim {

using namespace base;
using model::Instance;
using model::MoveStage;

/// Of a move that the hosts know: as the machines have it.
Phase World::phase_of_move(const Instance& instance) const {
    const model::Move& move = *instance.claimed.move;
    const auto site = place_of(*instance.claimed.host);
    if (!site) return Phase::arrive;
    const auto& running = sites_[*site].host->running;
    const auto run = running.find(instance.id);
    const auto* sighting = run != running.end() ? &run->second.sighting : nullptr;
    if (sighting == nullptr || !sighting->move || sighting->move->generation != move.generation)
        return Phase::arrive;
    switch (sighting->move->stage) {
        case MoveStage::preparing:
        case MoveStage::ready:
        case MoveStage::arrived: return Phase::arrive;
        case MoveStage::copying: return Phase::copy;
        case MoveStage::sent: return Phase::sent;
        case MoveStage::failed: return Phase::cancel;
    }
    broken("a stage without a phase");
}

std::vector<World::MoveUnderWay> World::moves_under_way() const {
    std::vector<MoveUnderWay> moves;
    if (!moves_ || heard_ == nullptr) return moves;
    for (const auto& [id, instance] : heard_->all<Instance>())
        if (instance->claimed.move)
            moves.push_back({id, place_of(*instance->claimed.host),
                             place_of(instance->claimed.move->to), phase_of_move(*instance)});
    for (std::size_t index = 0; index < sites_.size(); ++index)
        for (const auto& [id, run] : sites_[index].host->running) {
            if (!run.sighting.alive || !run.moving || !run.sighting.move) continue;
            const Instance* instance = heard_->find<Instance>(id);
            const model::Generation generation = run.sighting.move->generation;
            const bool is_known = instance != nullptr && instance->claimed.move &&
                                  instance->claimed.move->generation == generation;
            if (is_known) continue;
            const bool is_handed = instance != nullptr && instance->claimed.host &&
                                   instance->claimed.generation == generation;
            const auto other = by_name_.find(run.moving->other);
            std::optional<std::size_t> far;
            if (other != by_name_.end()) far = other->second;
            const bool receives = run.moving->receives;
            moves.push_back({id, receives ? far : index, receives ? index : far,
                             is_handed ? Phase::handed : Phase::cancel});
        }
    return moves;
}

std::set<Phase> World::phases_at(std::size_t index) const {
    std::set<Phase> phases = sites_[index].hands->phases();
    for (const MoveUnderWay& move : moves_under_way())
        if (move.from == index || move.to == index) phases.insert(move.phase);
    return phases;
}

/// The first word of the host that a guest goes on where it came to is about the hand-over.
Phase World::phase_of_report(const model::Step& step) const {
    const auto* seen = std::get_if<model::Observe<Instance>>(&step.change);
    const Instance* instance = seen != nullptr ? heard_->find<Instance>(seen->id) : nullptr;
    const bool is_first = instance != nullptr && !seen->observed.sending &&
                          instance->claimed.proof == model::Evidence::handed_over &&
                          instance->claimed.generation == seen->observed.generation &&
                          instance->observed.generation < seen->observed.generation;
    return is_first ? Phase::handed : phase_of(step.change);
}

bool World::run_until_moving(Phase phase, Duration most) {
    std::uint64_t seen = 0;
    model::Revision heard = 0;
    bool is_there = false;
    const auto look = [&] {
        std::uint64_t changes = 1;
        for (const Site& site : sites_) changes += site.host->changes();
        if (std::exchange(seen, changes) == changes && heard == heard_->revision) return;
        heard = heard_->revision;
        for (const MoveUnderWay& move : moves_under_way())
            if (move.phase == phase && move.from && move.to) {
                aimed_ = move;
                is_there = true;
                return;
            }
    };
    look();
    if (!is_there)
        run_while(most, [&] {
            look();
            return !is_there;
        });
    return is_there;
}

std::optional<World::Run> World::aimed_run(const std::string& name) {
    const auto index = name == sender ? aimed_->from : aimed_->to;
    if (!index) return {};
    const auto& running = sites_[*index].host->running;
    const auto run = running.find(aimed_->instance);
    if (run == running.end() || !run->second.sighting.alive) return {};
    return Run{&sites_[*index], *index, aimed_->instance};
}

// ---- judgement ---------------------------------------------------------------------------------

/// I1: what moves away is not started anew before its host heard that it stays, and nothing is
/// launched that was never claimed there.
void World::judge_moving_launch(const Site& site, const control::InstanceSpec& spec) {
    const auto* told = site.given ? site.given->find<Instance>(spec.id) : nullptr;
    if (told != nullptr && told->claimed.host == site.id && told->claimed.move)
        violated("I1: " + spec.name + " is started anew while it moves to another host");
    const auto last = site.host->running.find(spec.id);
    if (last != site.host->running.end()) {
        const auto& was = last->second;
        const bool was_sent = was.sighting.move && was.moving && !was.moving->receives;
        if (was_sent && told != nullptr && told->claimed.moved < was.sighting.move->generation)
            violated("I1: " + spec.name +
                     " is started anew by a host that has not heard of its move");
    }
    if (!move_oracle_.was_claimed(spec.id, spec.generation, site.id))
        violated("I2: " + spec.name + " is launched where it was never claimed");
}

/// I1: what came from another host goes on when it was handed over.
void World::judge_going_on(const Site& site, model::InstanceId id) {
    const auto at = site.host->running.find(id);
    if (at == site.host->running.end() || !at->second.sighting.alive) return;
    const auto& run = at->second;
    if (!run.moving || !run.moving->receives) return;
    if (!move_oracle_.was_claimed(id, run.sighting.generation, site.id))
        violated("I1: " + run.spec.name + " goes on on " + site.host->name() +
                 ", to which it was not handed over");
}

}  // namespace vdc::sim
