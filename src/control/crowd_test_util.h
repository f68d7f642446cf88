#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <vector>

#include "control/turns_test_util.h"

/// Histories of a small datacenter in which things run out, for properties that hold in all of
/// them.
namespace vdc::control::testing {

/// One event, in numbers that rapidcheck can make small.
struct Deed {
    int what = 0;
    int which = 0;
    int how = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Deed& deed) {
    return out << "{" << deed.what << ", " << deed.which << ", " << deed.how << "}";
}

/// People and hosts, doing whatever the deeds say. What the rules refuse does not happen.
class Crowd {
  public:
    explicit Crowd(Turns& turns) : turns_(turns) {}

    void begin();
    void act(const Deed& deed);
    static constexpr int deeds = 34;

  private:
    std::string name(const char* prefix, int which, int among) {
        return prefix + std::to_string(which % among);
    }
    base::Status want(const Deed& deed);
    base::Status see(const Deed& deed);
    base::Status see_instance(const Deed& deed);
    base::Status see_volume(const Deed& deed);
    base::Status change_host(const Deed& deed);

    /// What one of its hosts has of it.
    template <class R>
    base::Status sight(const R& record, int which, typename R::Observed::OnHost seen) {
        const model::Places& places = record.claimed.places;
        if (places.empty()) return {};
        const model::Place& place = places[static_cast<std::size_t>(which) % places.size()];
        seen.host = place.host;
        seen.generation = place.generation;
        return turns_.apply({{model::Sight<R>{record.id, std::move(seen)}, "seen"}});
    }
    template <class R>
    base::Status observe(typename R::Id id, typename R::Observed observed) {
        return turns_.apply({{model::Observe<R>{id, std::move(observed)}, "seen"}});
    }

    Turns& turns_;
};

/// Any history; longer ones as the size grows.
rc::Gen<std::vector<Deed>> histories();

}  // namespace vdc::control::testing
