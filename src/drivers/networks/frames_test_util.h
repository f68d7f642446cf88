#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// A packet generator of its own: bytes from the standards, no code of the product.
namespace vdc::frames {

using Bytes = std::vector<std::uint8_t>;

/// Who sends, whom it hurts, and the network both are in.
struct Cast {
    std::uint64_t own_mac, victim_mac, gateway_mac;
    std::uint32_t own_address, victim_address, gateway_address;
};

/// One kind of frame. `make` builds it for a destination MAC (some kinds have their own).
struct Kind {
    std::string name;
    std::function<Bytes(const Cast&, std::uint64_t destination)> make;
    bool bridge_refuses = false;  ///< Linux drops it whatever the rules say
};

/// What no guest may send.
std::vector<Kind> forged_kinds();

/// What every guest may send.
std::vector<Kind> honest_kinds();

/// Ends a frame with what tells it apart: eight letters and a number. Padded to 60 bytes.
Bytes marked(Bytes frame, std::uint32_t mark);
/// The mark in a received frame, or 0.
std::uint32_t mark_in(const Bytes& frame);

}  // namespace vdc::frames
