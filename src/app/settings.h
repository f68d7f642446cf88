#pragma once

#include <string>

namespace vdc::app {

/// Where a datacenter lives on this machine and how it is reached. The command line and the
/// environment fill it (`vdc up --help`).
struct Settings {
    std::string data = "/var/lib/vdc";  ///< survives a reboot
    std::string run = "/run/vdc";       ///< does not
    std::string host_name;              ///< empty: the machine's
    std::string listen;                 ///< "ADDRESS:PORT" for TLS; empty: unix socket only
    std::string underlay;               ///< its end of tunnels: an address, "none", or empty
    std::string token_file;             ///< opens the API over TLS; made if missing
    std::string accelerator = "auto";   ///< "auto", "kvm" or "tcg"
    std::string trial_kernel;           ///< for the KVM probe; empty: looked for in data/tiny
    std::string trial_initramfs;
    int trial_seconds = 5;
    std::string keep_log = "7d";         ///< how long the past can be looked at
    std::string keep_log_size = "2GiB";  ///< of the store, beyond which less of it is kept
    bool foreground = false;

    std::string socket() const { return run + "/api.sock"; }
    std::string pid_file() const { return run + "/vdc.pid"; }
    std::string log_file() const { return data + "/vdc.log"; }
    std::string tag_file() const { return data + "/tag"; }
};

}  // namespace vdc::app
