#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/reconcile.h"
#include "control/requests.h"
#include "control/wakes.h"

/// A datacenter, turned as the engine turns it, but by hand.
namespace vdc::control::testing {

struct Turns {
    model::Snapshot snapshot;
    Instant now{std::chrono::hours(1)};
    Policy policy;
    Agenda agenda;  ///< what changed and was not looked at yet
    Wakes wakes;
    Guarantee guarantee;  ///< kept fresh, as the engine keeps it
    /// Told of each commit before it is applied; may be empty.
    std::function<void(const std::vector<model::Step>&)> before_apply{};

    /// Applies the steps as one commit, or leaves everything as it was.
    base::Status apply(const std::vector<model::Step>& steps);

    /// The same for a request: what would break the guarantee is refused.
    base::Status apply_request(const std::vector<model::Step>& steps);

    /// Time passes; what asked to be looked at then is.
    void pass(Duration duration);

    /// What control would do, looking at what changed, and at everything.
    Plan after_changes() const { return reconcile(snapshot, now, agenda, policy); }
    Plan after_everything() const { return reconcile(snapshot, now, everything(snapshot), policy); }

    /// Lets control follow up until it has nothing more to do; the reasons that it gave.
    std::vector<std::string> follow_up();

    /// Asks as admin: one of the functions of requests.h with its arguments after the ask.
    template <class Request, class... More>
    base::Status ask(Request request, More&&... more) {
        const auto decision = request(snapshot, fresh_ask(), std::forward<More>(more)...);
        if (!decision.ok()) return decision.error();
        return apply_request(decision->steps);
    }
    base::Status create(model::Noun noun, const std::string& json);

    /// A host with this many processors and MiB of memory and disk begins.
    void begin_host(const std::string& name, model::Resources capacity, base::Ipv4 underlay = {});

    template <class R>
    const R* named(const std::string& name) const {
        const auto* project = snapshot.named<model::Project>(model::ProjectId{}, "default");
        const R* found = project != nullptr ? snapshot.named<R>(project->id, name) : nullptr;
        return found != nullptr ? found : snapshot.named<R>(model::ProjectId{}, name);
    }

  private:
    Ask fresh_ask();
    base::Status carry_out(Plan plan);
    void look(const std::vector<model::Step>& steps);

    std::uint64_t asked_ = 0;
};

}  // namespace vdc::control::testing
