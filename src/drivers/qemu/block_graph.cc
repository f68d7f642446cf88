#include "drivers/qemu/block_graph.h"

#include <charconv>

#include "base/result.h"

namespace vdc::drivers::qemu {

using base::check;
using base::Json;

/// Takes a whole number (at most four digits) off the front of `text`.
static std::optional<int> take_number(std::string_view& text) {
    int number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || number < 0 || rest - text.data() > 4) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return number;
}

static bool take_text(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::string node_name(int slot, int layer) {
    return "s" + std::to_string(slot) + "l" + std::to_string(layer);
}

std::optional<NodePlace> parse_node_name(const std::string& name) {
    std::string_view rest = name;
    if (!take_text(rest, "s")) return std::nullopt;
    const auto slot = take_number(rest);
    if (!slot || !take_text(rest, "l")) return std::nullopt;
    const auto layer = take_number(rest);
    if (!layer || !rest.empty()) return std::nullopt;
    return NodePlace{*slot, *layer};
}

std::string device_name(int slot, model::VolumeId volume) {
    return "disk" + std::to_string(slot) + "-" + text(volume);
}

std::optional<DevicePlace> parse_device_name(const std::string& name) {
    std::string_view rest = name;
    if (!take_text(rest, "disk")) return std::nullopt;
    const auto slot = take_number(rest);
    if (!slot || !take_text(rest, "-")) return std::nullopt;
    const auto volume = base::parse_uuid(rest);
    if (!volume) return std::nullopt;
    return DevicePlace{*slot, {*volume}};
}

std::string port_name(int slot) {
    return "slot" + std::to_string(slot);
}

std::string fdset_label(int slot, int layer) {
    return node_name(slot, layer);
}

Json blockdev(const Node& node, const std::optional<std::string>& backing) {
    check(node.format == "qcow2" || node.format == "raw", "a disk layer of unknown format");
    check(node.format == "qcow2" || !backing, "a raw disk layer with a layer below it");
    // Trims of the guest reach the file; what it only reads is never written.
    const Json file = Json::object({{"driver", "file"},
                                    {"filename", "/dev/fdset/" + std::to_string(node.fdset)},
                                    {"read-only", node.read_only},
                                    {"auto-read-only", false},
                                    {"discard", "unmap"}});
    Json result = Json::object({{"driver", node.format},
                                {"node-name", node_name(node.slot, node.layer)},
                                {"read-only", node.read_only},
                                {"auto-read-only", false},
                                {"discard", "unmap"},
                                {"file", file}});
    if (node.format == "qcow2") result.set("backing", backing ? Json(*backing) : Json(nullptr));
    return result;
}

Json disk_device(int slot, model::VolumeId volume, const std::string& top) {
    Json device = Json::object({{"driver", "virtio-blk-pci"},
                                {"id", device_name(slot, volume)},
                                {"bus", port_name(slot)},
                                {"drive", top},
                                {"serial", text(volume).substr(0, 20)}});
    if (slot == 0) device.set("bootindex", 1);
    return device;
}

}  // namespace vdc::drivers::qemu
