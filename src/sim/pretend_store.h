#pragma once

#include <functional>
#include <memory>

#include "base/chance.h"
#include "sim/faults.h"
#include "store/forwarding_store.h"

namespace vdc::sim {

/// A store that survives its engine and may fail as real ones do: unavailable, slow, or with an
/// unknown outcome (the commit was made and its answer lost).
class PretendStore final : public store::ForwardingStore {
  public:
    PretendStore(std::unique_ptr<store::Store> real, std::uint64_t seed)
        : ForwardingStore(std::move(real)), chance_(seed) {}

    int fail_per_mille = 0;     ///< commits that are not made
    int unknown_per_mille = 0;  ///< commits that are made and answered as unavailable
    int slow_per_mille = 0;     ///< commits after which the next one has to wait
    int commits_made = 0;
    /// Makes the next commit wait for so long.
    std::function<void(base::Duration)> hold_up = {};
    Coverage* coverage = nullptr;

    base::Status commit(model::Revision after, std::uint64_t term,
                        std::span<const model::CommitPtr> commits) override;

  private:
    void count(Fault fault, std::span<const model::CommitPtr> commits);

    base::Chance chance_;
};

}  // namespace vdc::sim
