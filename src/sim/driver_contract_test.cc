#include "sim/driver_contract_test_util.h"
#include "sim/pretend_host.h"

/// The contract, held by the pretended host.
namespace vdc::sim {
namespace {

using namespace std::chrono_literals;

/// Effects are done at once; time passes only when somebody waits.
class PretendDriver final : public drivers::Driver {
  public:
    explicit PretendDriver(PretendHost& host) : host_(host) {}
    base::Result<control::Sighting> run(const control::Effect& effect) override {
        return host_.run(effect);
    }
    void on_notice(std::function<void(drivers::Notice)> heard) override {
        host_.on_notice(std::move(heard));
    }
    base::Result<std::vector<model::InstanceId>> instances() override { return host_.instances(); }
    base::Result<drivers::HostFacts> facts() override { return host_.facts(); }

  private:
    PretendHost& host_;
};

class PretendedTwin final : public Twin {
  public:
    PretendedTwin() {
        for (PretendHost* host : {&host_, &other_})
            host->meet([this](const std::string& name) { return name == "h2" ? &other_ : &host_; },
                       [this](model::InstanceId instance) { return host_.answers(instance); });
    }
    drivers::Driver& driver() override { return driver_; }
    drivers::Driver& other() override { return other_driver_; }
    void upload(drivers::Driver&, model::ImageId) override {}
    void crash(model::InstanceId instance) override { EXPECT_TRUE(host_.crash(instance)); }
    bool wait(const std::function<bool()>& holds) override {
        for (int seconds = 0; seconds < 120; ++seconds) {
            if (holds()) return true;
            time_line_.run_until(time_line_.now() + 1s, [] { return true; });
        }
        return false;
    }

  private:
    TimeLine time_line_{base::Instant{}};
    PretendHost host_{"h1", time_line_, /*seed=*/1};
    PretendHost other_{"h2", time_line_, /*seed=*/2};
    PretendDriver driver_{host_};
    PretendDriver other_driver_{other_};
};

INSTANTIATE_TEST_SUITE_P(Pretended, DriverContract,
                         testing::Values(TwinMaker{"host",
                                                   []() -> std::unique_ptr<Twin> {
                                                       return std::make_unique<PretendedTwin>();
                                                   }}),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace vdc::sim
