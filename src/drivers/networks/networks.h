#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/host_paths.h"
#include "drivers/networks/plan.h"
#include "drivers/openers.h"

/// The networks of a host: namespaces, bridges, rules, DHCP, DNS, NAT and taps (see plan.h for the
/// picture and rules.h for what the rules promise).
///
/// A network's folder, HostPaths::network(N), holds what is not in the kernel: the record of the
/// spec in force, and dnsmasq's files. dnsmasq must be able to walk to it: the `run` folder and
/// those above it need o+x.
namespace vdc::drivers::networks {

struct Record;

struct Options {
    /// Where the host's resolvers stand; the first file that names one which a namespace can reach.
    /// systemd-resolved hides the real ones behind 127.0.0.53 and tells them in its own file.
    std::vector<std::string> resolver_files = {"/etc/resolv.conf",
                                               "/run/systemd/resolve/resolv.conf"};
};

struct Listed {
    int number = 0;
    std::optional<model::NetworkId> network;  ///< nothing when it is half made
    control::NetworkSighting seen;
};

/// Any thread. Deeds on one network follow one another; those on several run side by side.
class Networks : public TapOpener {
  public:
    explicit Networks(HostPaths paths, Options options = {});
    ~Networks() override;

    /// Makes the network be as `network` says, from nothing, from another spec, or from a half-made
    /// state. What is right already is left alone: guests notice nothing of another port's change,
    /// and a network that is all right costs a millisecond, so it may be applied to look at it.
    /// Ports that are awaited have nothing yet but the way to the host where they are.
    /// invalid when the spec contradicts itself; conflict when its number is another network's.
    base::Result<control::NetworkSighting> apply(const control::NetworkSpec& network);

    /// Takes all of it away; whatever still runs in its namespace is ended. Nothing there: fine.
    base::Result<control::NetworkSighting> remove(model::NetworkId network, int number);

    /// Present only when everything that apply() left is still there and alive; otherwise apply it
    /// again. Lets dnsmasq follow the host's resolvers. About half a millisecond.
    base::Result<control::NetworkSighting> look(model::NetworkId network, int number);

    base::Result<int> open_tap(const control::CardSpec& card) override;
    base::Result<int> open_arriving_tap(const control::CardSpec& card) override;
    base::Status close_tap(model::PortId port, int network_number) override;

    /// A TCP socket that listens on 169.254.169.254:80 inside the network (blocking, CLOEXEC). The
    /// peer's address tells the port: the rules let no port use another's. It belongs to the
    /// caller, who closes it when the network goes.
    base::Result<int> metadata_listener(int number);

    /// All networks of this datacenter that have anything on this host, in number order.
    std::vector<Listed> list();

  private:
    std::unique_lock<std::mutex> hold(int number);
    base::Status bring_about(const control::NetworkSpec& network, const Record* stands);
    base::Status make_links(const control::NetworkSpec& network);
    base::Result<Record> in_force(const control::CardSpec& card);
    base::Result<control::NetworkSighting> as_it_is(int number, const Record& record);
    bool stands(int number, const Record& record);
    std::vector<Ipv4> host_resolvers() const;

    HostPaths paths_;
    Options options_;
    std::mutex guard_;  ///< of the map
    std::map<int, std::mutex> held_;
    std::mutex host_;  ///< of the host's own namespace; taken after a network's
};

/// Takes away everything that networks and fronts of this datacenter left on the machine, also
/// when the folders are lost: processes, namespaces, devices, rules, routes, settings, folders.
/// For `vdc down --purge`; the daemon does not run. Nothing there: fine.
base::Status remove_all(const HostPaths& paths);

}  // namespace vdc::drivers::networks
