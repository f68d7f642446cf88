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

/// What one rule says of the hosts that it can tell from others.
struct Verdict {
    /// Named by the rule, or near its group; each once.
    struct Host {
        HostSlot slot = 0;
        std::int64_t broken = 0;  ///< how far the rule is not kept there; 0: it is
    };
    std::vector<Host> hosts;
    std::int64_t others = 0;  ///< how far it is not kept on all others
};

/// Of a rule about hosts or groups. Of one about traits: nothing, everywhere.
Verdict verdict_on(const Roster& roster, const Rule& rule);

/// The verdicts of all rules of a request together.
class Near {
  public:
    using Fits = std::function<bool(HostSlot)>;

    /// `fits` says of an open host whether it holds the request otherwise; `fitting` hosts do.
    Near(const Roster& roster, const Request& request, std::int64_t fitting, const Fits& fits);

    /// Hosts that hold the request and keep its hard rules, but of which a rule says something of
    /// its own.
    const std::vector<HostSlot>& special() const { return special_; }

    /// Whether hard rules leave no others.
    bool only_special() const { return only_special_; }

    /// Whether nothing is said of this host but what is said of most.
    bool is_plain(HostSlot slot) const;

    /// How far soft rules about hosts and groups are not kept.
    Yielded yielded(HostSlot slot) const;
    Yielded yielded_by_plain() const { return plain_; }

    /// Hosts that fitted and were removed by each hard rule.
    const std::vector<Removed>& removed() const { return removed_; }

  private:
    struct Note {
        bool removed = false;
        std::size_t allowed_by = 0;  ///< hard rules that leave only few
        Yielded more = 0;
        Yielded less = 0;
    };
    const Note* find(HostSlot slot) const;
    void hard(const Verdict& verdict, std::int64_t& left, const Fits& fits);
    void soft(std::size_t index, const Verdict& verdict);

    std::map<HostSlot, Note> notes_;
    std::vector<HostSlot> special_;
    std::size_t few_rules_ = 0;
    bool only_special_ = false;
    Yielded plain_ = 0;
    std::vector<Removed> removed_;
};

}  // namespace vdc::placement
