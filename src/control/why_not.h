#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/reconcile.h"
#include "control/requests.h"

/// Why something that is wanted finds no room, and the smallest change with which it would.
namespace vdc::control {

/// A field of one of the documents that would have to be another.
struct DocumentChange {
    std::size_t document = 0;  ///< which, from 0
    std::string field;         ///< "disk", "template.flavor"
    base::Json from;           ///< as it is meant now, also where the document does not say it
    base::Json to;

    friend bool operator==(const DocumentChange&, const DocumentChange&) = default;
};

struct WhyNot {
    bool fits = false;
    /// What stands in the way, of the first thing that finds no room; or that nothing does.
    std::string sentence;
    /// The instance that finds none; empty: it did not come so far.
    std::string instance;
    model::Explanation explanation;  ///< its decision: what each rule removed
    /// The smallest change that lets everything in. Empty: it fits as it is, or none was found.
    std::vector<DocumentChange> change;
};

/// Tries the documents on a copy of the datacenter, as apply_documents() and control would carry
/// them out, guarantee and quotas included; nothing comes of it. Where somebody finds no room, or
/// is refused, the smallest change is looked for among: another disk, another flavor that there is,
/// fewer replicas, a loss that is not survived. Fewer fields are smaller; then what gives up the
/// least share of what it was (a promise counts as half of one). Where no change of
/// one document is enough, of at most 64 one after the other is changed; that need not be the
/// smallest. Each change that is told was tried in the same way, so what it says is so. It says
/// nothing of hosts. Errors are those of the documents that are no question of room: a name that is
/// not there, a field that is wrong.
base::Result<WhyNot> why_not(const model::Snapshot& datacenter, const Ask& ask,
                             const std::vector<base::Json>& documents, const Policy& policy = {});

/// The documents with the change made.
std::vector<base::Json> changed(std::vector<base::Json> documents,
                                const std::vector<DocumentChange>& change);

}  // namespace vdc::control
