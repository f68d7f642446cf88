#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "placement/ranking.h"

/// Decisions that do not look at every host.
namespace vdc::placement {

/// A roster with what makes deciding quick. Decisions follow from who is where and from the mix,
/// never from how it came to be; what makes them quick is not seen in them.
///
/// Before a request, ask check_request; before a host, check_host. What they refuse is a mistake
/// here.
class Fleet {
  public:
    Kinds& kinds() { return roster_.kinds(); }
    const Kinds& kinds() const { return roster_.kinds(); }
    base::Result<Model> model(const std::string& name) { return roster_.model(name); }

    /// What is asked for commonly. Scores follow from it; another mix costs as much as a new fleet.
    void set_mix(Mix mix);
    const Appraiser& appraiser() const { return worths_.appraiser(); }

    void set_host(model::HostId id, const HostSpec& spec) { roster_.set_host(id, spec); }
    void remove_host(model::HostId id) { roster_.remove_host(id); }
    void set_shared(const std::string& name, std::int64_t amount) {
        roster_.set_shared(name, amount);
    }

    /// Puts an instance there: whether it fits is not asked, because claims that exist count also
    /// on a host that has become too small for them. See Roster::put.
    GuestSlot put(model::HostId host, const Request& request, Seat seat);
    void take_away(GuestSlot slot) { roster_.take_away(slot); }

    /// Its order of names is as of the last decision, or as of settled().
    const Roster& roster() const { return roster_; }
    const Roster& settled() {
        roster_.settle();
        return roster_;
    }

    /// The best place now, and why; or why there is none.
    Decision decide(const Request& request, const Inquiry& inquiry = {});

    /// The same where only one host may take it, because its data lies there, say: whether it does.
    /// Hosts that are up and open are first asked whether they are that one.
    Decision decide_on(model::HostId host, const Request& request, const Inquiry& inquiry = {});

  private:
    /// More needs than these are ranked at a time only while they are being asked for; nor more
    /// than would remember so many shelves in all, some 150 bytes for each.
    static constexpr std::size_t rankings_max = 512;
    static constexpr std::size_t ranked_shelves_max = std::size_t{1} << 20;
    /// So many are kept fresh with every change, by turns, so that no request waits for it.
    static constexpr std::size_t turns_max = 32;

    Ranking& ranking_of(const Needs& needs);
    std::size_t rankings_kept() const;
    void take_turns();

    Roster roster_;
    Worths worths_{Appraiser{}};
    std::vector<std::unique_ptr<Ranking>> rankings_;  ///< those asked for often first
    std::size_t turn_ = 0;
};

/// The same decision by asking every host for every rule: slow, and obviously right. What the tests
/// hold Fleet::decide against.
Decision decide_by_scan(const Roster& roster, const Appraiser& appraiser, const Request& request,
                        const Inquiry& inquiry = {});

}  // namespace vdc::placement
