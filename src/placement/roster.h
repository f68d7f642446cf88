#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "placement/counts.h"
#include "placement/hash_index.h"
#include "placement/request.h"
#include "placement/shelves.h"

/// Who is where: the hosts of a datacenter with what is left of them, and the instances on them.
namespace vdc::placement {

enum class HostState : std::uint8_t {
    open,    ///< takes new instances
    closed,  ///< does not
    down,    ///< may not even run
};

/// A host as placement sees it.
struct HostSpec {
    std::string name;
    HostState state = HostState::open;
    Amounts capacity{};
    Amounts kept{};                                ///< for the host itself
    Amounts overcommit{};                          ///< thousandths; 0 stands for 1000
    std::vector<Cell> cells{};                     ///< what can be claimed of each
    std::vector<std::string> accelerators{};       ///< the model of each
    std::set<std::string> traits{};                ///< "disk=ssd", "pool=fast"
    std::map<std::string, std::string> domains{};  ///< what fails together: "rack" -> "r1"
    std::string dedication{};                      ///< only who carries it comes; empty: all

    friend bool operator==(const HostSpec&, const HostSpec&) = default;
};

/// What can be claimed of it while it is empty: capacity less what is kept, times overcommit.
Amounts claimable(const HostSpec& spec);

/// Refuses what no host can have: negative amounts, cells beyond cells_max, empty models.
base::Status check_host(const Kinds& kinds, const HostSpec& spec);

/// A host, and a placed instance, as the roster counts them. Numbers are used again.
using HostSlot = std::uint32_t;
using GuestSlot = std::uint32_t;

/// What fails together: which domain ("rack"), and which value of it ("r1"), both as counted here.
struct DomainValue {
    std::uint32_t domain = 0;
    std::uint32_t value = 0;
    friend auto operator<=>(const DomainValue&, const DomainValue&) = default;
};

/// How many of a group are where.
struct GroupCount {
    Group group{};
    std::int64_t all = 0;
    Counts<HostSlot> on_host{};
    Counts<DomainValue> in_domain{};
};

class Roster {
  public:
    struct Entry {
        model::HostId id;
        std::shared_ptr<const HostSpec> spec;  ///< apart from what decisions look at
        Rank rank = 0;
        std::vector<std::uint32_t> values{};  ///< by domain; 0: it has none
        GuestSlot first = nobody;             ///< of its guests
        std::int64_t guests = 0;
        /// The room of others, and of those who change their shelf while ranks are stale.
        std::shared_ptr<const Room> beside{};
    };
    static constexpr GuestSlot nobody = static_cast<GuestSlot>(-1);

    struct Guest {
        HostSlot host = 0;
        std::uint32_t footprint = 0;
        std::uint32_t groups = 0;
        Seat seat{};
        GuestSlot next = nobody;
        GuestSlot previous = nobody;
    };

    Kinds& kinds() { return kinds_; }
    const Kinds& kinds() const { return kinds_; }

    /// The number of a model of accelerators. Refused when there are models_max.
    base::Result<Model> model(const std::string& name);

    /// A new host, or another spec of one. Who is there stays, also where it holds them no more;
    /// other cells or accelerators are a mistake while somebody is there.
    void set_host(model::HostId id, const HostSpec& spec);
    /// Nobody may be there any more.
    void remove_host(model::HostId id);

    /// Puts an instance there. Fitting is not asked: claims that exist count, also on a host that
    /// has become too small for them. Its rules do not matter.
    GuestSlot put(HostSlot host, const Request& request, Seat seat);
    void take_away(GuestSlot slot);

    /// So much of what the whole datacenter shares. What is not set is not there.
    void set_shared(const std::string& name, std::int64_t amount);
    std::int64_t shared_left(const std::string& name) const;

    /// Gives every host its place in the order of names, if hosts came or went. Before decisions.
    void settle();

    std::optional<HostSlot> find(model::HostId id) const;
    const Entry& host(HostSlot slot) const { return hosts_[slot]; }
    bool is_open(HostSlot slot) const { return standings_[slot].shelf != no_shelf; }
    ClassId class_of(HostSlot slot) const { return standings_[slot].of_class; }
    /// Of an open host, as of settle().
    ShelfId shelf_of(HostSlot slot) const { return standings_[slot].shelf; }
    const Room& room(HostSlot slot) const;
    const Guest& guest(GuestSlot slot) const { return guests_[slot]; }
    const Needs& needs(const Guest& guest) const { return footprints_[guest.footprint].what.needs; }
    const std::vector<Group>& groups(const Guest& guest) const {
        return group_lists_[guest.groups].groups;
    }
    std::size_t instances() const { return instances_; }
    std::size_t hosts() const { return by_name_.size(); }
    std::int64_t hosts_that_are(HostState state) const {
        return in_state_[static_cast<std::size_t>(state)];
    }

    /// Slots of hosts in the order of names, by rank; as of settle().
    const std::vector<HostSlot>& by_rank() const { return by_rank_; }

    const Shelves& shelves() const { return shelves_; }
    /// Where a host would stand with that room.
    ShelfId shelf(ClassId of_class, const Room& room) { return shelves_.find(of_class, room); }

    /// Shelves whose lowest host or whose number of hosts changed, in the order in which it
    /// happened; begun anew with each `era`.
    const std::vector<ShelfId>& changes() const { return changes_; }
    /// Whether nothing that came after the change at `place` was about the same shelf.
    bool is_last_change(std::size_t place) const { return last_change_[changes_[place]] == place; }
    /// Another one: ranks have other numbers, nothing that was kept of them holds.
    std::uint64_t era() const { return era_; }

    const GroupCount* group(Group group) const;
    std::optional<std::uint32_t> domain(const std::string& name) const;
    /// Open hosts that share the value.
    const std::set<HostSlot>& sharing(DomainValue value) const;
    /// How many values of the domain open hosts have, and how many hosts have one.
    struct DomainUse {
        std::int64_t values = 0;
        std::int64_t hosts = 0;
    };
    DomainUse use_of(std::uint32_t domain) const { return domain_use_[domain]; }

  private:
    static constexpr ShelfId no_shelf = static_cast<ShelfId>(-1);
    struct Footprint {
        Needs needs;
        std::vector<SharedNeed> shared;
        friend auto operator<=>(const Footprint&, const Footprint&) = default;
    };
    struct Shared {
        std::int64_t amount = 0;
        std::int64_t used = 0;
    };

    Room empty_room(const HostSpec& spec) const;
    HostClass host_class(const HostSpec& spec);
    HostSlot new_slot(model::HostId id);
    void enter_domains(Entry& entry);
    void leave_domains(HostSlot slot);
    void stand(HostSlot slot, const Room& room);
    void step_off(HostSlot slot);
    void changed(ShelfId shelf);
    std::uint32_t footprint(const Request& request);
    void leave_footprint(std::uint32_t number);
    std::uint32_t group_list(const std::vector<Group>& groups);
    void leave_group_list(std::uint32_t list);
    std::uint32_t find_group(const Group& group) const;
    std::uint32_t new_group(const Group& group);
    void count_groups(const Guest& guest, std::int32_t by);
    void count_group(GroupCount& count, HostSlot slot, std::int32_t by);
    void link(GuestSlot slot);
    void unlink(GuestSlot slot);

    Kinds kinds_;
    std::vector<std::string> models_;
    std::vector<std::string> domains_;
    std::vector<std::map<std::string, std::uint32_t>> values_;  ///< by domain; counted from 1
    std::map<DomainValue, std::set<HostSlot>> sharing_;
    std::vector<DomainUse> domain_use_;
    HashIndex by_id_;
    std::set<std::tuple<std::string, model::HostId, HostSlot>> by_name_;
    std::vector<Entry> hosts_;
    struct Standing {
        ShelfId shelf = no_shelf;
        ClassId of_class = 0;
    };
    std::vector<Standing> standings_;  ///< by host; apart, for many are asked at once
    std::vector<HostSlot> free_hosts_;
    std::vector<HostSlot> by_rank_;
    bool ranks_are_stale_ = false;
    std::array<std::int64_t, 3> in_state_{};
    Shelves shelves_;
    std::vector<ShelfId> changes_;
    std::vector<std::uint32_t> last_change_;  ///< by shelf: its place there
    std::uint64_t era_ = 1;
    struct Footprints {
        Footprint what;
        std::int64_t guests = 0;
    };
    std::map<Footprint, std::uint32_t> footprint_ids_;
    std::vector<Footprints> footprints_;
    std::vector<std::uint32_t> free_footprints_;
    struct GroupList {
        std::vector<Group> groups;
        std::int64_t guests = 0;
        /// Of each group, in group_counts_; known while somebody with the list is counted.
        std::vector<std::uint32_t> numbers{};
        std::int64_t counted = 0;
    };
    HashIndex group_list_index_;
    std::vector<GroupList> group_lists_;
    std::vector<std::uint32_t> free_group_lists_;
    HashIndex group_index_;
    std::vector<GroupCount> group_counts_;
    std::vector<std::uint32_t> free_groups_;
    std::map<std::string, Shared> shared_;
    std::vector<Guest> guests_;
    GuestSlot free_guest_ = nobody;  ///< the first; the others follow by `next`
    std::size_t instances_ = 0;
};

}  // namespace vdc::placement
