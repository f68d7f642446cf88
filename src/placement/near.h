#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "placement/fit.h"
#include "placement/roster.h"

/// What rules about hosts and groups say of single hosts: few hosts are named by them or near
/// somebody, and all others are equal.
namespace vdc::placement {

/// One such rule, with what was counted for it once.
class Judge {
  public:
    /// `before`: the judge of another rule, perhaps of one about the same group; or none.
    Judge(const Roster& roster, std::size_t index, const Rule& rule, const Judge* before = nullptr);

    std::size_t index() const { return index_; }
    Strength strength() const { return strength_; }
    Asked asked() const { return group_rule_ == nullptr ? Asked::hosts : Asked::group; }

    /// How far the rule is not kept on the host; 0: it is.
    std::int64_t broken_on(HostSlot slot) const;

    /// Whether it asks for few hosts, the named ones, and not for all but few.
    bool wants_few() const;

    /// Open hosts that it can tell from others: those named, or near the group. Each once.
    std::vector<HostSlot> named() const;
    /// Calls `with` for each of them, in order, with how far the rule is not kept there.
    template <class With>
    void each_named(With with) const {
        if (group_ == nullptr || domain_) {
            for (const HostSlot slot : named()) with(slot, broken_on(slot));
            return;
        }
        for (const auto& [slot, members] : group_->on_host)
            if (roster_.is_open(slot)) with(slot, broken_by(members));
    }

    /// What it says of others at best.
    std::int64_t broken_elsewhere() const { return wants_few() ? 1 : 0; }

  private:
    const GroupCount* find_group(const Judge* before) const;
    std::int64_t members_near(HostSlot slot) const;
    std::int64_t broken_by(std::int64_t members) const;
    std::int64_t fewest_members() const;

    const Roster& roster_;
    std::size_t index_;
    Strength strength_;
    const HostsRule* hosts_rule_ = nullptr;
    const GroupRule* group_rule_ = nullptr;
    const GroupCount* group_ = nullptr;
    std::optional<std::uint32_t> domain_;
    std::int64_t fewest_ = 0;
    std::vector<HostSlot> slots_{};  ///< named by a rule about hosts, in order
};

/// All such rules of a request.
class Near {
  public:
    using Fits = std::function<bool(HostSlot)>;

    /// `fits` says of a host whether it is open and holds the request otherwise; `fitting` do.
    /// `explained`: whether it is counted whom hard rules remove.
    Near(const Roster& roster, const Request& request, std::int64_t fitting, const Fits& fits,
         Explained explained = Explained::yes);

    /// Hosts that hold the request and keep its hard rules, and that a rule asks for.
    const std::vector<HostSlot>& wanted() const { return wanted_; }
    bool is_wanted(HostSlot slot) const;

    /// Whether hard rules leave only wanted ones.
    bool only_wanted() const { return only_wanted_; }

    /// Whether a hard rule removes the host.
    bool removes(HostSlot slot) const;

    /// How far soft rules are not kept on the host; nowhere but on wanted ones less than `least`.
    Yielded yielded(HostSlot slot) const;
    Yielded least() const { return least_; }

    /// Hosts that fitted and were removed by each hard rule.
    const std::vector<Removed>& removed() const { return removed_; }

  private:
    void count_removed(const Judge& judge, std::int64_t& left, const Fits& fits);
    bool kept_before(const Judge& judge, HostSlot slot) const;

    std::vector<Judge> judges_;
    std::vector<HostSlot> wanted_;  ///< in order
    bool only_wanted_ = false;
    Yielded least_ = 0;
    std::vector<Removed> removed_;
};

}  // namespace vdc::placement
