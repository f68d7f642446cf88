#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/ids.h"

/// The disks of a QEMU as its block layer shall see them: every node is declared, with its format
/// and its backing, so that QEMU never looks into a file to find out:
/// what a guest wrote into its disk would decide which file of the host is opened.
///
/// Names, so that all of it can be found again by asking QEMU, without a record:
///     node      "s2l0"        slot 2, layer 0; layer 0 is the base, the highest one is written
///     device    "disk2-UUID"  slot 2, the volume's id
///     port      "slot2"       the PCI Express port it is plugged into
/// QEMU opens "/dev/fdset/N", a set of descriptors that we put in place before.
namespace vdc::drivers::qemu {

/// One layer of a disk, already in a descriptor set.
struct Node {
    int slot = 0;
    int layer = 0;
    std::int64_t fdset = 0;
    std::string format;  ///< "qcow2" or "raw"; a raw one has nothing below it
    bool read_only = true;

    friend bool operator==(const Node&, const Node&) = default;
};

std::string node_name(int slot, int layer);
/// The numbers in a node's name, if we gave it.
struct NodePlace {
    int slot = 0;
    int layer = 0;
};
std::optional<NodePlace> parse_node_name(const std::string& name);

std::string device_name(int slot, model::VolumeId volume);
struct DevicePlace {
    int slot = 0;
    model::VolumeId volume;
};
std::optional<DevicePlace> parse_device_name(const std::string& name);

std::string port_name(int slot);

/// What a set of descriptors is remembered by ("opaque" of add-fd).
std::string fdset_label(int slot, int layer);

/// The argument of blockdev-add. `backing`: the node below, or nothing, which is said explicitly.
base::Json blockdev(const Node& node, const std::optional<std::string>& backing);

/// The argument of device_add: a virtio-blk disk that shows the guest the first 20 characters of
/// its volume's id as serial number. `top`: the node that is written.
base::Json disk_device(int slot, model::VolumeId volume, const std::string& top);

}  // namespace vdc::drivers::qemu
