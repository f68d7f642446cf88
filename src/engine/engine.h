#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/commit.h"
#include "placement/standing_plans.h"
#include "runtime/executor.h"
#include "store/store.h"

namespace vdc::engine {

using SnapshotPtr = std::shared_ptr<const model::Snapshot>;

/// Something that wants to change the datacenter.
struct Request {
    std::string actor;  ///< who is behind it, for the log
    std::string id;     ///< id of the request, for the log; may be empty

    /// Decides on the latest snapshot what to do: steps, none (nothing to do), or why not. Pure.
    /// Called on the engine's loop, so what it reads cannot change before its steps are applied.
    /// It may see what is not durable yet: whoever asked is answered when all of that is.
    std::function<base::Result<std::vector<model::Step>>(const model::Snapshot&)> decide;

    /// Called once, at `home`: with the revision that made it durable (the latest one
    /// when there was nothing to do), or the error. That is the store's for all that was decided on
    /// what did not become durable, refusals too. `snapshot` is the published one.
    std::function<void(base::Result<model::Revision>, const SnapshotPtr& snapshot)> done;

    /// The loop of whoever asks, where `done` is called; null: the engine's. What one loop asks at
    /// once goes to the engine in one letter, and what is answered at once comes back in one: a
    /// thread that is woken for each would take the processor from the one that wakes it.
    std::shared_ptr<runtime::Mailbox> home = nullptr;
};

/// The leader's shell: takes requests, decides, commits in groups, lets control follow up,
/// publishes, sleeps. It makes no choices of its own. While one group is written, the next one is
/// decided on top of it, and nobody is told of either before it is durable
/// (docs/decisions/0016-the-next-group-is-decided-while-one-is-written.md).
class Engine {
  public:
    struct Options {
        std::uint64_t term = 1;
        std::size_t group_max = 256;      ///< requests in one durable write
        std::size_t queue_max = 100'000;  ///< requests that wait; more are refused (unavailable)
        model::Revision compact_every = 20'000;
        /// How much of the log a compaction leaves: at least so many revisions and all of so long,
        /// but less when the store has grown beyond so many bytes.
        model::Revision log_kept = 200'000;
        base::Duration log_kept_for = std::chrono::hours{24 * 7};
        std::uint64_t log_bytes_max = std::uint64_t{2} << 30;
    };

    /// All must outlive the engine. The store's commits are made on `writer`, one at a time; that
    /// may be the same loop, and then nothing is decided meanwhile. All else happens on `executor`.
    Engine(runtime::Executor& executor, runtime::Executor& writer, store::Store& store,
           Options options);
    ~Engine();

    /// Reads the store and begins. On the loop, or before it runs. Errors are the store's.
    base::Status start();

    /// From any thread.
    void submit(Request request);

    /// The latest published (durable) snapshot. From any thread; never null after start().
    SnapshotPtr snapshot() const;

    /// The latest published snapshot and what the standing plans say of it.
    struct Standing {
        SnapshotPtr snapshot;
        std::shared_ptr<const placement::Standing> plans;
    };
    /// Calls `told` once, soon, on the loop. The engine keeps its plans fresh, so this costs much
    /// less than to make them. From any thread.
    void tell_standing(std::function<void(const Standing&)> told);

    /// `heard` is called on the loop after each durable write, with its commits in order, once the
    /// answers to its requests are given or on their way. From any thread.
    using Group = std::vector<model::CommitPtr>;
    using GroupHeard = std::function<void(const Group&, const SnapshotPtr&)>;
    std::uint64_t listen(GroupHeard heard);
    void stop_listening(std::uint64_t listener);

    store::Store& store();

    /// How many groups were made durable since start(). From any thread.
    std::uint64_t writes() const;

  private:
    class Body;
    std::shared_ptr<Body> body_;
};

}  // namespace vdc::engine
