#pragma once

#include <map>
#include <set>

#include "api/foresight.h"

namespace vdc::sim {

/// Keeps, commit by commit, what a forecast tells: who moved where, who was down for how long,
/// which promises were broken, what it costs. Looks only at what commits touch.
class ForecastBook {
  public:
    /// Begins with the datacenter as it is at `now`.
    ForecastBook(engine::SnapshotPtr begin, base::Instant now);

    /// Times are counted from here.
    void count_from(base::Instant zero) { zero_ = zero; }

    /// What came of the commits up to this snapshot.
    void learn(const model::Commit& commit, const engine::SnapshotPtr& after);

    /// At this moment all that runs on the host ends, though no record says so yet.
    void host_lost(model::HostId host, base::Instant at);

    /// When the last commit was made, or the last loss.
    base::Instant last_change() const { return last_change_; }

    /// Whether something is on its way: an instance that has a host and is not ready there, a lost
    /// host that is not known to be down, an application between two templates.
    bool under_way() const;

    /// Closes the book at `end`.
    api::Forecast finish(base::Instant end);

  private:
    struct Life {
        api::Forecast::Instance who;
        std::optional<model::HostId> last_host;
        bool was_down = false;  ///< at the beginning, and ever since
        bool wanted = false;
        bool up = false;
        bool fresh = false;  ///< made after the beginning
        base::Instant down_since;
        base::Duration missing{};
        std::optional<base::Instant> first_down;
        std::optional<base::Instant> runs;
        std::optional<base::Instant> ready;
    };
    struct Promise {
        api::Forecast::Broken broken;
        std::int64_t ready = 0;
        base::Instant since;  ///< of the present count
    };
    struct Loss {
        std::map<model::InstanceId, model::Generation> runs;  ///< that ended with the host
    };

    Life& life_of(model::InstanceId id);
    bool is_up(const model::Snapshot& s, const model::Instance& instance) const;
    bool is_lost(const model::Instance& instance) const;
    bool front_is_lost(const model::Application& application) const;
    api::Forecast::Instance named(const model::Instance& instance) const;
    std::string host_name(model::HostId id) const;
    void look_at(model::InstanceId id, base::Instant at);
    void goes_down(Life& life, base::Instant at);
    void comes_up(Life& life, base::Instant at);
    void note_move(const model::Claim<model::Instance>& claim, const model::Commit& commit,
                   const std::string& reason);
    void note_image(const model::Sight<model::Image>& sight);
    void count_down(std::int64_t change, base::Instant at);
    Promise& promise_of(model::ApplicationId id, base::Instant at);
    void look_at_promise(model::ApplicationId id, base::Instant at);
    void integrate(Promise& promise, base::Instant at);
    std::int64_t ready_replicas(const model::Snapshot& s, const model::Application& app) const;
    void add_recoveries(api::Forecast& forecast) const;
    void add_waiting(api::Forecast& forecast) const;
    void add_cost(api::Forecast& forecast) const;

    const engine::SnapshotPtr begin_;
    engine::SnapshotPtr before_;
    engine::SnapshotPtr now_;
    base::Instant zero_;
    base::Instant last_change_;
    std::map<model::InstanceId, Life> lives_;
    std::map<model::ApplicationId, Promise> promises_;
    std::map<model::HostId, Loss> lost_;
    std::vector<std::pair<base::Instant, std::int64_t>> down_;
    std::int64_t down_now_ = 0;
    struct MoveMade {
        model::InstanceId instance;
        std::optional<model::HostId> from;
        model::HostId to;
        base::Instant at;
        std::string reason;
    };
    std::vector<MoveMade> moves_;
    std::set<std::pair<model::ImageId, model::HostId>> brought_;
};

}  // namespace vdc::sim
