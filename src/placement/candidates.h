#pragma once

#include <optional>
#include <vector>

#include "placement/near.h"
#include "placement/ranking.h"

/// Hosts that hold a request and keep its hard rules, one by one from the best on. Who wants only
/// the first pays for few of them.
namespace vdc::placement {

class Candidates {
  public:
    /// `walk` goes over the hosts that hold it. Rules about single hosts are told with add_rules.
    Candidates(const Roster& roster, Ranking::Walk walk)
        : roster_(roster), walk_(std::move(walk)) {}

    /// `near` must outlive it. `wanted` is how those stand whom it asks for, with what it says of
    /// them.
    void add_rules(const Near& near, std::vector<Position> wanted);

    std::optional<Position> next();

  private:
    void look_at_next();
    bool is_behind(const Position& position) const;

    const Roster& roster_;
    Ranking::Walk walk_;
    const Near* near_ = nullptr;
    bool walks_ = true;
    /// A heap of those that were looked at: rules may put others before them.
    std::vector<Position> looked_at_;
};

/// The same with those first of whom `inquiry.rather` holds.
class Favourites {
  public:
    Favourites(const Roster& roster, Candidates candidates, const Inquiry& inquiry)
        : roster_(roster), candidates_(std::move(candidates)), inquiry_(inquiry) {}

    std::optional<Position> next();

  private:
    const Roster& roster_;
    Candidates candidates_;
    const Inquiry& inquiry_;
    std::vector<Position> others_;
    std::size_t others_told_ = 0;
};

}  // namespace vdc::placement
