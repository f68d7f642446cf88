#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "control/host_mind.h"

/// A host's mind, and a world that answers as the test says. Effects and things go by short names:
/// "launch web", "prepare volume root".
namespace vdc::control::testing {

using namespace base;

class MindTest : public ::testing::Test {
  protected:
    static constexpr model::InstanceId web{{7, 1}};
    static constexpr model::InstanceId db{{7, 2}};
    static constexpr model::VolumeId root{{8, 1}};
    static constexpr model::VolumeId root2{{8, 2}};
    static constexpr model::VolumeId data{{8, 3}};
    static constexpr model::ImageId image{{5, 1}};
    static constexpr model::NetworkId network{{6, 1}};
    static constexpr model::ApplicationId app{{11, 1}};
    static constexpr model::VolumeSnapshotId kept{{9, 1}};

    /// Web shall run: with its root volume and a card in the network.
    MindTest();

    /// An instance with this root volume and a card in the network.
    InstanceDuty& add_instance(model::InstanceId id, const std::string& name, model::VolumeId disk);
    VolumeDuty& add_volume(model::VolumeId id, std::optional<model::InstanceId> in, int slot);

    void tell() { mind.set_duties(duties); }

    /// What the mind begins now, in words, one after the other with "; ".
    std::string begins();

    /// The effect that was begun under these words ends so.
    void done(const std::string& words, Result<Sighting> result);
    void fails(const std::string& words, Error::Code code = Error::Code::failed) {
        done(words, Error{code, "it did not work"});
    }

    /// Begins and ends what is needed before web is launched, and looks at it: it is down.
    void make_ready();
    /// As make_ready(), and web runs.
    void make_running();

    /// Ends the look at the network, if one was due.
    void network_stays();
    /// Begins, and ends, the launch of web, which must be due.
    void launch_again();

    /// Web shall be off from now on.
    void shall_be_off();
    /// The guest of web is asked to power off, which must be due, and does not obey.
    void button_is_pressed();

    InstanceSighting alive(model::InstanceId id) const;
    static InstanceSighting down();
    static InstanceSighting ended(Ending how, const std::string& detail = {});
    VolumeSighting present(model::VolumeId id) const;
    NetworkSighting applied() const;

    /// The reports of now: "it runs; the volume is ready".
    std::string reports();
    /// The reports of now reach the store, and come back with the duties.
    void store_reports();
    /// What was reported of web last.
    const model::InstanceObserved& reported() const { return reported_; }

    HostMind mind;
    Duties duties;
    Instant now{1h};

  private:
    std::string named(std::string words) const;

    std::map<std::string, Effect> begun_;
    model::InstanceObserved reported_;
};

}  // namespace vdc::control::testing
