#pragma once

#include <memory>

#include "app/settings.h"
#include "base/result.h"

namespace vdc::app {

/// The whole datacenter of one host in one process: store, engine, agent, API, metadata.
class Daemon {
  public:
    /// Opens and starts everything; when this returns, requests are answered. Needs root.
    static base::Result<std::unique_ptr<Daemon>> start(const Settings& settings);

    /// Ends in order. Instances, networks and fronts go on: the next daemon finds them again.
    ~Daemon();

  private:
    class Body;
    explicit Daemon(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

/// The four digits that begin the names of everything of this datacenter that is global to the
/// machine; made once and kept in the data folder.
base::Result<std::string> datacenter_tag(const Settings& settings);

}  // namespace vdc::app
