#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "model/fields.h"
#include "model/ids.h"

namespace vdc::model {

using base::Duration;
using base::Instant;

/// The kinds of records. The order is the order of everything that goes through all kinds.
enum class Noun {
    project,
    host,
    flavor,
    key_pair,
    image,
    network,
    volume,
    volume_snapshot,
    port,
    instance,
    application,
    balance,
    operation,
};
constexpr auto words(Noun) {
    return Words<Noun, 13>{{{Noun::project, "project"},
                            {Noun::host, "host"},
                            {Noun::flavor, "flavor"},
                            {Noun::key_pair, "key_pair"},
                            {Noun::image, "image"},
                            {Noun::network, "network"},
                            {Noun::volume, "volume"},
                            {Noun::volume_snapshot, "volume_snapshot"},
                            {Noun::port, "port"},
                            {Noun::instance, "instance"},
                            {Noun::application, "application"},
                            {Noun::balance, "balance"},
                            {Noun::operation, "operation"}}};
}

/// Names one record of any kind.
struct Subject {
    Noun noun = Noun::project;
    base::Uuid id;
    friend auto operator<=>(const Subject&, const Subject&) = default;
};

/// A part of a record that its kind does not have.
struct Nothing {
    friend bool operator==(const Nothing&, const Nothing&) = default;
    static constexpr auto fields() { return std::tuple{}; }
};

/// One thing of the datacenter. Three fields, never one status: what its project wants of it,
/// what control decided about it, what an agent saw of it. A word such as "running" is computed
/// from the three at the edge (status.h).
///
/// `Kind` says: Id, noun, Declared, Claimed, Observed, and whether names are unique in a project.
template <class Kind>
struct Record {
    using kind = Kind;
    using Id = typename Kind::Id;
    using Declared = typename Kind::Declared;
    using Claimed = typename Kind::Claimed;
    using Observed = typename Kind::Observed;
    static constexpr Noun noun = Kind::noun;

    Id id;
    ProjectId project;  ///< nil for what belongs to the datacenter
    std::string name;
    Instant created;
    Revision revision = 0;           ///< of the last change of any part
    Revision declared_revision = 0;  ///< of the last change of `declared`; the API's ETag
    bool deleting = false;           ///< its end was asked for
    Declared declared;
    Claimed claimed;
    Observed observed;
    base::Json unknown;  ///< fields that a newer build stored; kept, not read

    Subject subject() const { return {noun, id.value}; }
};

template <class R>
using Shared = std::shared_ptr<const R>;

}  // namespace vdc::model
