#include "drivers/qemu/hotplug.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "drivers/qemu/block_graph.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using control::DiskSpec;
using runtime::Fd;

void close(OpenedDisk& disk) {
    for (DiskLayer& layer : disk.layers) Fd(std::exchange(layer.fd, -1)).reset();
}

Result<Fd> reopened_read_only(int fd) {
    Fd again(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC));
    if (!again) return runtime::system_error(errno, "cannot open a disk's file once more");
    return again;
}

// ---- what is there -----------------------------------------------------------------------------

Result<std::vector<DiskSpec>> attached_disks(Qmp& qmp) {
    const Json devices =
        TRY(qmp.execute("qom-list", Json::object({{"path", "/machine/peripheral"}})));
    std::vector<DiskSpec> disks;
    for (const Json& device : items_of(devices))
        if (const auto place = parse_device_name(device.text_at("name")))
            disks.push_back({.volume = place->volume, .slot = place->slot});
    std::sort(disks.begin(), disks.end(),
              [](const DiskSpec& a, const DiskSpec& b) { return a.slot < b.slot; });
    return disks;
}

namespace {

struct NodeThere {
    NodePlace place;
    std::int64_t size = 0;
};

}  // namespace

/// Our nodes, the ones above first.
static Result<std::vector<NodeThere>> nodes_there(Qmp& qmp) {
    const Json nodes = TRY(qmp.execute("query-named-block-nodes", Json::object({{"flat", true}})));
    std::vector<NodeThere> there;
    for (const Json& node : items_of(nodes))
        if (const auto place = parse_node_name(node.text_at("node-name")))
            there.push_back({*place, node.at("image").integer_at("virtual-size")});
    std::sort(there.begin(), there.end(),
              [](const NodeThere& a, const NodeThere& b) { return a.place.layer > b.place.layer; });
    return there;
}

/// The node that the guest writes to: the highest layer below its device.
static Result<NodePlace> top_of(Qmp& qmp, const DiskSpec& disk) {
    const Json name = TRY(qmp.execute(
        "qom-get",
        Json::object({{"path", "/machine/peripheral/" + device_name(disk.slot, disk.volume)},
                      {"property", "drive"}})));
    const auto place = name.is(Json::Kind::text) ? parse_node_name(name.text()) : std::nullopt;
    if (place) return *place;
    return Error{Error::Code::corrupt, "QEMU names a node for volume " + text(disk.volume) +
                                           " that is not ours: " + base::quoted(base::dump(name))};
}

// ---- descriptors and nodes ---------------------------------------------------------------------

static Result<std::int64_t> add_fd(Qmp& qmp, int fd, const std::string& label,
                                   std::optional<std::int64_t> set) {
    Json arguments = Json::object({{"opaque", label}});
    if (set) arguments.set("fdset-id", *set);
    const Json added = TRY(qmp.execute("add-fd", arguments, std::chrono::seconds(10), fd));
    return added.integer_at("fdset-id", -1);
}

static Status drop_node(Qmp& qmp, int slot, int layer) {
    TRY(qmp.execute("blockdev-del", Json::object({{"node-name", node_name(slot, layer)}})));
    return {};
}

/// Descriptors of the slot that were handed over; of one layer, or of all.
static Status drop_descriptors(Qmp& qmp, int slot, std::optional<int> layer) {
    const Json sets = TRY(qmp.execute("query-fdsets"));
    for (const Json& set : items_of(sets)) {
        const Json::Array& fds = items_of(set.at("fds"));
        const auto place =
            fds.empty() ? std::nullopt : parse_node_name(fds.front().text_at("opaque"));
        if (!place || place->slot != slot || (layer && place->layer != *layer)) continue;
        TRY(qmp.execute("remove-fd", Json::object({{"fdset-id", set.at("fdset-id")}})));
    }
    return {};
}

static Status drop_slot(Qmp& qmp, int slot) {
    for (const NodeThere& node : TRY(nodes_there(qmp)))
        if (node.place.slot == slot) TRY(drop_node(qmp, slot, node.place.layer));
    return drop_descriptors(qmp, slot, std::nullopt);
}

/// Hands the layer's file over and declares its node. A layer that is written is handed over
/// twice: QEMU reopens it read-only when a snapshot freezes it.
static Status add_node(Qmp& qmp, int slot, int number, const DiskLayer& layer,
                       const std::optional<std::string>& backing) {
    const std::string label = fdset_label(slot, number);
    Node node{.slot = slot, .layer = number, .format = layer.format};
    node.read_only = layer.read_only;
    node.fdset = TRY(add_fd(qmp, layer.fd, label, std::nullopt));
    if (!layer.read_only) {
        const Fd again = TRY(reopened_read_only(layer.fd));
        TRY(add_fd(qmp, again.get(), label, node.fdset));
    }
    const auto added = qmp.execute("blockdev-add", blockdev(node, backing));
    if (added) return {};
    (void)drop_descriptors(qmp, slot, number);  // the error to tell is the first one
    return added.error();
}

Status drop_remains(Qmp& qmp) {
    const std::vector<DiskSpec> disks = TRY(attached_disks(qmp));
    const auto attached = [&](int slot) {
        return std::any_of(disks.begin(), disks.end(),
                           [&](const DiskSpec& disk) { return disk.slot == slot; });
    };
    for (const NodeThere& node : TRY(nodes_there(qmp)))
        if (!attached(node.place.slot)) TRY(drop_slot(qmp, node.place.slot));
    return {};
}

// ---- attach and detach -------------------------------------------------------------------------

static Status plug(Qmp& qmp, const DiskSpec& disk, const OpenedDisk& opened) {
    std::optional<std::string> below;
    const int count = static_cast<int>(opened.layers.size());
    for (int number = 0; number < count; ++number) {
        const auto& layer = opened.layers[static_cast<std::size_t>(count - 1 - number)];
        TRY(add_node(qmp, disk.slot, number, layer, below));
        below = node_name(disk.slot, number);
    }
    TRY(qmp.execute("device_add", disk_device(disk.slot, disk.volume, *below)));
    return {};
}

Status attach(Qmp& qmp, const DiskSpec& disk, OpenedDisk opened) {
    Status plugged = drop_slot(qmp, disk.slot);
    if (plugged.ok()) plugged = plug(qmp, disk, opened);
    close(opened);
    if (plugged.ok()) return {};
    // What stood in the way is what to tell; if QEMU hangs, cleaning up waits for drop_remains().
    (void)drop_slot(qmp, disk.slot);
    return plugged;
}

static bool is_attached(const std::vector<DiskSpec>& disks, const DiskSpec& disk) {
    return std::find(disks.begin(), disks.end(), disk) != disks.end();
}

Status detach(Qmp& qmp, const DiskSpec& disk, const WaitGone& gone,
              std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    // QEMU takes a second wish for the same device after 5 s: guests miss what comes while they
    // start (hw/acpi/pcihp.c).
    constexpr std::chrono::milliseconds again{5100};
    const std::string device = device_name(disk.slot, disk.volume);
    const auto deadline = Clock::now() + limit;
    while (is_attached(TRY(attached_disks(qmp)), disk)) {
        const auto asked = qmp.execute("device_del", Json::object({{"id", device}}));
        const bool asked_before =
            !asked && asked.error().message.find("already in the process") != std::string::npos;
        if (!asked && !asked_before && asked.error().code != Error::Code::not_found)
            return asked.error();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return Error{Error::Code::timed_out,
                         "the guest did not let volume " + text(disk.volume) + " go within " +
                             base::text(base::Duration(limit)),
                         "unmount it inside, or stop the instance"};
        gone(device, std::min(left, again));
    }
    return drop_slot(qmp, disk.slot);
}

// ---- grow and snapshot -------------------------------------------------------------------------

Status grow(Qmp& qmp, const DiskSpec& disk, base::Bytes size) {
    const NodePlace top = TRY(top_of(qmp, disk));
    for (const NodeThere& node : TRY(nodes_there(qmp)))
        if (node.place.slot == top.slot && node.place.layer == top.layer && node.size >= size.count)
            return {};
    TRY(qmp.execute("block_resize", Json::object({{"node-name", node_name(top.slot, top.layer)},
                                                  {"size", size.count}})));
    return {};
}

Result<int> layers(Qmp& qmp, const DiskSpec& disk) {
    return TRY(top_of(qmp, disk)).layer + 1;
}

static Status put_on_top(Qmp& qmp, NodePlace top, const DiskLayer& overlay) {
    const int layer = top.layer + 1;
    TRY(add_node(qmp, top.slot, layer, overlay, std::nullopt));
    const auto done = qmp.execute("blockdev-snapshot",
                                  Json::object({{"node", node_name(top.slot, top.layer)},
                                                {"overlay", node_name(top.slot, layer)}}),
                                  std::chrono::seconds(30));
    if (done) return {};
    // Without an answer it may have happened: then the node is in use, and QEMU keeps it.
    if (drop_node(qmp, top.slot, layer).ok()) (void)drop_descriptors(qmp, top.slot, layer);
    return done.error();
}

Status snapshot(Qmp& qmp, const DiskSpec& disk, DiskLayer overlay) {
    const Fd file(overlay.fd);
    const NodePlace top = TRY(top_of(qmp, disk));
    return put_on_top(qmp, top, overlay);
}

}  // namespace vdc::drivers::qemu
