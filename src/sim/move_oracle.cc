#include "sim/move_oracle.h"

#include <algorithm>
#include <vector>

#include "model/apply.h"

namespace vdc::sim {

using model::Claim;
using model::Create;
using model::Declare;
using model::Delete;
using model::Forget;
using model::Generation;
using model::Host;
using model::HostClaimed;
using model::HostDeclared;
using model::HostHealth;
using model::Instance;
using model::InstanceClaimed;
using model::InstanceObserved;
using model::MoveStage;
using model::Observe;
using model::Sight;
using model::Snapshot;

// ---- the books ---------------------------------------------------------------------------------

static bool is_open(const HostDeclared& declared) {
    return declared.schedulable && !declared.drain;
}

void MoveOracle::enter(const Host& host) {
    machines_[host.id] = {host.name,
                          host.claimed.epoch,
                          host.claimed.fenced,
                          host.claimed.health == HostHealth::up,
                          is_open(host.declared),
                          host.declared.drain};
}

void MoveOracle::enter(const Instance& instance) {
    Guest guest;
    const InstanceClaimed& claimed = instance.claimed;
    guest.name = instance.name;
    guest.host = claimed.host;
    guest.generation = claimed.generation;
    Generation& highest = highest_[instance.id];
    highest = std::max({highest, claimed.generation, claimed.moved});
    guest.highest = highest;
    guest.wanted = instance.declared;
    guest.deleting = instance.deleting;
    guest.reboots = instance.observed.reboots;
    guest.resets = instance.observed.resets;
    if (claimed.host) claimed_.emplace(instance.id, claimed.generation, *claimed.host);
    if (const auto& move = claimed.move) {
        const auto& sending = instance.observed.sending;
        const auto& arrival = instance.observed.arrival;
        guest.move = {move->to,
                      move->generation,
                      move->from_epoch,
                      move->epoch,
                      move->cause == model::MoveCause::drained,
                      move->until,
                      sending && sending->stage == MoveStage::sent,
                      arrival && arrival->stage == MoveStage::arrived};
        moving_.insert(instance.id);
    }
    guests_[instance.id] = std::move(guest);
}

void MoveOracle::begin(const SnapshotPtr& snapshot, base::Instant now) {
    guests_.clear();
    machines_.clear();
    moving_.clear();
    began_ = now;
    before_ = snapshot;
    for (const auto& [id, host] : snapshot->all<Host>()) enter(*host);
    for (const auto& [id, instance] : snapshot->all<Instance>()) enter(*instance);
}

// ---- what begins and what ends -----------------------------------------------------------------

/// What somebody wants that a guest which moves would not obey for as long as it moves.
static std::string wish_against(const model::InstanceDeclared& wanted, bool deleting,
                                std::uint64_t reboots, std::uint64_t resets) {
    if (deleting) return "it shall be gone";
    if (wanted.power == model::Power::off) return "it shall be off";
    if (wanted.power == model::Power::paused) return "it shall be paused";
    if (wanted.reboots > reboots) return "it shall be rebooted";
    if (wanted.resets > resets) return "it shall be reset";
    return {};
}

std::string MoveOracle::begins(const Guest& guest, const InstanceClaimed& claimed) const {
    const model::Move& move = *claimed.move;
    const auto to = machines_.find(move.to);
    if (guest.move) return "I1: " + guest.name + " begins a second move before the first has ended";
    if (move.generation <= guest.highest)
        return "I2: a move of " + guest.name + " has a generation that was given before";
    if (to == machines_.end() || !to->second.is_up || !to->second.is_open)
        return guest.name + " begins to move to a host that takes none";
    const std::string wish =
        wish_against(guest.wanted, guest.deleting, guest.reboots, guest.resets);
    return wish.empty() ? "" : "I10: " + guest.name + " begins to move though " + wish;
}

std::string MoveOracle::handed_over(const Guest& guest, const InstanceClaimed& claimed) const {
    const std::string who = guest.name + " is handed over ";
    if (!guest.move || claimed.generation != guest.move->generation ||
        claimed.host != guest.move->to)
        return "I1: " + who + "without a move there";
    const Move& move = *guest.move;
    const Machine& from = machines_.at(*guest.host);
    const Machine& to = machines_.at(move.to);
    if (!move.was_sent) return "I1: " + who + "and nobody said that it was sent";
    if (!move.has_arrived) return "I1: " + who + "and nobody said that it has arrived";
    if (from.epoch != move.from_epoch || from.fenced >= from.epoch)
        return "I1: " + who + "by a host that began anew since";
    if (to.epoch != move.to_epoch || to.fenced >= to.epoch)
        return "I1: " + who + "to a host that began anew since";
    if (move.is_drained && !from.is_drained) return who + "by a host that is drained no more";
    const std::string wish =
        wish_against(guest.wanted, guest.deleting, guest.reboots, guest.resets);
    return wish.empty() ? "" : "I10: " + who + "though " + wish;
}

std::string MoveOracle::claim(model::InstanceId id, const InstanceClaimed& claimed) {
    Guest& guest = guests_.at(id);
    std::string wrong;
    const bool is_new = claimed.generation != guest.generation;
    const bool follows = guest.move && claimed.generation == guest.move->generation;
    const bool leaves = claimed.host && guest.host && claimed.host != guest.host;
    // Found running there after a restore: no move led there that the records know.
    const bool was_found =
        claimed.proof == model::Evidence::operator_word && claimed.restored == claimed.generation;
    if (is_new && (follows || leaves) && !was_found)
        wrong = handed_over(guest, claimed);
    else if (is_new && claimed.generation <= guest.highest)
        wrong = "I2: " + guest.name + " is claimed in a generation that was given before";
    const bool begins_now =
        claimed.move && !(guest.move && guest.move->generation == claimed.move->generation);
    if (begins_now && wrong.empty()) wrong = begins(guest, claimed);
    guest.host = claimed.host;
    guest.generation = claimed.generation;
    guest.highest = std::max({guest.highest, claimed.generation, claimed.moved});
    highest_[id] = guest.highest;
    if (claimed.host) claimed_.emplace(id, claimed.generation, *claimed.host);
    if (!claimed.move) {
        guest.move.reset();
        moving_.erase(id);
    } else if (begins_now && claimed.host) {
        const model::Move& move = *claimed.move;
        guest.move = {move.to,
                      move.generation,
                      machines_[*claimed.host].epoch,
                      machines_[move.to].epoch,
                      move.cause == model::MoveCause::drained,
                      move.until,
                      false,
                      false};
        moving_.insert(id);
    }
    return wrong;
}

struct MoveOracle::Judge {
    MoveOracle& books;

    std::string operator()(const Create<Instance>& step) const {
        books.enter(*step.record);
        return {};
    }
    std::string operator()(const Declare<Instance>& step) const {
        books.guests_.at(step.id).wanted = step.declared;
        return {};
    }
    std::string operator()(const Delete<Instance>& step) const {
        books.guests_.at(step.id).deleting = true;
        return {};
    }
    std::string operator()(const Forget<Instance>& step) const {
        books.guests_.erase(step.id);
        books.moving_.erase(step.id);
        return {};
    }
    std::string operator()(const Observe<Instance>& step) const {
        Guest& guest = books.guests_.at(step.id);
        const InstanceObserved& seen = step.observed;
        guest.reboots = seen.reboots;
        guest.resets = seen.resets;
        if (guest.move)
            guest.move->was_sent = seen.sending && seen.sending->stage == MoveStage::sent &&
                                   seen.sending->generation == guest.move->generation &&
                                   seen.generation == guest.generation;
        return {};
    }
    std::string operator()(const Sight<Instance>& step) const {
        Guest& guest = books.guests_.at(step.id);
        if (guest.move && guest.move->generation == step.seen.generation &&
            guest.move->to == step.seen.host)
            guest.move->has_arrived = step.seen.stage == MoveStage::arrived;
        return {};
    }
    std::string operator()(const Claim<Instance>& step) const {
        return books.claim(step.id, step.claimed);
    }
    std::string operator()(const Create<Host>& step) const {
        books.enter(*step.record);
        return {};
    }
    std::string operator()(const Declare<Host>& step) const {
        Machine& machine = books.machines_[step.id];
        machine.is_open = is_open(step.declared);
        machine.is_drained = step.declared.drain;
        return {};
    }
    std::string operator()(const Claim<Host>& step) const {
        Machine& machine = books.machines_[step.id];
        machine.epoch = step.claimed.epoch;
        machine.fenced = step.claimed.fenced;
        machine.is_up = step.claimed.health == HostHealth::up;
        return {};
    }
    std::string operator()(const auto&) const { return {}; }
};

static bool is_hand_over(const Snapshot& before, const Claim<Instance>& claim) {
    const Instance* instance = before.find<Instance>(claim.id);
    return instance != nullptr && instance->claimed.move &&
           instance->claimed.move->generation == claim.claimed.generation;
}

std::string MoveOracle::learn(const model::Commit& commit, const SnapshotPtr& after) {
    for (const model::Step& step : commit.steps) {
        if (std::string wrong = std::visit(Judge{*this}, step.change); !wrong.empty()) return wrong;
        const auto* claimed = std::get_if<Claim<Instance>>(&step.change);
        if (claimed != nullptr && is_hand_over(*before_, *claimed))
            if (std::string wrong = tempt(*claimed); !wrong.empty()) return wrong;
    }
    before_ = after;
    return overdue(commit.at);
}

std::string MoveOracle::overdue(base::Instant now) const {
    using namespace std::chrono_literals;
    if (now < began_ + 1min) return {};
    for (const model::InstanceId id : moving_) {
        const Guest& guest = guests_.at(id);
        if (guest.move->until + 1min < now)
            return "I7: " + guest.name + " moves for longer than it may";
    }
    return {};
}

// ---- temptation --------------------------------------------------------------------------------

namespace {

/// A thing that a hand-over needs, made otherwise.
struct Otherwise {
    std::string what;
    model::Change change;
};

std::string began_anew(const Host& host) {
    return host.name + " began anew";
}

model::Change next_epoch(const Host& host) {
    HostClaimed claimed = host.claimed;
    ++claimed.epoch;
    claimed.health = HostHealth::up;
    return Claim<Host>{host.id, std::move(claimed)};
}

std::vector<Otherwise> all_otherwise(const Snapshot& before, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    const Host& from = before.get<Host>(*instance.claimed.host);
    const Host& to = before.get<Host>(move.to);
    InstanceObserved not_sent = instance.observed;
    not_sent.sending.reset();
    model::ArrivalSeen not_arrived{move.to, move.generation, MoveStage::ready, {}};
    InstanceClaimed cancelled = instance.claimed;
    cancelled.move.reset();
    return {{began_anew(from), next_epoch(from)},
            {began_anew(to), next_epoch(to)},
            {"it was not sent", Observe<Instance>{instance.id, std::move(not_sent)}},
            {"it has not arrived", Sight<Instance>{instance.id, std::move(not_arrived)}},
            {"its move was over", Claim<Instance>{instance.id, std::move(cancelled)}}};
}

}  // namespace

/// What control asks for is right as a rule, so that the model's own refusal is never seen: here it
/// is asked for when it is wrong.
std::string MoveOracle::tempt(const Claim<Instance>& hand_over) const {
    Snapshot as_it_was = *before_;
    if (!model::apply(as_it_was, hand_over).ok()) return {};  // other steps came before it
    const Instance& instance = before_->get<Instance>(hand_over.id);
    for (const Otherwise& each : all_otherwise(*before_, instance)) {
        Snapshot otherwise = *before_;
        if (!model::apply(otherwise, each.change).ok()) continue;
        if (model::apply(otherwise, hand_over).ok())
            return "I1: the model would hand " + instance.name + " over though " + each.what;
    }
    return {};
}

}  // namespace vdc::sim
