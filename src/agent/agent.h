#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/host_mind.h"
#include "drivers/driver.h"
#include "runtime/executor.h"

/// A host's shell: asks its mind for the next effects, has them done, reports what is seen.
namespace vdc::agent {

/// What does effects: a pool of workers over a Driver in production, a pretended one in the
/// simulator.
class Hands {
  public:
    virtual ~Hands() = default;
    /// Begins the effect; `done` is called once, on the agent's executor.
    virtual void start(const control::Effect& effect,
                       std::function<void(base::Result<control::Sighting>)> done) = 0;
};

/// How the agent reaches the controllers: in process on one host, over the wire with many.
class Controller {
  public:
    virtual ~Controller() = default;
    /// Has a report committed; `done` is called once, on the agent's executor.
    virtual void report(model::Step step, std::function<void(base::Status)> done) = 0;
};

class Agent {
  public:
    /// All must outlive the agent. Everything below is called on the executor's loop.
    Agent(runtime::Executor& executor, Hands& hands, Controller& controller);
    ~Agent();

    /// What was found on the host before the first duties: instances of an earlier daemon.
    void found(const std::vector<model::InstanceId>& instances);

    /// New duties. Older ones than the last (by revision) are passed over.
    void set_duties(control::Duties duties);

    /// An instance was seen without our asking.
    void noticed(const drivers::Notice& notice);

    const control::HostMind& mind() const;

    /// `heard` is called after duties changed; for the metadata service.
    void on_duties(std::function<void(const control::Duties&)> heard);

  private:
    class Body;
    std::shared_ptr<Body> body_;
};

}  // namespace vdc::agent
