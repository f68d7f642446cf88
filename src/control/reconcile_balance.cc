#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "control/balance.h"
#include "control/moves.h"
#include "control/reconcile.h"

/// The datacenter makes its hosts equally full (docs/balancing.md).
///
///     nothing --look, each `every`--> planned --act, or a run that was asked for--> round
///        ^                              |  advise: kept for people to see             |
///        +------------------------------+---------------- over: judged ---------------+
///
/// A round begins the moves of its plan in their order, as many at a time as may be. Each is asked
/// about anew before it is begun, as an operator's would be. When the world is another one than the
/// plan was made for, the rest is dropped; what is under way arrives or fails by itself.
namespace vdc::control {

using model::Balance;
using model::BalanceClaimed;
using model::BalanceMode;
using model::BalanceObserved;
using model::BalanceRound;
using model::BalanceStep;
using model::Claim;
using model::Host;
using model::HostId;
using model::Instance;
using model::Observe;

static std::string many(std::int64_t count, const char* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

static std::string uneven(std::int64_t thousandths) {
    return std::to_string(thousandths) + " thousandths";
}

/// Keeps it so, if that is anything new; whether it is.
static bool keep(Draft& draft, const Balance& balance, BalanceClaimed claimed,
                 const std::string& reason) {
    if (claimed == balance.claimed) return false;
    draft.must_add(Claim<Balance>{balance.id, std::move(claimed)}, reason);
    return true;
}

// ---- a round -----------------------------------------------------------------------------------

namespace {

/// What became of a move that was begun.
enum class Fate { under_way, arrived, failed };

}  // namespace

static Fate fate_of(const model::Snapshot& s, const BalanceStep& step) {
    const Instance* instance = s.find<Instance>(step.instance);
    if (instance == nullptr) return Fate::failed;
    const auto& move = instance->claimed.move;
    if (instance->claimed.host == step.from && move && move->to == step.to) return Fate::under_way;
    return instance->claimed.host == step.to ? Fate::arrived : Fate::failed;
}

static void settle(const model::Snapshot& s, BalanceRound& round) {
    std::erase_if(round.under_way, [&](const BalanceStep& step) {
        const Fate fate = fate_of(s, step);
        round.moved += fate == Fate::arrived ? 1 : 0;
        round.failed += fate == Fate::failed ? 1 : 0;
        return fate != Fate::under_way;
    });
}

namespace {

/// One look at a round: begins what may begin.
class Turn {
  public:
    Turn(Draft& draft, const Balance& balance)
        : draft_(draft), rules_(balance.declared), claimed_(balance.claimed) {
        settle(draft.datacenter(), round());
        for (const BalanceStep& step : round().under_way) occupy(step);
    }

    BalanceRound& round() { return *claimed_.round; }
    BalanceClaimed& claimed() { return claimed_; }

    void begin_moves() {
        std::optional<BalanceHosts> hosts;  // all of them are read, so not before it is needed
        std::vector<BalanceStep> later;
        for (std::size_t number = 0; number < claimed_.plan.size(); ++number) {
            const BalanceStep step = claimed_.plan[number];
            if (!is_free(step)) {
                put_off(step, later);
                continue;
            }
            if (!hosts) hosts.emplace(draft_.datacenter());
            if (!is_worth_it(step, *hosts)) continue;
            const Instance instance = draft_.datacenter().get<Instance>(step.instance);
            MovePlan plan = move_plan(draft_.guarantee(), draft_.datacenter(), instance, step.to);
            if (plan.to) {
                begin(instance, step, std::move(plan));
                hosts->move(instance, step.from, step.to);
            } else if (!round().under_way.empty()) {
                put_off(step, later);  // room may come with those who leave
            } else {
                return drop_plan(instance.name + " cannot move any more: " + plan.why);
            }
        }
        claimed_.plan = std::move(later);
    }

    void drop_plan(std::string why) {
        if (claimed_.plan.empty()) return;
        claimed_.plan.clear();
        claimed_.waits = std::move(why);
    }

    bool is_over() const { return claimed_.plan.empty() && claimed_.round->under_way.empty(); }

  private:
    void occupy(const BalanceStep& step) {
        ++busy_[step.from];
        ++busy_[step.to];
    }

    /// Later moves from and to its hosts do not overtake it.
    void put_off(const BalanceStep& step, std::vector<BalanceStep>& later) {
        held_.insert(step.from);
        held_.insert(step.to);
        later.push_back(step);
    }

    bool is_free(const BalanceStep& step) {
        const auto most = static_cast<std::size_t>(rules_.moves_max);
        if (round().under_way.size() >= most) return false;
        for (const HostId host : {step.from, step.to})
            if (held_.contains(host) || busy_[host] >= rules_.moves_per_host) return false;
        return true;
    }

    /// Whether it is still where it was, may move, and has as much to gain. What people want of it
    /// by now comes first.
    bool is_worth_it(const BalanceStep& step, const BalanceHosts& hosts) const {
        const auto* instance = draft_.datacenter().find<Instance>(step.instance);
        if (instance == nullptr || instance->claimed.host != step.from) return false;
        if (draft_.datacenter().find<Host>(step.to) == nullptr) return false;
        if (!immovable_because(draft_.datacenter(), *instance).empty()) return false;
        if (step.aim != model::BalanceAim::level) return true;
        return hosts.gain(*instance, step.from, step.to) >= gain_needed(rules_, step.bytes);
    }

    void begin(const Instance& instance, const BalanceStep& step, MovePlan plan) {
        plan.why = step.why;
        for (model::Step& each : begin_move(draft_.datacenter(), instance, plan,
                                            model::MoveCause::balanced, draft_.now()))
            draft_.must_add(std::move(each.change), std::move(each.reason));
        occupy(step);
        round().under_way.push_back(step);
    }

    Draft& draft_;
    const model::BalanceDeclared& rules_;
    BalanceClaimed claimed_;
    std::map<HostId, std::int64_t> busy_;
    std::set<HostId> held_;
};

}  // namespace

static std::string verdict(const BalanceClaimed& claimed) {
    const BalanceRound& round = *claimed.round;
    std::string words = many(round.moved, "instance") + " moved";
    if (round.failed > 0) words += ", " + many(round.failed, "move") + " came to nothing";
    return claimed.waits.empty() ? words : words + "; the rest was given up: " + claimed.waits;
}

/// What came of it is held against what it was to bring.
static void judge(Draft& draft, const Balance& balance, BalanceClaimed claimed) {
    const BalanceRound& round = *claimed.round;
    const BalanceObserved seen{round.since,
                               draft.now(),
                               round.moved,
                               round.failed,
                               round.before,
                               round.predicted,
                               unevenness(draft.datacenter()),
                               verdict(claimed)};
    claimed.round.reset();
    claimed.planned = draft.now();
    claimed.runs = balance.declared.runs;
    const std::string reason = "hosts were " + uneven(seen.before) + " off and are " +
                               uneven(seen.seen) + " off, " + uneven(seen.predicted) +
                               " were predicted: " + seen.message;
    draft.must_add(Observe<Balance>{balance.id, seen}, reason);
    keep(draft, balance, std::move(claimed), "the plan is over");
}

/// Why the rest of the plan is not wanted, or not possible; empty: it goes on.
static std::string given_up_because(const Draft& draft, const Balance& balance) {
    if (!balance.claimed.round->asked && balance.declared.mode != BalanceMode::act)
        return "its mode is " + std::string(word(balance.declared.mode));
    return unrest_because(draft.datacenter());
}

static void carry_on(Draft& draft, const Balance& balance) {
    Turn turn(draft, balance);
    if (std::string why = given_up_because(draft, balance); !why.empty())
        turn.drop_plan(std::move(why));
    else
        turn.begin_moves();
    if (turn.is_over()) return judge(draft, balance, turn.claimed());
    constexpr Duration looks_again = std::chrono::seconds(10);
    const std::string reason =
        "hosts are being balanced: " +
        many(static_cast<std::int64_t>(turn.round().under_way.size()), "move") + " under way, " +
        std::to_string(turn.claimed().plan.size()) + " to begin" +
        (turn.claimed().waits.empty() ? "" : "; the rest is given up: " + turn.claimed().waits);
    if (!keep(draft, balance, turn.claimed(), reason))
        draft.wake(draft.now() + looks_again, balance.subject());
}

// ---- a plan ------------------------------------------------------------------------------------

/// A run that was asked for, and for which nothing is to be done.
static void end_run(Draft& draft, const Balance& balance, BalanceClaimed claimed,
                    const BalancePlan& plan) {
    const std::string why = claimed.waits.empty() ? "no move is worth it" : claimed.waits;
    const BalanceObserved seen{draft.now(), draft.now(), 0,           0,
                               plan.before, plan.before, plan.before, "nothing was moved: " + why};
    claimed.runs = balance.declared.runs;
    draft.must_add(Observe<Balance>{balance.id, seen}, seen.message);
    keep(draft, balance, std::move(claimed), seen.message);
}

static std::string words_of(const BalanceClaimed& claimed, const BalancePlan& plan) {
    if (!claimed.waits.empty()) return "nothing is balanced now: " + claimed.waits;
    if (plan.steps.empty()) return "hosts are balanced: no move is worth it";
    return many(static_cast<std::int64_t>(plan.steps.size()), "move") + " would take hosts from " +
           uneven(plan.before) + " off to " + uneven(plan.predicted);
}

static void look_around(Draft& draft, const Balance& balance, bool asked) {
    BalanceClaimed claimed = balance.claimed;
    claimed.waits = unrest_because(draft.datacenter());
    BalancePlan plan;
    if (claimed.waits.empty())
        plan = balance_plan(draft.guarantee(), draft.datacenter(), balance.declared, draft.now());
    claimed.plan = plan.steps;
    const bool begins = !plan.steps.empty() && (asked || balance.declared.mode == BalanceMode::act);
    if (claimed != balance.claimed || asked) claimed.planned = draft.now();
    if (asked && !begins) return end_run(draft, balance, std::move(claimed), plan);
    if (begins) {
        claimed.round = BalanceRound{};
        claimed.round->since = draft.now();
        claimed.round->asked = asked;
        claimed.round->before = plan.before;
        claimed.round->predicted = plan.predicted;
    }
    if (!keep(draft, balance, claimed, words_of(claimed, plan)))
        draft.wake(draft.now() + balance.declared.every, balance.subject());
}

void reconcile_balance(Draft& draft, const Balance& balance) {
    if (balance.claimed.round) return carry_on(draft, balance);
    const bool asked = balance.declared.runs > balance.claimed.runs;
    if (!asked && balance.declared.mode == BalanceMode::off) {
        BalanceClaimed claimed = balance.claimed;
        claimed.plan.clear();
        claimed.waits.clear();
        keep(draft, balance, std::move(claimed), "nothing is balanced: its mode is off");
        return;
    }
    const Instant next = balance.claimed.planned + balance.declared.every;
    if (!asked && draft.now() < next) return draft.wake(next, balance.subject());
    look_around(draft, balance, asked);
}

}  // namespace vdc::control
