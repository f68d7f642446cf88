#include "app/underlay.h"

#include "control/duties.h"

namespace vdc::app {

using base::Error;
using base::Ipv4;
using base::Result;

Result<std::optional<Ipv4>> wished_underlay(const Settings& settings) {
    if (settings.underlay.empty()) return std::optional<Ipv4>{};
    if (settings.underlay == "none") return std::optional<Ipv4>{Ipv4{}};
    const auto address = base::parse_ipv4(settings.underlay);
    if (address.ok() && control::is_underlay(*address)) return std::optional<Ipv4>{*address};
    return Error{Error::Code::invalid,
                 "'" + settings.underlay + "' is no address at which other hosts reach this one",
                 "write an IPv4 address of this machine after --underlay, or none"};
}

/// Nothing when it is a name, or does not listen.
static std::optional<Ipv4> listens_at(const Settings& settings) {
    const auto address = base::parse_ipv4(settings.listen.substr(0, settings.listen.rfind(':')));
    return address.ok() ? std::optional(*address) : std::nullopt;
}

Result<Ipv4> controller_underlay(const Settings& settings) {
    if (const auto wished = TRY(wished_underlay(settings))) return *wished;
    const Ipv4 address = listens_at(settings).value_or(Ipv4{});
    return control::is_underlay(address) ? address : Ipv4{};
}

std::string underlay_warning(const Settings& settings, Ipv4 underlay) {
    constexpr base::Ipv4Range loopback{{0x7f000000}, 8};
    const bool alone =
        settings.listen.empty() || loopback.holds(listens_at(settings).value_or(Ipv4{}));
    if (underlay || alone || settings.underlay == "none") return "";
    return "networks end at this host: nobody knows where other hosts reach it; say "
           "`vdc up --underlay ADDRESS`";
}

}  // namespace vdc::app
