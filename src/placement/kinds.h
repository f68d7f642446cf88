#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Amounts of resources of every kind that is counted: processors and bytes, but also the devices
/// and bandwidths that only one datacenter has.
namespace vdc::placement {

/// Which kind, as the fleet's Kinds counts them.
using Kind = std::uint8_t;

inline constexpr std::size_t kinds_max = 12;

/// What is larger is refused: sums of a million of them still fit 64 bits.
inline constexpr std::int64_t amount_max = std::int64_t{1} << 42;

/// So much of each kind. Kinds that nobody mentions are 0.
struct Amounts {
    std::array<std::int64_t, kinds_max> of{};

    std::int64_t& operator[](Kind kind) { return of[kind]; }
    std::int64_t operator[](Kind kind) const { return of[kind]; }

    friend bool operator==(const Amounts&, const Amounts&) = default;
    friend auto operator<=>(const Amounts&, const Amounts&) = default;
    Amounts& operator+=(const Amounts& other);
    Amounts& operator-=(const Amounts& other);
};

/// The names of the kinds. Three are always there; others are named by who uses them, by custom
/// "disk:POOL" and "disk_bandwidth:POOL" (of a host's own pool), "device:NAME".
class Kinds {
  public:
    static constexpr Kind memory = 0;   ///< MiB
    static constexpr Kind cpu = 1;      ///< thousandths of a processor
    static constexpr Kind network = 2;  ///< Mbit/s

    std::size_t count() const { return names_.size(); }
    const std::string& name(Kind kind) const { return names_[kind]; }
    std::optional<Kind> find(std::string_view name) const;

    /// The kind of that name, a new one if there is none. Refused when there are kinds_max.
    base::Result<Kind> enter(std::string_view name);

  private:
    std::vector<std::string> names_{"memory", "cpu", "network"};
};

/// Refuses negative amounts and those past amount_max; `whose` begins the sentence.
base::Status check_amounts(std::string_view whose, const Kinds& kinds, const Amounts& amounts);

}  // namespace vdc::placement
