#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/driver.h"

/// What drivers::Driver promises, rule by rule (driver_contract_test_util.cc), for every kind of
/// driver: the pretended host, on which the simulator's word rests (driver_contract_test.cc), and
/// the real one with real guests (driver_contract_real_test.cc). A difference between the two that
/// a mind could notice is a rule that is missing here.
namespace vdc::sim {

/// A host, and what the world does to it.
class Twin {
  public:
    virtual ~Twin() = default;
    virtual drivers::Driver& driver() = 0;
    /// Another host, "h2", where this one, "h1", can send guests.
    virtual drivers::Driver& other() = 0;
    /// The bytes of a bootable image lie in the upload folder of that driver's host.
    virtual void upload(drivers::Driver& host, model::ImageId image) = 0;
    /// The QEMU of the instance dies by itself.
    virtual void crash(model::InstanceId instance) = 0;
    /// Time passes until `holds`, asked again and again, says so; false when it never does.
    virtual bool wait(const std::function<bool()>& holds) = 0;
};

struct TwinMaker {
    const char* name;
    std::unique_ptr<Twin> (*make)();
};

class DriverContract : public testing::TestWithParam<TwinMaker> {
  protected:
    using Code = base::Error::Code;

    DriverContract();

    /// What is there after the effect, which must be done.
    template <class S>
    S done(const control::Effect& effect) {
        const auto seen = twin->driver().run(effect);
        EXPECT_TRUE(seen.ok()) << text(effect) << ": " << (seen.ok() ? "" : text(seen.error()));
        return seen.ok() ? std::get<S>(*seen) : S{};
    }
    control::ImageSighting image(const control::Effect& effect);
    control::VolumeSighting volume(const control::Effect& effect);
    control::NetworkSighting network(const control::Effect& effect);
    control::FrontSighting front(const control::Effect& effect);
    control::InstanceSighting instance(const control::Effect& effect);
    /// The effect must be refused.
    void refused(const control::Effect& effect, Code code);
    control::InstanceSighting look(const control::InstanceSpec& spec);

    /// Of this image, which is here.
    control::VolumeSpec prepared(int number);
    control::VolumeSpec empty_volume(int number) const;
    control::NetworkSpec network_spec(int number) const;
    /// With one disk, which is prepared.
    control::InstanceSpec spec(const std::string& name);
    control::InstanceSpec launched(const std::string& name);
    // ---- moves: from this host to the other one ----

    /// Of the run that comes to be there, which awaits this one: ready, on disks of its own.
    control::InstanceSpec awaited(const control::InstanceSpec& here);
    control::SendInstance sending(const control::InstanceSpec& there) const;
    /// Sends it, and stops it for that, until all of it is at both ends.
    void send(const control::InstanceSpec& there);
    control::InstanceSighting at_other(const control::Effect& effect);
    /// What came to nothing there, with its disks.
    void removed_there(const control::InstanceSpec& there);

    /// Whether such a notice of the instance came.
    bool heard(model::InstanceId of, const std::function<bool(const control::InstanceSighting&)>&);

  private:
    std::mutex mutex_;
    std::vector<drivers::Notice> heard_;
    int instances_ = 0;

  protected:
    std::unique_ptr<Twin> twin;  ///< goes first: until then notices come
    const control::ImageSpec tiny;
};

}  // namespace vdc::sim
