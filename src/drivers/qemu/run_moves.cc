#include <utility>

#include "drivers/qemu/migration.h"
#include "drivers/qemu/run.h"
#include "drivers/qemu/unix_socket.h"

/// A run that comes from another host, or goes to one.
namespace vdc::drivers::qemu {

using base::Error;
using base::Result;
using base::Status;
using control::DiskSpec;
using runtime::Fd;
using namespace std::chrono_literals;

// ---- receiving ---------------------------------------------------------------------------------

Status Run::await_arrival(std::vector<DiskSpec> disks, std::string from, Milliseconds limit) {
    const Lock turn(turn_);
    TRY(watch());
    TRY(save(record(), folder_));
    TRY(qmp_->wait_ready(limit));
    auto memory = TRY(runtime::make_socket_pair(runtime::Blocking::no));
    const Fd listener = TRY(listen_at(folder_.disks()));
    TRY(begin_receiving(*qmp_, disks, listener, memory.theirs));
    const Lock lock(mutex_);
    disks_ = std::move(disks);
    state_ = control::RunState::paused;
    move_ = MoveSeen{.stage = MoveStage::ready, .generation = record_.generation};
    incoming_ = std::move(memory.ours);
    sender_ = std::move(from);
    known_ = true;
    announced_ = true;
    return {};
}

Result<Fd> Run::take_stream(const std::string& channel, model::Generation generation,
                            const std::string& from) {
    const Lock lock(mutex_);
    const bool is_awaited = move_ && move_->stage == MoveStage::ready && !record_.ended &&
                            generation == record_.generation && from == sender_;
    if (!is_awaited)
        return Error{Error::Code::conflict,
                     "instance " + record_.name + " is not awaited here from " + from};
    if (is_disk_channel(channel)) return connect_to(folder_.disks());
    if (channel == memory_channel && incoming_) return std::move(incoming_);
    return Error{Error::Code::conflict, "this stream of " + record_.name + " is not awaited"};
}

/// Of a guest that arrived: from here on it is this host's own. Others learn its new place from
/// their duties; the announcement is for the bridge of this host.
Status Run::let_go_on(Qmp& qmp) {
    const auto seen = move();
    if (!seen || seen->stage != MoveStage::arrived)
        return Error{Error::Code::conflict,
                     "instance " + record().name + " has not arrived, and cannot go on here"};
    TRY(end_receiving(qmp));
    TRY(ask("cont"));
    {
        const Lock lock(mutex_);
        record_.received = false;
        move_.reset();
        state_ = control::RunState::running;
        save_locked();
    }
    (void)qmp.execute(
        "announce-self",
        base::Json::object(
            {{"initial", 50}, {"max", 550}, {"rounds", 5}, {"step", 100}}));  // a courtesy
    return {};
}

// ---- sending -----------------------------------------------------------------------------------

Status Run::send(const SendOrder& order, const OpenStream& open) {
    const Lock turn(turn_);
    Qmp* qmp = TRY(monitor());
    const RunRecord now = record();
    if (now.sending != 0 && now.sending != order.generation)
        return Error{Error::Code::conflict,
                     now.name + " is being sent in another generation: that is cancelled first"};
    if (now.sending == 0) return begin_sending(order, open);
    return follow_sending(order, open, *qmp);
}

/// The receiver has as many slots as its disks ask for.
static Status check_slots(const RunRecord& record, const std::vector<DiskSpec>& disks) {
    control::InstanceSpec spec;
    spec.disks = disks;
    if (record.slots == disk_slots(spec)) return {};
    return Error{Error::Code::unsupported,
                 record.name + " was started with other disks than it has now, and cannot move",
                 "stop and start it once"};
}

/// A stream is opened once; so whatever stands in the way of one ends the sending.
Status Run::fail_sending(Status done) {
    if (done.ok()) return done;
    const Lock lock(mutex_);
    if (!move_) return done;
    move_->stage = MoveStage::failed;
    move_->message = done.error().message;
    move_->is_due = false;
    return done;
}

/// It is recorded first: a daemon after this one clears away what it finds.
Status Run::begin_sending(const SendOrder& order, const OpenStream& open) {
    TRY(check_slots(record(), order.disks));
    {
        const Lock lock(mutex_);
        record_.sending = order.generation;
        save_locked();
        memory_began_ = false;
        mirrors_ = order.disks.size();
        move_ = MoveSeen{.stage = MoveStage::copying, .generation = order.generation};
    }
    return fail_sending(begin_mirrors(order, open));
}

Status Run::begin_mirrors(const SendOrder& order, const OpenStream& open) {
    for (const DiskSpec& disk : order.disks) {
        const Fd channel = TRY(open(disk_channel(disk.slot)));
        TRY(begin_mirror(*qmp_, disk, channel));
    }
    return {};
}

Status Run::begin_memory_stream(Qmp& qmp, const OpenStream& open) {
    const Fd channel = TRY(open(memory_channel));
    memory_began_ = true;
    return begin_memory(qmp, channel);
}

static MoveStage stage_of(Sending::Stage stage) {
    if (stage == Sending::Stage::sent) return MoveStage::sent;
    return stage == Sending::Stage::failed ? MoveStage::failed : MoveStage::copying;
}

void Run::show_sending(const Sending& sending) {
    const Lock lock(mutex_);
    if (!move_) return;
    move_->stage = stage_of(sending.stage);
    move_->total = {sending.total};
    move_->left = {sending.left};
    move_->pause = sending.pause;
    move_->message = sending.trouble;
}

Status Run::follow_sending(const SendOrder& order, const OpenStream& open, Qmp& qmp) {
    constexpr Milliseconds end_within = 30s;
    {
        const Lock lock(mutex_);
        if (!move_ || move_->stage == MoveStage::sent || move_->stage == MoveStage::failed)
            return {};
        move_->is_due = false;
    }
    Sending sending = TRY(look_at_sending(qmp, mirrors_, memory_began_));
    if (sending.stage == Sending::Stage::mirrored) {
        TRY(fail_sending(begin_memory_stream(qmp, open)));
    } else if (sending.stage == Sending::Stage::memory && order.rung == MoveRung::stop) {
        TRY(ask("stop"));
    } else if (sending.stage == Sending::Stage::stands_still) {
        TRY(finish_sending(qmp, end_within));
        sending = TRY(look_at_sending(qmp, mirrors_, memory_began_));
    }
    show_sending(sending);
    return {};
}

void Run::forget_sending() {
    const Lock lock(mutex_);
    record_.sending = 0;
    save_locked();
    move_.reset();
    memory_began_ = false;
    mirrors_ = 0;
}

/// A guest that was stopped for its move goes on, also when QEMU has let it go on by itself.
Status Run::cancel_send(model::Generation generation) {
    const Lock turn(turn_);
    const RunRecord now = record();
    if (now.sending == 0) return {};
    if (now.sending != generation)
        return Error{Error::Code::conflict, now.name + " is being sent in another generation, " +
                                                std::to_string(now.sending)};
    Qmp* qmp = TRY(monitor());
    TRY(abandon_sending(*qmp));
    TRY(ask("cont"));
    forget_sending();
    return learn_state();
}

/// Of a run that an earlier daemon left, whose streams went with it: holding the lock. Of one that
/// had arrived the daemon may have gone after it let the guest go on, and before it noted that.
void Run::learn_move(const std::string& status) {
    if (move_) return;
    if (record_.received && status == "running") {
        record_.received = false;
        save_locked();
    } else if (record_.received) {
        const bool is_here = status == "paused";
        move_ = MoveSeen{.stage = is_here ? MoveStage::arrived : MoveStage::failed,
                         .generation = record_.generation};
        if (!is_here) move_->message = "the daemon that awaited it is gone";
    } else if (record_.sending > 0) {
        const bool is_there = status == "postmigrate";
        move_ = MoveSeen{.stage = is_there ? MoveStage::sent : MoveStage::failed,
                         .generation = record_.sending};
        if (!is_there) move_->message = "the daemon that sent it is gone";
    }
}

/// On the watcher's thread, holding the lock.
void Run::heard_of_move(const std::string& status) {
    if (!move_) return;
    if (record_.received) {
        if (status == "completed") move_->stage = MoveStage::arrived;
        if (status == "failed") move_->stage = MoveStage::failed;
        return;
    }
    if (status == "pre-switchover" || status == "completed" || status == "failed")
        move_->is_due = true;
}

}  // namespace vdc::drivers::qemu
