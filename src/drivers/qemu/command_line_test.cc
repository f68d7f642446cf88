#include "drivers/qemu/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace vdc::drivers::qemu {

using control::InstanceSpec;

static base::Uuid uuid(std::string_view digits) {
    return base::parse_uuid("00000000-0000-8000-8000-0000000000" + std::string(digits)).value();
}

static InstanceSpec web() {
    InstanceSpec spec;
    spec.id = {uuid("01")};
    spec.name = "web-1";
    spec.vcpus = {2};
    spec.memory = {512};
    spec.disks = {{.volume = {uuid("10")}, .slot = 0}};
    spec.cards = {{.port = {uuid("20")},
                   .network = {uuid("30")},
                   .network_number = 7,
                   .mac = base::parse_mac("52:54:00:12:34:56").value(),
                   .mtu = 1450}};
    return spec;
}

static Wiring wiring() {
    Wiring wiring{.qmp = 10, .console = 11, .console_log = 12, .agent = 13, .seed = 14};
    wiring.disks = {{.disk = {.volume = {uuid("10")}, .slot = 0},
                     .layers = {{.read_write = -1, .read_only = 20, .format = "qcow2"},
                                {.read_write = 21, .read_only = 22, .format = "qcow2"}}}};
    wiring.taps = {30};
    return wiring;
}

/// One option and its value per line.
static std::string lines(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        const bool option = word.starts_with("-");
        out += (option ? "\n" : " ") + word;
    }
    return out + "\n";
}

TEST(CommandLine, IsThisOneUnderTcg) {
    EXPECT_EQ(lines(command_line(web(), wiring(), Accelerator::tcg)),
              R"golden( /usr/bin/qemu-system-x86_64
-name guest=web-1,debug-threads=on
-uuid 00000000-0000-8000-8000-000000000001
-nodefaults
-no-user-config
-display none
-vga none
-machine q35,memory-backend=memory,usb=off,vmport=off
-object memory-backend-memfd,id=memory,size=512M,share=on
-m 512M
-smp 2
-accel tcg,tb-size=32,thread=multi
-cpu max,-svm,min-xlevel=0x80000008
-rtc base=utc
-boot strict=on
-smbios type=1,manufacturer=vdcos,product=OpenStack Compute
-S
-action reboot=reset,shutdown=pause,panic=shutdown,watchdog=reset
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
-add-fd fd=12,set=12,opaque=console-log
-chardev socket,id=qmp,fd=10,server=on,wait=off
-mon chardev=qmp,mode=control
-chardev socket,id=console,fd=11,server=on,wait=off,logfile=/dev/fdset/12,logappend=on
-serial chardev:console
-chardev socket,id=agent,fd=13,server=on,wait=off
-device virtio-serial-pci,id=serial,bus=pcie.0,addr=0x8
-device virtserialport,bus=serial.0,chardev=agent,name=org.qemu.guest_agent.0
-object rng-builtin,id=entropy
-device virtio-rng-pci,rng=entropy,bus=pcie.0,addr=0x9
-device vmgenid,guid=auto
-device pvpanic-pci,bus=pcie.0,addr=0xa
-device pcie-root-port,id=card0-port,bus=pcie.0,addr=0x2.0,multifunction=on,chassis=1,io-reserve=0
-netdev tap,id=card0-net,fd=30,vhost=off
-device virtio-net-pci,id=card0,bus=card0-port,netdev=card0-net,mac=52:54:00:12:34:56,host_mtu=1450,romfile=
-device pcie-root-port,id=slot0,bus=pcie.0,addr=0x3.0,multifunction=on,chassis=9,io-reserve=0
-device pcie-root-port,id=slot1,bus=pcie.0,addr=0x3.1,chassis=10,io-reserve=0
-device pcie-root-port,id=slot2,bus=pcie.0,addr=0x3.2,chassis=11,io-reserve=0
-device pcie-root-port,id=slot3,bus=pcie.0,addr=0x3.3,chassis=12,io-reserve=0
-device pcie-root-port,id=slot4,bus=pcie.0,addr=0x3.4,chassis=13,io-reserve=0
-device pcie-root-port,id=slot5,bus=pcie.0,addr=0x3.5,chassis=14,io-reserve=0
-device pcie-root-port,id=slot6,bus=pcie.0,addr=0x3.6,chassis=15,io-reserve=0
-device pcie-root-port,id=slot7,bus=pcie.0,addr=0x3.7,chassis=16,io-reserve=0
-device pcie-root-port,id=slot8,bus=pcie.0,addr=0x4.0,multifunction=on,chassis=17,io-reserve=0
-add-fd fd=20,set=20,opaque=s0l0
-blockdev {"driver":"qcow2","node-name":"s0l0","read-only":true,"auto-read-only":false,"discard":"unmap","file":{"driver":"file","filename":"/dev/fdset/20","read-only":true,"auto-read-only":false,"discard":"unmap"},"backing":null}
-add-fd fd=21,set=21,opaque=s0l1
-add-fd fd=22,set=21,opaque=s0l1
-blockdev {"driver":"qcow2","node-name":"s0l1","read-only":false,"auto-read-only":false,"discard":"unmap","file":{"driver":"file","filename":"/dev/fdset/21","read-only":false,"auto-read-only":false,"discard":"unmap"},"backing":"s0l0"}
-device {"driver":"virtio-blk-pci","id":"disk0-00000000-0000-8000-8000-000000000010","bus":"slot0","drive":"s0l1","serial":"00000000-0000-8000-8","bootindex":1}
-add-fd fd=14,set=14,opaque=seed
-device pcie-root-port,id=seed-port,bus=pcie.0,addr=0x7.0,multifunction=on,chassis=41,io-reserve=0
-blockdev {"driver":"raw","node-name":"seed","read-only":true,"file":{"driver":"file","filename":"/dev/fdset/14","read-only":true}}
-device virtio-blk-pci,id=seed-disk,bus=seed-port,drive=seed,serial=seed
)golden");
}

TEST(CommandLine, DiffersUnderKvmInTheProcessorOnly) {
    auto tcg = command_line(web(), wiring(), Accelerator::tcg);
    auto kvm = command_line(web(), wiring(), Accelerator::kvm);
    std::vector<std::string> only_tcg;
    std::vector<std::string> only_kvm;
    for (const auto& word : tcg)
        if (std::find(kvm.begin(), kvm.end(), word) == kvm.end()) only_tcg.push_back(word);
    for (const auto& word : kvm)
        if (std::find(tcg.begin(), tcg.end(), word) == tcg.end()) only_kvm.push_back(word);
    EXPECT_EQ(base::join(only_tcg, " "),
              "tcg,tb-size=32,thread=multi max,-svm,min-xlevel=0x80000008");
    EXPECT_EQ(base::join(only_kvm, " "), "kvm host");
}

TEST(CommandLine, OfAReceiverDiffersInThatItWaits) {
    Wiring waiting = wiring();
    waiting.receives = true;
    auto words = command_line(web(), waiting, Accelerator::tcg);
    const auto at = std::find(words.begin(), words.end(), "-incoming");
    ASSERT_NE(at, words.end());
    EXPECT_EQ(*(at + 1), "defer");
    words.erase(at, at + 2);
    EXPECT_EQ(words, command_line(web(), wiring(), Accelerator::tcg));
}

TEST(CommandLine, ANameCannotSmuggleAnOption) {
    InstanceSpec spec = web();
    spec.name = "x,process=sh";
    const auto words = command_line(spec, wiring(), Accelerator::tcg);
    EXPECT_NE(std::find(words.begin(), words.end(), "guest=x,,process=sh,debug-threads=on"),
              words.end());
}

TEST(CommandLine, HoldsNothingOfTheSeed) {
    InstanceSpec spec = web();
    spec.seed = {.meta_data = "canary", .user_data = "canary", .network_config = "canary"};
    EXPECT_EQ(lines(command_line(spec, wiring(), Accelerator::tcg)).find("canary"),
              std::string::npos);
}

TEST(CommandLine, WithoutASeedThereIsNoSeedDisk) {
    Wiring none = wiring();
    none.seed = -1;
    EXPECT_EQ(lines(command_line(web(), none, Accelerator::tcg)).find("seed"), std::string::npos);
}

TEST(CommandLine, AlwaysHasEightSlotsToSpareUpToTheLast) {
    InstanceSpec spec = web();
    EXPECT_EQ(disk_slots(spec), 9);
    spec.disks.push_back({.volume = {uuid("11")}, .slot = 4});
    EXPECT_EQ(disk_slots(spec), 13);
    spec.disks.push_back({.volume = {uuid("12")}, .slot = 31});
    EXPECT_EQ(disk_slots(spec), disk_slots_max);
}

TEST(CommandLine, MemoryLimitLeavesRoomForQemuItself) {
    EXPECT_EQ(memory_limit(web(), Accelerator::tcg), base::MiB{512 + 256 + 16});
    EXPECT_EQ(memory_limit(web(), Accelerator::kvm), base::MiB{512 + 192 + 16});
}

TEST(BlockGraph, NamesSayWhatTheyAre) {
    EXPECT_EQ(node_name(2, 10), "s2l10");
    const auto node = parse_node_name("s2l10");
    ASSERT_TRUE(node);
    EXPECT_EQ(node->slot, 2);
    EXPECT_EQ(node->layer, 10);
    const model::VolumeId volume{uuid("10")};
    const auto device = parse_device_name(device_name(31, volume));
    ASSERT_TRUE(device);
    EXPECT_EQ(device->slot, 31);
    EXPECT_EQ(device->volume, volume);
}

TEST(BlockGraph, TakesNoNameThatItDidNotGive) {
    for (const char* name :
         {"", "s", "sl", "s1", "s1l", "s-1l2", "s1l2x", "x1l2", "s1l99999", "#block123", "s1l2 "})
        EXPECT_FALSE(parse_node_name(name)) << name;
    for (const char* name : {"", "disk", "disk1", "disk1-", "disk1-x", "seed-disk",
                             "disk-00000000-0000-8000-8000-000000000010"})
        EXPECT_FALSE(parse_device_name(name)) << name;
}

TEST(BlockGraph, ABaseSaysThatNothingIsBelow) {
    EXPECT_EQ(base::dump(blockdev({.slot = 1, .layer = 0, .fdset = 5, .format = "qcow2"}, {})),
              R"({"driver":"qcow2","node-name":"s1l0","read-only":true,"auto-read-only":false,)"
              R"("discard":"unmap","file":{"driver":"file","filename":"/dev/fdset/5",)"
              R"("read-only":true,"auto-read-only":false,"discard":"unmap"},"backing":null})");
}

TEST(BlockGraph, ARawLayerIsNeverProbed) {
    const auto node =
        blockdev({.slot = 1, .layer = 0, .fdset = 5, .format = "raw", .read_only = false}, {});
    EXPECT_EQ(node.text_at("driver"), "raw");
    EXPECT_FALSE(node.has("backing"));
}

}  // namespace vdc::drivers::qemu
