#include "drivers/qemu/kvm.h"

#include <gtest/gtest.h>

#include "drivers/qemu/guest_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::qemu {

using base::Error;
using namespace std::chrono_literals;

namespace {

class KvmReal : public RealHost {
  protected:
    KvmReal() {
        const std::string image = tiny_image();
        const std::string folder = image.substr(0, image.rfind('/'));
        trial.kernel = folder + "/vmlinuz";
        trial.initramfs = folder + "/ram.img";
    }
    std::string kept() { return runtime::read_file(paths.data + "/accelerator.json").value_or(""); }

    BootTrial trial;
};

}  // namespace

TEST_F(KvmReal, AGuestThatComesUpIsSeen) {
    trial.accelerator = Accelerator::tcg;  // what this machine surely has
    trial.limit = 60s;
    const auto took = try_boot(paths, trial);
    ASSERT_TRUE(took.ok()) << took.error().message;
    EXPECT_LT(*took, 60s);
}

TEST_F(KvmReal, AGuestThatNeverComesUpIsEndedInTime) {
    trial.accelerator = Accelerator::tcg;
    trial.marker = "what no guest says";
    trial.limit = 1s;
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(try_boot(paths, trial).error().message, "it did not come up within 1s");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(KvmReal, AQemuThatEndsEarlyIsTold) {
    trial.accelerator = Accelerator::tcg;
    trial.kernel = "/dev/null";
    const auto failed = try_boot(paths, trial);
    EXPECT_EQ(failed.error().code, Error::Code::failed);
    EXPECT_NE(failed.error().message.find("ended early"), std::string::npos);
}

TEST_F(KvmReal, LeftToItselfItAlwaysKnowsWhatToDo) {
    const auto chosen = choose_accelerator(paths, AcceleratorWish::automatic, trial).value();
    EXPECT_FALSE(chosen.reason.empty());
    trial.kernel = "/does/not/exist";
    EXPECT_EQ(choose_accelerator(paths, AcceleratorWish::automatic, trial).value(), chosen);
}

TEST_F(KvmReal, WhoInsistsOnKvmGetsItOrAnErrorSoonAndTheOutcomeIsKept) {
    const auto began = std::chrono::steady_clock::now();
    const auto chosen = choose_accelerator(paths, AcceleratorWish::kvm, trial);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    if (chosen.ok())
        EXPECT_EQ(chosen->accelerator, Accelerator::kvm);
    else
        EXPECT_EQ(chosen.error().code, Error::Code::unsupported) << chosen.error().message;
    EXPECT_NE(kept().find(chosen.ok() ? "\"kvm\"" : "\"tcg\""), std::string::npos) << kept();
}

TEST_F(KvmReal, ATrialThatCouldNotBeMadeIsNotKept) {
    trial.kernel = "/does/not/exist";
    EXPECT_EQ(choose_accelerator(paths, AcceleratorWish::kvm, trial).error().code,
              Error::Code::not_found);
    EXPECT_EQ(kept(), "");
}

TEST_F(KvmReal, TcgByWishAsksNothing) {
    trial.kernel = "/does/not/exist";
    EXPECT_EQ(choose_accelerator(paths, AcceleratorWish::tcg, trial).value().accelerator,
              Accelerator::tcg);
    EXPECT_EQ(kept(), "");
}

}  // namespace vdc::drivers::qemu
