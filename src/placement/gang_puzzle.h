#pragma once

#include <string>
#include <vector>

#include "placement/gang_search.h"

/// A gang and the hosts, as far as who looks for seats minds them. The rules about groups stand in
/// numbers here, so that nobody has to sit down in a fleet to ask them.
namespace vdc::placement {

/// Members of a group by area: a domain's value, or a host that has none.
struct Scope {
    Group group;
    std::string domain;
    std::vector<std::uint32_t> area_of;  ///< by site
    std::vector<std::int64_t> there;     ///< by area: who is there already
    std::int64_t all = 0;                ///< of them, wherever they are
    std::size_t shared_areas = 0;        ///< the first of them: those of several hosts
};

struct ScopeRule {
    std::size_t scope = 0;
    GroupRule::Wish wish = GroupRule::Wish::apart;
    std::int64_t most = 0;
};

/// Equal members.
struct Sort {
    Needs needs;
    std::size_t count = 0;
    std::vector<ScopeRule> rules{};
    std::vector<std::size_t> scopes{};  ///< that count it
    std::size_t circle = 0;             ///< where it may go
};

/// A host.
struct Site {
    HostSlot slot = 0;
    Room room;
    const std::vector<Model>* models = nullptr;
    std::uint32_t like = 0;  ///< who differs in nothing but room and who is there has the same
};

/// Hosts to which a sort may go, and all sorts who may go nowhere else.
struct Circle {
    std::vector<bool> has;  ///< by site
    std::vector<std::size_t> sorts;
};

inline bool is_apart(const ScopeRule& rule) {
    return rule.wish == GroupRule::Wish::apart;
}

class Puzzle {
  public:
    Puzzle(const Roster& roster, const std::vector<Equals>& gang);

    std::vector<Site> sites;
    std::vector<Sort> sorts;  ///< in the order in which they are decided
    std::vector<Scope> scopes;
    std::vector<Circle> circles;
    std::vector<Kind> kinds;  ///< that somebody needs
    Amounts greatest;
    /// Somebody's rule, or in how many cells he sits, depends on all who came before: they are
    /// placed in that order.
    bool in_sequence = false;

  private:
    void enter(const Equals& each);
    std::size_t scope_of(const GroupRule& rule);
    void find_sites(const std::vector<Equals>& gang);
    std::uint32_t value_of(const Scope& scope, HostSlot slot) const;
    void count(Scope& scope);
    bool may_go(const Request& request, const Site& site) const;
    void draw_circle(const Request& request, Sort& sort);
    void liken();

    const Roster& roster_;
};

}  // namespace vdc::placement
