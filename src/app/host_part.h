#pragma once

#include <memory>

#include "agent/agent.h"
#include "app/settings.h"
#include "control/host_messages.h"
#include "drivers/host_driver.h"
#include "runtime/loop.h"
#include "wire/host_streams.h"

namespace vdc::app {

/// What makes a machine a host: drivers, agent and metadata service. Who gives it its duties and
/// hears its reports is said at its start: the engine of the same process, or a controller on
/// another machine.
class HostPart {
  public:
    /// Opens the drivers; finds what an earlier daemon left running. `bring_image` as in
    /// HostDriver::Options.
    using BringImage = decltype(drivers::HostDriver::Options::bring_image);
    static base::Result<std::unique_ptr<HostPart>> open(const Settings& settings,
                                                        const drivers::HostPaths& paths,
                                                        const std::string& host_name,
                                                        BringImage bring_image = {});
    /// As stop().
    ~HostPart();

    /// What the host is.
    const model::HostObserved& observed() const;
    /// The agent's; it runs from start() on.
    runtime::Executor& loop();
    /// The console of an instance that runs here, or its log: a stream socket. From any thread.
    base::Result<runtime::Fd> open_console(const control::ConsoleWish& wish);
    drivers::images::Images& images();

    /// From here on guests come from other hosts and go to them, on streams to that address of this
    /// machine's (docs/migration.md). Where others reach them, "ADDRESS:PORT"; asked again with the
    /// same address: the same. Any thread;
    /// `proof` is asked on others, until stop().
    base::Result<std::string> open_moves(base::Ipv4 address,
                                         std::function<wire::HostProof()> proof);

    /// `controller` outlives the loop.
    base::Status start(agent::Controller& controller);

    /// On the loop.
    void set_duties(control::Duties duties);

    /// Nothing is begun any more; returns when what was under way has ended. Instances, networks
    /// and fronts go on.
    void stop();

  private:
    class Body;
    explicit HostPart(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace vdc::app
