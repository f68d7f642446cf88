#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "control/effects.h"
#include "drivers/host_paths.h"
#include "drivers/networks/tunnel.h"

/// What a network's folder remembers of the spec that is in force. Written last and taken away
/// first: as long as it is there, all that it says is true.
namespace vdc::drivers::networks {

struct Record {
    model::NetworkId network;
    base::Hash128 applied;  ///< fingerprint of the spec
    base::Hash128 shape;    ///< fingerprint of the spec without what comes and goes in it
    bool nat = false;
    int mtu = 0;
    std::vector<control::PortSpec> ports;  ///< as in the spec
    Tunnel tunnel;

    const control::PortSpec* port(model::PortId id) const;
    friend bool operator==(const Record&, const Record&) = default;
};

Record record_of(const control::NetworkSpec& network);
base::Hash128 shape_of(const control::NetworkSpec& network);

std::string write_record(const Record& record);
/// Nothing when the text is not whole.
std::optional<Record> read_record(const std::string& text);

std::optional<Record> load_record(const HostPaths& paths, int number);
base::Status save_record(const HostPaths& paths, int number, const Record& record);
base::Status drop_record(const HostPaths& paths, int number);

}  // namespace vdc::drivers::networks
