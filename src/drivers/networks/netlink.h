#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

/// Requests to the kernel's networking by netlink(7), for what is asked so often that a process of
/// `ip` or `nft` for it (5 to 15 ms) would be most of its cost.
namespace vdc::drivers::networks {

/// One request: a header of its family, then attributes. It asks to be answered.
class NetlinkMessage {
  public:
    /// `flags` beside NLM_F_REQUEST and NLM_F_ACK.
    template <class Header>
    NetlinkMessage(std::uint16_t type, std::uint16_t flags, const Header& header)
        : NetlinkMessage(type, flags) {
        static_assert(std::is_trivially_copyable_v<Header>);
        append({reinterpret_cast<const char*>(&header), sizeof header});
    }

    NetlinkMessage& add(std::uint16_t attribute, std::string_view bytes);
    /// As the machine lays it in memory.
    template <class Number>
    requires std::is_arithmetic_v<Number> NetlinkMessage& add(std::uint16_t attribute,
                                                              Number number) {
        return add(attribute, {reinterpret_cast<const char*>(&number), sizeof number});
    }
    /// With the zero that ends it.
    NetlinkMessage& add_text(std::uint16_t attribute, const std::string& text);

    /// Attributes that are added from here to end() lie inside of this one. Its size may not pass
    /// 64 KiB.
    NetlinkMessage& begin(std::uint16_t attribute);
    NetlinkMessage& end();

    /// Ready to be sent with this number.
    std::string bytes(std::uint32_t sequence) const;

  private:
    NetlinkMessage(std::uint16_t type, std::uint16_t flags);
    void append(std::string_view bytes);

    std::string bytes_;
    std::vector<std::size_t> open_;
};

/// Sends the requests one after the other, each once the one before was answered with yes. In the
/// namespace that the calling thread is in. `deed` names in errors what was tried. The first no
/// ends it: not_found, exists or failed, with the kernel's own words where it has some.
base::Status ask_routing(const std::vector<NetlinkMessage>& requests, const std::string& deed);

/// The same for nf_tables, in one transaction: all is done at one moment, or nothing.
base::Status ask_filter(const std::vector<NetlinkMessage>& requests, const std::string& deed);

}  // namespace vdc::drivers::networks
