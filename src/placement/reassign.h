#pragma once

#include <cstdint>
#include <vector>

#include "base/chance.h"
#include "placement/kinds.h"

/// Where everybody had better be, by a price for where all are: for all processes of a datacenter
/// at once. The price and the rules are those of Google's machine reassignment problem
/// (ROADEF/EURO challenge 2012), on our amounts of kinds.
namespace vdc::placement {

/// A host. Numbers of areas and neighbourhoods count from 0.
struct ReassignHost {
    Amounts capacity;
    Amounts safe;  ///< use beyond it costs
    std::uint32_t area = 0;
    std::uint32_t neighbourhood = 0;
    std::vector<std::int64_t> move_costs;  ///< of a guest from here, by the host it goes to
};

/// Guests of one service are on different hosts, and in so many areas at least; where one is, there
/// is one of each service that it depends on in the same neighbourhood.
struct ReassignService {
    std::int64_t areas_least = 0;
    std::vector<std::size_t> depends_on;
};

struct ReassignGuest {
    std::size_t service = 0;
    Amounts needs;
    std::int64_t move_cost = 0;
    std::size_t host = 0;  ///< where it is
};

/// Of each host, what is left of `more` should be `times` what is left of `base`.
struct ReassignBalance {
    Kind base = 0;
    Kind more = 0;
    std::int64_t times = 0;
    std::int64_t weight = 0;
};

struct Reassignable {
    std::size_t kinds = 0;
    std::vector<std::int64_t> load_weights;  ///< by kind
    std::vector<bool> transient;  ///< by kind: who moves needs it at both ends until all have moved
    std::vector<ReassignBalance> balances;
    std::int64_t guest_weight = 0;    ///< of the sum of move costs of guests
    std::int64_t service_weight = 0;  ///< of the most guests of one service that move
    std::int64_t host_weight = 0;     ///< of the sum of move costs between hosts
    std::vector<ReassignHost> hosts;
    std::vector<ReassignService> services;
    std::vector<ReassignGuest> guests;
};

struct Reassignment {
    std::size_t guest = 0;
    std::size_t to = 0;

    friend bool operator==(const Reassignment&, const Reassignment&) = default;
};

/// The price of having each guest where `at` says, by the definition alone; slow.
std::int64_t price_of(const Reassignable& problem, const std::vector<std::size_t>& at);
/// Whether it keeps all rules, by the definition alone; slow.
bool keeps_rules(const Reassignable& problem, const std::vector<std::size_t>& at);

/// Looks for a cheaper way for all, by simulated annealing: somebody goes elsewhere, or two
/// exchange their hosts; what is dearer by `warmth` is taken in one of e cases. Whole numbers and
/// its own chance: the same calls find the same.
class Reassigner {
  public:
    /// Where all are now must keep the rules. The problem must outlive it.
    Reassigner(const Reassignable& problem, std::uint64_t seed);

    /// By how much a try changes the price, on the average of `tries` from here.
    std::int64_t usual_change(std::int64_t tries);

    void improve(std::int64_t tries, std::int64_t warmth);
    /// Goes on from the cheapest that was seen.
    void return_to_best();

    std::size_t hosts() const { return use_.size(); }
    std::size_t at(std::size_t guest) const { return at_[guest]; }
    /// Whether all rules hold if it moves there from elsewhere.
    bool may_move(std::size_t guest, std::size_t to) const;
    void move(std::size_t guest, std::size_t to) { shift(guest, to); }

    std::int64_t price() const { return price_; }
    std::int64_t best_price() const { return best_price_; }

    /// From where all were towards the cheapest that was seen, so that after each move all rules
    /// are kept, and not dearer in the end than in the beginning. Most move once; who stands in the
    /// way of others steps aside first. Where nobody can come nearer to his place any more, `tries`
    /// single moves are tried that make it cheaper from there. `price_of` the end tells.
    std::vector<Reassignment> moves(std::int64_t tries) const;

  private:
    struct HostUse {
        Amounts used;
        Amounts held;  ///< with what those who left keep of what is transient
    };

    bool keeps_service(std::size_t guest, std::size_t to) const;
    bool holds(std::size_t guest, std::size_t to) const;
    bool holds_instead(std::size_t guest, std::size_t to, std::size_t leaves) const;
    std::int64_t price_with(std::size_t host, const Amounts& less, const Amounts& more) const;
    std::int64_t price_of_services(std::size_t guest, std::size_t to) const;
    std::int64_t price_of_host(std::size_t host) const;
    std::int64_t price_of_moving(std::size_t guest, std::size_t to) const;
    void shift(std::size_t guest, std::size_t to);
    void count_moved(std::size_t service, std::int64_t by);
    void try_shift(std::int64_t warmth);
    void try_exchange(std::int64_t warmth);
    bool takes(std::int64_t dearer, std::int64_t warmth);
    void remember();

    std::int32_t& on_host(std::size_t service, std::size_t host) {
        return on_host_[service * problem_.hosts.size() + host];
    }
    std::int32_t on_host(std::size_t service, std::size_t host) const {
        return on_host_[service * problem_.hosts.size() + host];
    }

    const Reassignable& problem_;
    base::Chance chance_;
    std::size_t areas_ = 0;
    std::size_t neighbourhoods_ = 0;
    std::vector<std::vector<std::size_t>> needed_by_;  ///< by service: who depends on it
    std::vector<std::size_t> at_;                      ///< by guest
    std::vector<HostUse> use_;                         ///< by host
    std::vector<std::int64_t> host_price_;             ///< by host: load and balance
    std::vector<std::int32_t> on_host_;                ///< by service and host
    std::vector<std::int32_t> in_area_;                ///< by service and area
    std::vector<std::int32_t> in_neighbourhood_;       ///< by service and neighbourhood
    std::vector<std::int64_t> areas_used_;             ///< by service
    std::vector<std::int64_t> moved_;                  ///< by service
    std::vector<std::int64_t> with_moved_;             ///< how many services have so many moved
    std::int64_t most_moved_ = 0;
    std::int64_t price_ = 0;
    std::int64_t best_price_ = 0;
    std::vector<std::size_t> best_;
    std::vector<Reassignment>* journal_ = nullptr;  ///< where single moves are written down
};

}  // namespace vdc::placement
