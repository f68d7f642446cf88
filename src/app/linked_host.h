#pragma once

#include <memory>

#include "app/host_part.h"
#include "app/membership.h"
#include "app/settings.h"

namespace vdc::app {

/// This machine as a host that lives by its stream to whichever controller leads: on another
/// machine, or on this one. Controllers go and come, and nothing that runs here notices.
class LinkedHost {
  public:
    /// Opens the drivers; finds what an earlier daemon left running.
    static base::Result<std::unique_ptr<LinkedHost>> open(const Settings& settings,
                                                          const drivers::HostPaths& paths,
                                                          const Membership& membership);
    /// Instances, networks and fronts go on.
    ~LinkedHost();

    HostPart& part();
    base::Status start();

    /// Takes no more duties and begins nothing more.
    void stop();

  private:
    class Body;
    explicit LinkedHost(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace vdc::app
