#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "control/effects.h"
#include "model/commit.h"
#include "model/nouns.h"

/// How long things take on a datacenter: what its log tells, and what is usual where it tells
/// nothing.
namespace vdc::sim {

/// What is measured. `launch`: from all that it needs being there to the run, cleaning up after a
/// run that crashed included. `boot`: from the run to the front's word that it answers. `stop`:
/// from the wish to the guest's end.
enum class Pace { import_image, fetch_image, prepare_volume, apply_network, launch, boot, stop };
constexpr auto words(Pace) {
    return model::Words<Pace, 7>{{{Pace::import_image, "import_image"},
                                  {Pace::fetch_image, "fetch_image"},
                                  {Pace::prepare_volume, "prepare_volume"},
                                  {Pace::apply_network, "apply_network"},
                                  {Pace::launch, "launch"},
                                  {Pace::boot, "boot"},
                                  {Pace::stop, "stop"}}};
}
constexpr std::size_t paces = 7;

/// The pace that an effect has; none: it is not measured by itself.
std::optional<Pace> pace_of(const control::Effect& effect);

/// One of them.
struct Speed {
    base::Duration takes{};                 ///< the median of what was seen
    std::size_t samples = 0;                ///< none: it was not seen, and is the usual time
    std::vector<base::Duration> seen = {};  ///< all of it, the shortest first; none: not known
};

class Speeds {
  public:
    /// Nothing measured.
    Speeds();

    Speed& operator[](Pace pace) { return all_[static_cast<std::size_t>(pace)]; }
    const Speed& operator[](Pace pace) const { return all_[static_cast<std::size_t>(pace)]; }

    /// How long an effect takes. Those that are not measured by themselves take what is usual.
    base::Duration of(const control::Effect& effect) const;

  private:
    std::array<Speed, paces> all_;
};

/// Measures by a log: commits in their order, from any revision on. What began before them is not
/// counted. Holds a bounded number of samples of each pace, the latest ones.
class SpeedMeter {
  public:
    void add(const model::Commit& commit);
    Speeds speeds() const;

  private:
    template <class Change>
    void take(base::Instant, const Change&) {}  // most changes tell nothing
    void take(base::Instant at, const model::Create<model::Volume>& change);
    void take(base::Instant at, const model::Claim<model::Volume>& change);
    void take(base::Instant at, const model::Observe<model::Volume>& change);
    void take(base::Instant at, const model::Forget<model::Volume>& change);
    void take(base::Instant at, const model::Sight<model::Image>& change);
    void take(base::Instant at, const model::Claim<model::Image>& change);
    void take(base::Instant at, const model::Claim<model::Network>& change);
    void take(base::Instant at, const model::Sight<model::Network>& change);
    void take(base::Instant at, const model::Create<model::Port>& change);
    void take(base::Instant at, const model::Declare<model::Instance>& change);
    void take(base::Instant at, const model::Claim<model::Instance>& change);
    void take(base::Instant at, const model::Observe<model::Instance>& change);
    void take(base::Instant at, const model::Forget<model::Instance>& change);
    void take(base::Instant at, const model::Sight<model::Application>& change);
    void sample(Pace pace, base::Instant from, base::Instant to);

    /// Something of a host, and since when.
    template <class Id>
    using OnHost = std::map<std::pair<Id, model::HostId>, base::Instant>;

    struct Life {
        std::optional<model::HostId> host;
        model::InstancePhase phase = model::InstancePhase::absent;
        base::Instant since;       ///< of the phase
        base::Instant disk_there;  ///< the last of its volumes
        std::optional<base::Instant> asked_off;
        std::optional<base::Instant> boots;  ///< since when, while no front says that it answers
        std::vector<model::NetworkId> networks;
    };
    struct Disk {
        std::optional<model::InstanceId> instance;
        std::optional<model::ImageId> image;
        std::optional<model::HostId> host;
        std::optional<base::Instant> claimed;  ///< until it is there
    };
    void runs(Life& life, const model::InstanceObserved& seen);

    std::map<model::InstanceId, Life> lives_;
    std::map<model::VolumeId, Disk> disks_;
    std::map<model::ImageId, model::HostId> keepers_;
    OnHost<model::ImageId> images_coming_;
    OnHost<model::ImageId> images_there_;
    OnHost<model::NetworkId> networks_coming_;
    OnHost<model::NetworkId> networks_there_;
    std::array<std::vector<base::Duration>, paces> samples_;
    std::array<std::size_t, paces> next_{};
};

}  // namespace vdc::sim
