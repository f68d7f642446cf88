#pragma once

#include <memory>
#include <string>

#include "drivers/qemu/instances.h"
#include "wire/host_streams.h"

namespace vdc::agent {

/// The streams on which guests move from this host's QEMUs to other hosts', and back
/// (docs/migration.md): encrypted, between hosts that have proven to each other who they are. A
/// stream is taken only for an instance that is awaited here, from the host that it is awaited
/// from.
class MoveStreams {
  public:
    /// Listens on a free port of that address, of the host's underlay. `instances` outlives this.
    static base::Result<std::unique_ptr<MoveStreams>> start(const std::string& address,
                                                            std::function<wire::HostProof()> proof,
                                                            drivers::qemu::Instances& instances);

    /// Where others send to: "ADDRESS:PORT".
    std::string address() const { return streams_->address(); }

    /// The streams of one move to the host of that name, for Instances::send().
    drivers::qemu::OpenStream to(const std::string& address, const std::string& host,
                                 model::InstanceId instance, model::Generation generation);

  private:
    MoveStreams() = default;
    std::unique_ptr<wire::HostStreams> streams_;
};

}  // namespace vdc::agent
