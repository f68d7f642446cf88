#include "drivers/qemu/kvm.h"

#include <gtest/gtest.h>

namespace vdc::drivers::qemu {

TEST(Kvm, WishesAreThreeWords) {
    EXPECT_EQ(parse_accelerator_wish("auto").value(), AcceleratorWish::automatic);
    EXPECT_EQ(parse_accelerator_wish("kvm").value(), AcceleratorWish::kvm);
    EXPECT_EQ(parse_accelerator_wish("tcg").value(), AcceleratorWish::tcg);
    EXPECT_EQ(parse_accelerator_wish("xen").error().message,
              "no accelerator 'xen'; there are auto, kvm and tcg");
}

TEST(Kvm, IsTriedOnlyWhenDeviceModuleAndProcessorAreThere) {
    EXPECT_EQ(objection({.device = true, .module = true, .processor = true}), "");
    EXPECT_NE(objection({.device = false, .module = true, .processor = true}).find("/dev/kvm"),
              std::string::npos);
    EXPECT_NE(objection({.device = true, .module = false, .processor = true}).find("kvm_intel"),
              std::string::npos);
    EXPECT_NE(objection({.device = true, .module = true, .processor = false}).find("svm"),
              std::string::npos);
}

TEST(Kvm, AVerdictHoldsForItsBootKernelAndQemuOnly) {
    const VerdictKey key{"boot", "6.1", "7.2"};
    const AcceleratorVerdict verdict{Accelerator::kvm, "it came up"};
    const base::Json kept = encode(key, verdict);
    EXPECT_EQ(decode_verdict(kept, key), verdict);
    EXPECT_EQ(decode_verdict(kept, {"other", "6.1", "7.2"}), std::nullopt);
    EXPECT_EQ(decode_verdict(kept, {"boot", "6.2", "7.2"}), std::nullopt);
    EXPECT_EQ(decode_verdict(kept, {"boot", "6.1", "8.0"}), std::nullopt);
    EXPECT_EQ(decode_verdict({}, key), std::nullopt);
}

TEST(Kvm, ReadsQemusVersion) {
    EXPECT_EQ(parse_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright\n"),
              "7.2.22 (Debian 1:7.2)");
    EXPECT_EQ(parse_qemu_version("something else"), "");
}

}  // namespace vdc::drivers::qemu
