#include "drivers/qemu/command_line.h"

#include <algorithm>

#include "base/json.h"
#include "base/result.h"

namespace vdc::drivers::qemu {

using base::check;
using base::Json;
using control::InstanceSpec;
using Words = std::vector<std::string>;

// PCI addresses on pcie.0. Cards come first, so that a guest's names for them (made of bus
// numbers) do not change with its disks; disks come before the seed, so that slot 0 is vda.
static constexpr int cards_at = 0x02;
static constexpr int disks_at = 0x03;
static constexpr int seed_at = disks_at + disk_slots_max / 8;
static constexpr int agent_at = seed_at + 1;
static constexpr int entropy_at = seed_at + 2;
static constexpr int panic_at = seed_at + 3;
static constexpr int spare_slots = 8;

std::string_view word(Accelerator accelerator) {
    return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

int disk_slots(const InstanceSpec& spec) {
    int used = 0;
    for (const control::DiskSpec& disk : spec.disks) used = std::max(used, disk.slot + 1);
    return std::min(used + spare_slots, disk_slots_max);
}

base::MiB memory_limit(const InstanceSpec& spec, Accelerator accelerator) {
    // Measured beside the guest's memory: about 65 MiB at rest, 100 with disks under load, and
    // under TCG its 32 MiB of translated code with their tables. The rest is room.
    const base::MiB own{accelerator == Accelerator::tcg ? 256 : 192};
    return spec.memory + own + base::MiB{8 * spec.vcpus.count};
}

/// In QEMU's option lists a comma is doubled.
static std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

static std::string hexadecimal(int number) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "0x";
    if (number >= 16) out += digits[static_cast<std::size_t>(number / 16)];
    return out + digits[static_cast<std::size_t>(number % 16)];
}

static std::string fdset_path(int set) {
    return "/dev/fdset/" + std::to_string(set);
}

static void add(Words& words, std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
}

/// A PCI Express port for one device, eight to a slot. It needs no I/O ports (virtio 1.0).
static void add_port(Words& words, const std::string& name, int first_slot, int number,
                     int chassis) {
    const bool first = number % 8 == 0;
    add(words, {"-device", "pcie-root-port,id=" + name +
                               ",bus=pcie.0,addr=" + hexadecimal(first_slot + number / 8) + "." +
                               std::to_string(number % 8) + (first ? ",multifunction=on" : "") +
                               ",chassis=" + std::to_string(chassis) + ",io-reserve=0"});
}

/// A set of descriptors, named by its first one's number.
static int add_fdset(Words& words, std::initializer_list<int> numbers, const std::string& label) {
    const int set = *numbers.begin();
    for (const int number : numbers)
        add(words, {"-add-fd", "fd=" + std::to_string(number) + ",set=" + std::to_string(set) +
                                   ",opaque=" + label});
    return set;
}

static void add_machine(Words& words, const InstanceSpec& spec, Accelerator accelerator) {
    const std::string memory = std::to_string(spec.memory.count) + "M";
    add(words, {"-name", "guest=" + escaped(spec.name) + ",debug-threads=on"});
    add(words, {"-uuid", text(spec.id)});
    add(words, {"-nodefaults", "-no-user-config", "-display", "none", "-vga", "none"});
    add(words, {"-machine", "q35,memory-backend=memory,usb=off,vmport=off"});
    add(words, {"-object", "memory-backend-memfd,id=memory,size=" + memory + ",share=on"});
    add(words, {"-m", memory, "-smp", std::to_string(spec.vcpus.count)});
    if (accelerator == Accelerator::kvm) {
        add(words, {"-accel", "kvm", "-cpu", "host"});
    } else {
        // Without svm QEMU 7.2 ends the extended CPUID leaves before 0x80000008, the one of address
        // sizes: then programs of Debian 12's own initramfs die. So this leaf is asked for.
        add(words, {"-accel", "tcg,tb-size=32,thread=multi"});
        add(words, {"-cpu", "max,-svm,min-xlevel=0x80000008"});
    }
    add(words, {"-rtc", "base=utc", "-boot", "strict=on"});
    // cloud-init looks for the metadata service where it sees this product name.
    add(words, {"-smbios", "type=1,manufacturer=vdcos,product=OpenStack Compute"});
}

/// Reboots stay inside. A guest that powers off leaves QEMU there, stopped, until its end is
/// recorded: so it is known even when nobody listened at that moment.
static void add_life(Words& words) {
    add(words, {"-S", "-action", "reboot=reset,shutdown=pause,panic=shutdown,watchdog=reset"});
    add(words,
        {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
}

static std::string listening(const std::string& id, int number) {
    return "socket,id=" + id + ",fd=" + std::to_string(number) + ",server=on,wait=off";
}

static void add_channels(Words& words, const Wiring& wiring) {
    const int log = add_fdset(words, {wiring.console_log}, "console-log");
    add(words, {"-chardev", listening("qmp", wiring.qmp), "-mon", "chardev=qmp,mode=control"});
    add(words, {"-chardev", listening("console", wiring.console) + ",logfile=" + fdset_path(log) +
                                ",logappend=on"});
    add(words, {"-serial", "chardev:console"});
    add(words, {"-chardev", listening("agent", wiring.agent)});
    add(words, {"-device", "virtio-serial-pci,id=serial,bus=pcie.0,addr=" + hexadecimal(agent_at)});
    add(words,
        {"-device", "virtserialport,bus=serial.0,chardev=agent,name=org.qemu.guest_agent.0"});
}

static void add_small_devices(Words& words) {
    add(words, {"-object", "rng-builtin,id=entropy"});
    add(words,
        {"-device", "virtio-rng-pci,rng=entropy,bus=pcie.0,addr=" + hexadecimal(entropy_at)});
    add(words, {"-device", "vmgenid,guid=auto"});
    add(words, {"-device", "pvpanic-pci,bus=pcie.0,addr=" + hexadecimal(panic_at)});
}

static void add_cards(Words& words, const InstanceSpec& spec, const Wiring& wiring) {
    check(wiring.taps.size() == spec.cards.size(), "each card needs its tap");
    check(spec.cards.size() <= cards_max, "more cards than there are places");
    for (std::size_t i = 0; i < spec.cards.size(); ++i) {
        const std::string name = "card" + std::to_string(i);
        const int number = static_cast<int>(i);
        add_port(words, name + "-port", cards_at, number, 1 + number);
        add(words, {"-netdev",
                    "tap,id=" + name + "-net,fd=" + std::to_string(wiring.taps[i]) + ",vhost=off"});
        add(words, {"-device", "virtio-net-pci,id=" + name + ",bus=" + name +
                                   "-port,netdev=" + name + "-net,mac=" + text(spec.cards[i].mac) +
                                   ",host_mtu=" + std::to_string(spec.cards[i].mtu) + ",romfile="});
    }
}

static void add_disk(Words& words, const WiredDisk& wired) {
    check(!wired.layers.empty(), "a disk without layers");
    const int slot = wired.disk.slot;
    std::optional<std::string> below;
    for (std::size_t i = 0; i < wired.layers.size(); ++i) {
        const WiredLayer& layer = wired.layers[i];
        Node node{.slot = slot, .layer = static_cast<int>(i), .format = layer.format};
        node.read_only = layer.read_write < 0;
        const std::string label = fdset_label(slot, node.layer);
        node.fdset = node.read_only ? add_fdset(words, {layer.read_only}, label)
                                    : add_fdset(words, {layer.read_write, layer.read_only}, label);
        add(words, {"-blockdev", base::dump(blockdev(node, below))});
        below = node_name(slot, node.layer);
    }
    add(words, {"-device", base::dump(disk_device(slot, wired.disk.volume, *below))});
}

static void add_disks(Words& words, const InstanceSpec& spec, const Wiring& wiring) {
    for (int slot = 0; slot < disk_slots(spec); ++slot)
        add_port(words, port_name(slot), disks_at, slot, 1 + cards_max + slot);
    for (const WiredDisk& disk : wiring.disks) add_disk(words, disk);
}

static void add_seed(Words& words, int number) {
    if (number < 0) return;
    const int set = add_fdset(words, {number}, "seed");
    add_port(words, "seed-port", seed_at, 0, 1 + cards_max + disk_slots_max);
    add(words,
        {"-blockdev", base::dump(Json::object({{"driver", "raw"},
                                               {"node-name", "seed"},
                                               {"read-only", true},
                                               {"file", Json::object({{"driver", "file"},
                                                                      {"filename", fdset_path(set)},
                                                                      {"read-only", true}})}}))});
    add(words, {"-device", "virtio-blk-pci,id=seed-disk,bus=seed-port,drive=seed,serial=seed"});
}

Words command_line(const InstanceSpec& spec, const Wiring& wiring, Accelerator accelerator) {
    check(wiring.disks.size() == spec.disks.size(), "each disk needs its descriptors");
    Words words{"/usr/bin/qemu-system-x86_64"};
    add_machine(words, spec, accelerator);
    add_life(words);
    if (wiring.receives) add(words, {"-incoming", "defer"});
    add_channels(words, wiring);
    add_small_devices(words);
    add_cards(words, spec, wiring);
    add_disks(words, spec, wiring);
    add_seed(words, wiring.seed);
    return words;
}

}  // namespace vdc::drivers::qemu
