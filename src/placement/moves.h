#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "placement/fleet.h"

/// Plans to move instances that run: to empty hosts, to drain one, to make room for a request that
/// fits nowhere, or to mend what is not as it should be. A plan is an order of moves of which every
/// beginning is valid: after each move everybody fits, and no hard rule is broken that was kept
/// before. So a plan may be stopped anywhere, and a move that fails harms nothing.
namespace vdc::placement {

/// What the asker knows of a guest.
struct Movable {
    /// As it was placed, with its rules; outlives the planner. Null: nothing is known of it, and it
    /// stays where it is.
    const Request* request = nullptr;
    bool stays = false;     ///< it is not to be moved; its rules count
    std::int64_t cost = 1;  ///< of moving it: memory to copy, or 1 where moves are counted
};

using MovableOf = std::function<Movable(GuestSlot)>;

/// What a move is for.
enum class Purpose : std::uint8_t {
    empty_host,  ///< `about` stands empty when all moves about it are done
    drain,       ///< `about` is to be left, whatever is gained
    admit,       ///< a request fits on `about` when all are done
    mend,        ///< who moves would not be placed on `about` again, where he is
};

struct Migration {
    GuestSlot guest = 0;
    model::HostId from{};
    model::HostId to{};
    Seat seat{};  ///< in `to`
    Purpose purpose = Purpose::empty_host;
    model::HostId about{};
    std::int64_t cost = 0;

    friend bool operator==(const Migration&, const Migration&) = default;
};

/// Asked last, with the moves before it and itself done in the fleet: whether control lets it be,
/// beside what placement knows (a guarantee, a link that is busy).
using Allows = std::function<bool(const Migration&)>;

struct MoveLimits {
    std::int64_t budget = 0;  ///< what the moves of a plan cost together at most
    /// What they cost at most to empty one host, or to admit one request: for less is no gain.
    std::int64_t worth = 0;
    /// Of processors and memory of hosts in use, so many thousandths stay free when one is emptied:
    /// so that it is not woken again at once.
    std::int64_t spare = 0;
    std::size_t tries = 64;  ///< so many hosts are tried in vain before a plan is as it is
};

struct MovePlan {
    std::vector<Migration> moves{};        ///< in this order
    std::int64_t cost = 0;                 ///< of all
    std::vector<model::HostId> emptied{};  ///< what is gained: hosts without guests at the end
    /// MovePlanner::admit: where the request fits once all are done. None: it fits nowhere even so,
    /// or it fits without any move; then there are none.
    std::optional<model::HostId> admits{};
    /// MovePlanner::drain and mend: who ought to move and fits nowhere else, or may not.
    std::vector<GuestSlot> stuck{};

    friend bool operator==(const MovePlan&, const MovePlan&) = default;
};

/// Tries moves on a fleet and takes them back: after every plan everybody is where he was. Equal
/// fleets give equal plans. Where somebody goes is always what Fleet::decide says of those hosts
/// that may take him. Whose request has rules_max rules stays.
class MovePlanner {
  public:
    MovePlanner(Fleet& fleet, MovableOf movable, const MoveLimits& limits, Allows allows = {});

    /// Empties hosts, those first that cost least, of these those with the least on them, of
    /// these the lowest name. Each is emptied whole or not touched, onto hosts that are in use; a
    /// host that has taken somebody is not emptied by the same plan, so nobody moves twice. Of a
    /// host the largest leave first.
    MovePlan empty_hosts();

    /// Moves away from a host whoever may move and fits elsewhere, also onto empty hosts. Only the
    /// budget limits it.
    MovePlan drain(model::HostId host);

    /// For a request that fits nowhere: as few guests as possible leave one host for others, so
    /// that it fits there. Of hosts where this costs as much, the one after which what is left is
    /// worth most to those who come commonly, as far as MoveLimits::tries reach; then where the
    /// smallest leave.
    MovePlan admit(const Request& request);

    /// Moves away, from open hosts, whoever would not be placed again where he is: a rule of his is
    /// broken there, or the host has become too small for those who are on it. Nobody else is
    /// touched. Host by host in the order of names, of each the largest first, and whoever is well
    /// once others have left stays. Only the budget limits it.
    MovePlan mend();

  private:
    struct Done {
        Migration move;
        const Request* request = nullptr;
        Seat seat_before{};
    };
    /// Who would have to leave a host.
    struct Way {
        HostSlot host = 0;
        std::int64_t cost = 0;
        std::int64_t size = 0;  ///< of all who leave, in thousandths of the greatest host
        std::vector<GuestSlot> leaving{};
    };

    void watch_groups();
    std::vector<GuestSlot> guests_of(HostSlot host) const;
    std::optional<std::int64_t> cost_to_empty(HostSlot host) const;
    std::int64_t claimed_of(HostSlot host) const;
    bool leaves_spare(HostSlot host) const;
    bool empty_one(HostSlot host);
    std::vector<Way> ways_to_admit(const Request& request) const;
    void add_ways_to_admit(const Request& request, HostSlot host, std::vector<Way>& ways) const;
    std::optional<std::int64_t> try_way(const Way& way, const Request& request);
    bool go(const Way& way, const Request& request);

    bool try_move(GuestSlot guest, Purpose purpose, model::HostId about);
    Decision destination(const Request& request, HostSlot from, Purpose purpose);
    std::vector<GuestSlot> watchers_of(const Request& request, GuestSlot guest) const;
    std::vector<GuestSlot> breaking(std::vector<GuestSlot> guests);
    bool breaks_a_rule(GuestSlot guest);
    bool is_misplaced(GuestSlot guest);
    void take_back(std::size_t kept);
    MovePlan finished();

    Fleet& fleet_;
    MovableOf movable_;
    MoveLimits limits_;
    Allows allows_;
    Amounts greatest_;
    std::vector<Done> done_;
    std::int64_t spent_ = 0;
    /// Who has a hard rule about a group.
    std::map<Group, std::vector<GuestSlot>> watching_;
};

/// Makes one move of a plan; its guest keeps its number.
void make(Fleet& fleet, const Migration& move, const Request& request);

}  // namespace vdc::placement
