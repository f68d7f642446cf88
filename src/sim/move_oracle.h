#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "model/commit.h"
#include "model/snapshot.h"

namespace vdc::sim {

/// What commits say of guests that move, held against books of its own: kept step by step, by what
/// stands in the steps alone. Shares no code with the product but the records and model::apply(),
/// which it tempts.
class MoveOracle {
  public:
    using SnapshotPtr = std::shared_ptr<const model::Snapshot>;

    /// Begins anew with an engine at `now`: the books as the snapshot has the things. Generations
    /// that were given stay known.
    void begin(const SnapshotPtr& snapshot, base::Instant now);

    /// The first violation, or "".
    ///  - I2: each move has a generation that nothing had before it.
    ///  - A move begins, and a guest is handed over, only while nobody wants it stopped, paused,
    ///    rebooted, reset or gone; it goes to a host that takes instances.
    ///  - I1: a guest is handed over when both ends of this very move said, last, that all of it
    ///  was
    ///    sent and has arrived, in the epochs in which both hosts were when it began; one that a
    ///    drain moves, only while its host is drained.
    ///  - The model refuses each hand-over that was made as soon as one thing that it needs is
    ///    otherwise: both epochs, both words, and the move itself.
    ///  - I7: no move is older than it may be.
    std::string learn(const model::Commit& commit, const SnapshotPtr& after);

    /// I7: the first instance that moves though the time of its move is over for a minute, and the
    /// engine is at work for as long.
    std::string overdue(base::Instant now) const;

    /// Whether the instance was ever claimed on that host in that generation.
    bool was_claimed(model::InstanceId id, model::Generation generation, model::HostId host) const {
        return claimed_.contains({id, generation, host});
    }

  private:
    struct Move {
        model::HostId to;
        model::Generation generation = 0;
        model::Epoch from_epoch = 0;  ///< of both hosts, when it began
        model::Epoch to_epoch = 0;
        bool is_drained = false;
        base::Instant until;
        bool was_sent = false;  ///< as its hosts said last
        bool has_arrived = false;
    };
    struct Guest {
        std::string name;
        std::optional<model::HostId> host;
        model::Generation generation = 0;
        model::Generation highest = 0;  ///< that a claim or a move of it had
        model::InstanceDeclared wanted;
        bool deleting = false;
        std::uint64_t reboots = 0;  ///< that were obeyed
        std::uint64_t resets = 0;
        std::optional<Move> move;
    };
    struct Machine {
        std::string name;
        model::Epoch epoch = 0;
        model::Epoch fenced = 0;
        bool is_up = true;
        bool is_open = true;
        bool is_drained = false;
    };
    struct Judge;

    void enter(const model::Instance& instance);
    void enter(const model::Host& host);
    std::string begins(const Guest& guest, const model::InstanceClaimed& claimed) const;
    std::string handed_over(const Guest& guest, const model::InstanceClaimed& claimed) const;
    std::string claim(model::InstanceId id, const model::InstanceClaimed& claimed);
    std::string tempt(const model::Claim<model::Instance>& hand_over) const;

    SnapshotPtr before_;  ///< after the last commit
    base::Instant began_;
    std::map<model::InstanceId, Guest> guests_;
    std::map<model::HostId, Machine> machines_;
    std::map<model::InstanceId, model::Generation> highest_;  ///< of earlier engines' times, too
    std::set<model::InstanceId> moving_;
    std::set<std::tuple<model::InstanceId, model::Generation, model::HostId>> claimed_;
};

}  // namespace vdc::sim
