#include "drivers/qemu/launch.h"

#include <set>
#include <utility>

#include "drivers/jail/jail.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/log_file.h"
#include "drivers/qemu/seed.h"
#include "drivers/qemu/unix_socket.h"
#include "runtime/clock.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Result;
using base::Status;
using control::CardSpec;
using control::DiskSpec;
using control::InstanceSpec;
using runtime::Fd;

// ---- what must hold ----------------------------------------------------------------------------

static Error wrong(const InstanceSpec& spec, const std::string& what) {
    return {Error::Code::invalid, "instance '" + spec.name + "' cannot be launched: " + what};
}

static Status check_disks(const InstanceSpec& spec) {
    std::set<int> slots;
    std::set<model::VolumeId> volumes;
    for (const DiskSpec& disk : spec.disks) {
        const std::string slot = "slot " + std::to_string(disk.slot);
        if (disk.slot < 0 || disk.slot >= disk_slots_max)
            return wrong(spec, "there is no disk " + slot + ", only 0 to " +
                                   std::to_string(disk_slots_max - 1));
        if (!slots.insert(disk.slot).second) return wrong(spec, "two disks are in " + slot);
        if (!volumes.insert(disk.volume).second)
            return wrong(spec, "volume " + text(disk.volume) + " is there twice");
    }
    if (!slots.contains(0)) return wrong(spec, "it has no disk in slot 0 to boot from");
    return {};
}

Status check_spec(const InstanceSpec& spec) {
    if (!spec.id) return wrong(spec, "it has no id");
    if (spec.vcpus.count < 1 || spec.vcpus.count > 255)
        return wrong(spec, std::to_string(spec.vcpus.count) + " vcpus are not 1 to 255");
    if (spec.memory.count < 16 || spec.memory.count > (16 << 20))
        return wrong(spec, text(spec.memory) + " of memory are not 16 MiB to 16 TiB");
    if (spec.cards.size() > cards_max)
        return wrong(spec, "it has more than " + std::to_string(cards_max) + " cards");
    return check_disks(spec);
}

// ---- what is handed over -----------------------------------------------------------------------

namespace {

/// Descriptors on their way to QEMU, each with the number that it will have there.
class Baggage {
  public:
    int add(Fd fd) {
        fds_.push_back(std::move(fd));
        return first + static_cast<int>(fds_.size()) - 1;
    }
    std::vector<jail::Handed> handed() const {
        std::vector<jail::Handed> result;
        for (std::size_t i = 0; i < fds_.size(); ++i)
            result.push_back({fds_[i].get(), first + static_cast<int>(i)});
        return result;
    }

  private:
    static constexpr int first = 3;
    std::vector<Fd> fds_;
};

}  // namespace

static Result<WiredLayer> wire_layer(DiskLayer& layer, Baggage& baggage) {
    Fd file(std::exchange(layer.fd, -1));
    WiredLayer wired{.format = layer.format};
    if (layer.read_only) {
        wired.read_only = baggage.add(std::move(file));
        return wired;
    }
    Fd again = TRY(reopened_read_only(file.get()));
    wired.read_write = baggage.add(std::move(file));
    wired.read_only = baggage.add(std::move(again));
    return wired;
}

static Result<WiredDisk> wire_disk(const DiskSpec& disk, DiskOpener& disks, Baggage& baggage) {
    OpenedDisk opened = TRY(disks.open_disk(disk.volume));
    base::check(!opened.layers.empty(), "an opened disk has layers");
    WiredDisk wired{.disk = disk, .layers = {}};
    for (auto layer = opened.layers.rbegin(); layer != opened.layers.rend(); ++layer) {
        auto done = wire_layer(*layer, baggage);
        if (!done) close(opened);
        wired.layers.push_back(TRY(std::move(done)));
    }
    return wired;
}

static Result<int> wire_seed(const control::SeedSpec& seed, Baggage& baggage) {
    const std::string image = TRY(seed_image(seed));
    if (image.empty()) return -1;
    return baggage.add(TRY(sealed_file(image)));
}

static Result<int> wire_card(const CardSpec& card, const LaunchSite& site, Baggage& baggage) {
    const auto open = site.receives ? &TapOpener::open_arriving_tap : &TapOpener::open_tap;
    return baggage.add(Fd(TRY((site.taps.*open)(card))));
}

static Result<Wiring> wire(const InstanceSpec& spec, const RunFolder& folder,
                           const LaunchSite& site, Baggage& baggage) {
    Wiring wiring;
    wiring.receives = site.receives;
    wiring.qmp = baggage.add(TRY(listen_at(folder.qmp())));
    wiring.console = baggage.add(TRY(listen_at(folder.console())));
    wiring.agent = baggage.add(TRY(listen_at(folder.agent())));
    wiring.console_log = baggage.add(TRY(open_log(folder.console_log)));
    wiring.seed = TRY(wire_seed(spec.seed, baggage));
    for (const DiskSpec& disk : spec.disks)
        wiring.disks.push_back(TRY(wire_disk(disk, site.disks, baggage)));
    for (const CardSpec& card : spec.cards)
        wiring.taps.push_back(TRY(wire_card(card, site, baggage)));
    return wiring;
}

// ---- the launch --------------------------------------------------------------------------------

static RunRecord record_of(const InstanceSpec& spec, const LaunchSite& site) {
    RunRecord record;
    record.instance = spec.id;
    record.generation = spec.generation;
    record.wishes = spec.wishes;
    record.name = spec.name;
    record.cgroup = site.cgroup;
    record.uid = jail::uid_for(text(spec.id));
    record.accelerator = site.accelerator;
    record.started = runtime::now();
    record.slots = disk_slots(spec);
    record.cards = spec.cards;
    record.received = site.receives;
    return record;
}

static jail::Spec jail_of(const InstanceSpec& spec, const LaunchSite& site, const Wiring& wiring,
                          const Baggage& baggage, int output) {
    jail::Spec jail;
    jail.name = "the QEMU of " + spec.name;
    jail.command = command_line(spec, wiring, site.accelerator);
    jail.handed = baggage.handed();
    jail.output = output;
    jail.uid = jail::uid_for(text(spec.id));
    jail.cgroup = site.cgroup;
    jail.limits.memory = memory_limit(spec, site.accelerator);
    // Its threads: one per vcpu, up to 64 for disks, a handful for itself.
    jail.limits.processes = 96 + static_cast<int>(spec.vcpus.count);
    jail.kvm = site.accelerator == Accelerator::kvm;
    return jail;
}

Result<Launched> launch(const InstanceSpec& spec, const RunFolder& folder, const LaunchSite& site) {
    Launched launched{.record = record_of(spec, site), .pidfd = {}};
    TRY(save(launched.record, folder));
    Baggage baggage;
    const Wiring wiring = TRY(wire(spec, folder, site, baggage));
    const Fd output = TRY(open_log(folder.output()));
    const jail::Process process =
        TRY(jail::spawn(jail_of(spec, site, wiring, baggage, output.get())));
    launched.pidfd = Fd(process.pidfd);
    launched.record.pid = process.pid;
    launched.record.start_time = process.start_time;
    return launched;
}

Status remove_remains(const std::string& cgroup, const std::vector<CardSpec>& cards,
                      TapOpener& taps) {
    TRY(jail::end(cgroup));
    for (const CardSpec& card : cards) TRY(taps.close_tap(card.port, card.network_number));
    return {};
}

}  // namespace vdc::drivers::qemu
