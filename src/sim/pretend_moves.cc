#include <algorithm>

#include "sim/pretend_host.h"

/// Guests that move between pretended hosts. A move takes a few steps; its streams may break at
/// each of them; and there are guests that write faster than can be sent, until they are stopped.
namespace vdc::sim {

using base::Error;
using base::Status;
using namespace base;
using namespace control;

static Error refused(std::string why) {
    return {Error::Code::conflict, std::move(why)};
}

bool PretendHost::stands_still(const Instance& run) {
    const auto& move = run.sighting.move;
    if (!move || !run.moving) return false;
    return run.moving->receives || move->stage == MoveStage::sent;
}

PretendHost::Instance* PretendHost::run_alive(model::InstanceId id) {
    const auto at = running.find(id);
    return at != running.end() && at->second.sighting.alive ? &at->second : nullptr;
}

void PretendHost::await(Instance& run, const std::string& from) {
    run.sighting.run = RunState::paused;
    run.sighting.move =
        MoveSighting{.stage = MoveStage::ready, .generation = run.sighting.generation};
    run.moving = Moving{.other = from, .receives = true};
}

/// The one that takes the streams of this move; nullptr: nobody does.
PretendHost::Instance* PretendHost::receiver_of(model::InstanceId id, const Instance& run) const {
    PretendHost* to = neighbour_(run.moving->other);
    Instance* there = to != nullptr ? to->run_alive(id) : nullptr;
    const bool awaits = there != nullptr && there->moving && there->moving->receives &&
                        there->moving->other == name_ &&
                        there->sighting.generation == run.sighting.move->generation &&
                        there->sighting.move->stage == MoveStage::ready;
    return awaits ? there : nullptr;
}

static void fail(MoveSighting& move, const std::string& why) {
    move.stage = MoveStage::failed;
    move.message = why;
    move.is_due = false;
}

void PretendHost::stop_receiving(model::InstanceId id, const std::string& why) {
    Instance* run = run_alive(id);
    if (run == nullptr || !run->sighting.move) return;
    if (run->sighting.move->stage != MoveStage::ready) return;
    ++changes_;
    fail(*run->sighting.move, why);
    if (chance_.once_in(1, 2)) return end(id, Ending::crashed, why);  // QEMU gives up, or waits
    notice(id);
}

/// Both ends of a move that is not sent hear that its streams broke.
void PretendHost::break_streams(model::InstanceId id, const std::string& why) {
    Instance* run = run_alive(id);
    if (run == nullptr || !run->moving || !run->sighting.move) return;
    const std::string other = run->moving->other;
    if (run->moving->receives) {
        stop_receiving(id, why);
    } else if (run->sighting.move->stage == MoveStage::copying) {
        Instance* there = receiver_of(id, *run);
        fail(*run->sighting.move, why);
        notice(id);
        if (there != nullptr) neighbour_(other)->stop_receiving(id, why);
    }
}

void PretendHost::break_all_streams(const std::string& why) {
    std::vector<model::InstanceId> moving;
    for (const auto& [id, run] : running)
        if (run.moving) moving.push_back(id);
    for (const model::InstanceId id : moving) break_streams(id, why);
}

Status PretendHost::begin_sending(Instance& run, const SendInstance& effect) {
    run.moving = Moving{.other = effect.receiver};
    run.sighting.move =
        MoveSighting{.stage = MoveStage::copying, .generation = effect.order.generation};
    if (receiver_of(effect.instance, run) == nullptr) {
        fail(*run.sighting.move, "it is not awaited on " + effect.receiver);
        return refused(run.sighting.move->message);
    }
    run.moving->steps_left = static_cast<int>(chance_.between(1, 8));
    run.moving->writes_fast = chance_.once_in(1, 6);
    run.sighting.move->total = run.sighting.move->left = bytes(run.spec.memory);
    return {};
}

// ---- what is on the disks ----------------------------------------------------------------------

/// The guest writes to all its disks.
void PretendHost::write_disks(const Instance& run) {
    if (writes == nullptr) return;
    for (const DiskSpec& disk : run.sighting.disks)
        if (Volume* its = volume(disk.volume))
            its->content = writes->last[disk.volume] = ++writes->made;
}

/// I4: whether its disks hold what was written to them last, wherever that was.
bool PretendHost::has_newest_disks(const Instance& run) const {
    if (writes == nullptr) return true;
    const auto& disks = run.sighting.disks;
    return std::all_of(disks.begin(), disks.end(), [this](const DiskSpec& disk) {
        const auto last = writes->last.find(disk.volume);
        const Volume* its = volume(disk.volume);
        return last == writes->last.end() || its == nullptr || its->content == last->second;
    });
}

// ------------------------------------------------------------------------------------------------

/// All of it is there by now: the disks, the memory, and with it what the guest was doing.
void PretendHost::arrive(Instance& here, Instance& there, PretendHost& to) {
    write_disks(here);
    here.sighting.run = RunState::paused;
    here.sighting.move->stage = MoveStage::sent;
    here.sighting.move->left = {};
    here.sighting.move->pause = 300ms;
    there.sighting.move->stage = MoveStage::arrived;
    there.sighting.started = here.sighting.started;
    there.obeys_button = here.obeys_button;
    there.hangs = here.hangs;
    there.boots_for = here.boots_for;
    for (const DiskSpec& disk : here.sighting.disks)
        if (Volume* copy = to.volume(disk.volume)) {
            copy->is_part = false;
            copy->content = volume(disk.volume)->content;
        }
    ++to.changes_;
    to.notice(here.spec.id);
}

Status PretendHost::send_on(const SendInstance& effect) {
    Instance* run = run_alive(effect.instance);
    if (run == nullptr) return refused("it is not alive");
    auto& move = run->sighting.move;
    if (move && move->generation != effect.order.generation)
        return refused("it is being sent in another generation");
    if (!move) return begin_sending(*run, effect);
    if (move->stage != MoveStage::copying) return {};
    Instance* there = receiver_of(effect.instance, *run);
    if (there == nullptr) {
        fail(*move, effect.receiver + " awaits it no more");
        return {};
    }
    if (chance_.once_in(static_cast<std::uint64_t>(faults.break_per_mille), 1000)) {
        break_streams(effect.instance, "a stream broke");
        return {};
    }
    const bool stops = effect.order.rung == MoveRung::stop;
    if (stops) run->sighting.run = RunState::paused;
    if (run->moving->steps_left > 0) {
        --run->moving->steps_left;
        move->left = {move->total.count / 8 * run->moving->steps_left};
        return {};
    }
    if (run->moving->writes_fast && !stops) return {};
    arrive(*run, *there, *neighbour_(effect.receiver));
    return {};
}

Status PretendHost::cancel_send(const CancelSend& effect) {
    Instance* run = run_alive(effect.instance);
    if (run == nullptr) return refused("it is not alive");
    if (!run->sighting.move) return {};
    if (run->sighting.move->generation != effect.generation || run->moving->receives)
        return refused("it is being sent in another generation");
    break_streams(effect.instance, "the sender gave it up");
    if (!has_newest_disks(*run))
        broken_promises.push_back("I4: " + run->spec.name +
                                  " goes on where it was, with disks that are not its newest");
    write_disks(*run);
    run->sighting.move.reset();
    run->moving.reset();
    run->sighting.run = RunState::running;
    return {};
}

Status PretendHost::let_arrived_go_on(Instance& run) {
    if (!run.moving->receives || run.sighting.move->stage != MoveStage::arrived)
        return refused("it has not arrived, or is being sent");
    if (!has_newest_disks(run))
        return refused("I4: " + run.spec.name + " goes on with disks that are not its newest");
    write_disks(run);
    run.sighting.move.reset();
    run.moving.reset();
    run.sighting.run = RunState::running;
    return {};
}

}  // namespace vdc::sim
