#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "placement/balance.h"

/// Moves that make hosts equally full, where hosts are many and a move has a price: only the
/// fullest hosts are relieved, only the emptiest take, and whoever would gain too little stays.
/// balance.h looks at every pair instead, and exchanges; for tens of hosts.
namespace vdc::placement {

/// Somebody on a host who may be moved.
struct LevelGuest {
    std::size_t guest = 0;  ///< as the asker counts them
    Loads of{};
    std::int64_t cost = 0;        ///< of moving it, MiB to copy
    std::int64_t least_gain = 0;  ///< see LevelMove::gain; 0 or more
};

struct LevelMove {
    std::size_t guest = 0;
    std::size_t from = 0;
    std::size_t to = 0;
    /// By how many thousandths of a host the new one is emptier than the old one, the guest itself
    /// counted on neither; over the measures, as much as it takes of each. So a move back would
    /// gain as much less than nothing.
    std::int64_t gain = 0;

    friend bool operator==(const LevelMove&, const LevelMove&) = default;
};

/// Who may leave the host; asked once for each host that might be relieved.
using GuestsOf = std::function<std::vector<LevelGuest>(std::size_t host)>;
/// Asked last of moves that fit and gain enough, the best first, with all moves before it done;
/// true: it is made.
using AllowsLevelMove = std::function<bool(const LevelMove&)>;

/// Hosts by how full they are, kept while moves are made.
class Levels {
  public:
    /// Capacities are above 0; a host with sixteen times its own or more counts as one with
    /// sixteen. `takes`: whether the host may be given anything.
    Levels(std::vector<Measure> measures, std::vector<Loads> capacities, std::vector<Loads> used,
           std::vector<bool> takes);

    /// How far a host is from the middle, in thousandths of its room: the root of the mean over
    /// hosts and measures, by weight, of squares. 0: all are equally full.
    std::int64_t unevenness() const;

    /// Whether it carries more of a limit than it has.
    bool is_over(std::size_t host) const;
    bool holds(std::size_t host, const Loads& more) const;
    /// As LevelMove::gain; 0 or less: nothing is gained.
    std::int64_t gain(const Loads& of, std::size_t from, std::size_t to) const;

    /// How full it is by all measures; only to be compared.
    std::int64_t fullness(std::size_t host) const { return fullness(host, measures_.size()); }
    /// Of those that may take somebody the emptiest few, by each measure and by all; in the order
    /// of their numbers.
    std::vector<std::size_t> emptiest() const;

    /// Makes the move.
    void move(const Loads& of, std::size_t from, std::size_t to);

    /// At most `moves_max` moves in an order of which every beginning keeps the limits and lowers
    /// the unevenness; all of them are made. Nobody moves twice, and every one gains what he must
    /// at least, but on a host that is over its limit: who leaves that one must only gain. Of
    /// these the next one is always who lowers the unevenness most for its cost, with a share for
    /// each move however small; ties go to the lowest host, then guest, then host to go to.
    /// `least_gain`: nobody asks for less. A host from which nobody could gain that is passed over.
    /// What is looked at for one move does not grow with the hosts (but by the logarithm).
    std::vector<LevelMove> plan(const GuestsOf& guests_of, const AllowsLevelMove& allows,
                                std::int64_t least_gain, std::size_t moves_max);

  private:
    struct Try {
        LevelMove move;
        Loads of{};
        std::int64_t merit = 0;
    };
    using Order = std::set<std::pair<std::int64_t, std::size_t>>;

    std::int64_t share(std::size_t host, std::size_t measure, std::int64_t more) const;
    std::int64_t uneven(std::size_t host, const Loads& more, int sign) const;
    std::int64_t drop(const Loads& of, std::size_t from, std::size_t to) const;
    std::int64_t fullness(std::size_t host, std::size_t order) const;
    void list(std::size_t host, bool present);
    void aim();
    void begin_sources();
    void end_sources();
    void spend(std::size_t host);
    std::vector<std::size_t> fullest() const;
    std::int64_t gain_at_most(std::size_t from) const;
    void add_tries(std::size_t from, const std::vector<LevelGuest>& guests,
                   const std::vector<std::size_t>& targets, std::vector<Try>& tries) const;

    std::vector<Measure> measures_;
    std::vector<Loads> capacities_;
    std::vector<Loads> used_;
    std::vector<bool> takes_;
    Loads target_{};
    std::vector<Order> takers_;   ///< who may be given anything: by each measure, and by all
    std::vector<Order> sources_;  ///< who may be relieved still, while there is a plan
    std::vector<bool> spent_;     ///< of all others
    std::int64_t sum_ = 0;        ///< of squares
};

}  // namespace vdc::placement
