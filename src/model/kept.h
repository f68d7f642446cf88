#pragma once

#include <memory>

#include "model/snapshot.h"

namespace vdc::model {

/// A record as it is now, or that there is none: so that a change of it can be taken back. A change
/// touches its subject alone (apply.h), so this is all that is needed, and much cheaper than a copy
/// of the snapshot, which ends the right to write in place.
class Kept {
  public:
    Kept(const Snapshot& snapshot, const Subject& subject);

    /// Makes the record as it was. Several are restored last one first.
    void restore(Snapshot& snapshot) const;

  private:
    Subject subject_;
    std::shared_ptr<const void> record_;  ///< of the kind of the subject; null: there was none
};

}  // namespace vdc::model
