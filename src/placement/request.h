#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/ids.h"
#include "placement/room.h"

/// What looks for a place, and by which rules.
namespace vdc::placement {

/// Those who are kept apart, or together: an application's replicas, for example.
using Group = base::Uuid;

/// A hard rule removes hosts. Soft rules only order those that are left; where not all can be kept,
/// the one that was declared last yields first.
enum class Strength : std::uint8_t { hard, soft };

/// About what a host is: "disk=ssd", "pool=fast", "country=de".
struct TraitRule {
    std::string trait;
    bool wanted = true;  ///< else the host must not have it
    Strength strength = Strength::hard;

    friend bool operator==(const TraitRule&, const TraitRule&) = default;
};

/// About who is near. Near is who shares the value of the domain ("rack"); of "", the host. A host
/// without that domain is one of its own.
struct GroupRule {
    enum class Wish : std::uint8_t {
        apart,     ///< at most `most` of the group are near already
        together,  ///< one of the group is near, if there is any
        spread,    ///< at most `most` more of the group are near than where the fewest are
    };
    Group group;
    std::string domain{};
    Wish wish = Wish::apart;
    std::int64_t most = 0;
    Strength strength = Strength::hard;

    friend bool operator==(const GroupRule&, const GroupRule&) = default;
};

/// About hosts by name: data locality, or where one must not go back to.
struct HostsRule {
    std::vector<model::HostId> hosts;
    bool wanted = true;  ///< else none of them
    Strength strength = Strength::hard;

    friend bool operator==(const HostsRule&, const HostsRule&) = default;
};

using Rule = std::variant<TraitRule, GroupRule, HostsRule>;

/// So much of something that the whole datacenter shares: a licence, space of a common pool.
struct SharedNeed {
    std::string name;
    std::int64_t amount = 0;

    friend auto operator<=>(const SharedNeed&, const SharedNeed&) = default;
};

inline constexpr std::size_t rules_max = 256;
inline constexpr std::size_t soft_rules_max = 16;  ///< they are among the first
inline constexpr std::size_t groups_max = 8;

/// One instance.
struct Request {
    Needs needs{};
    std::vector<Rule> rules{};         ///< the most important first
    std::vector<Group> groups{};       ///< that it belongs to once it is placed
    std::vector<SharedNeed> shared{};  ///< of the datacenter's own
    std::string dedication{};  ///< hosts dedicated to it are open to it, beside those to none

    friend bool operator==(const Request&, const Request&) = default;
};

Strength strength_of(const Rule& rule);

bool has_room_for_a_rule(const Request& request);
/// The same with one rule more, the last; there must be room for it.
Request with_rule(Request request, Rule rule);

/// The rule in the words of a refusal, for example "is apart from its group by rack".
std::string words_of(const Rule& rule);

/// Refuses what cannot be meant: negative amounts, parts of several accelerators, pages beyond its
/// memory, rules that no host can keep together.
base::Status check_request(const Kinds& kinds, const Request& request);

}  // namespace vdc::placement
