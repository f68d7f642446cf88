#pragma once

#include <string>

#include "model/ids.h"

namespace vdc::drivers {

/// Where things lie on a host. `data` survives a reboot (/var/lib/vdc), `run` does not (/run/vdc).
/// `tag` is four hexadecimal digits, unique to this datacenter on this machine: it begins the
/// names of everything that is global to the machine (namespaces, devices, cgroups, tables), so
/// that two datacenters, or two tests, never meet.
struct HostPaths {
    std::string data;
    std::string run;
    std::string tag;

    std::string uploads() const { return data + "/uploads"; }
    std::string upload(model::ImageId id) const { return uploads() + "/" + text(id); }
    std::string images() const { return data + "/images"; }
    std::string image(model::ImageId id) const { return images() + "/" + text(id) + ".qcow2"; }
    std::string volumes() const { return data + "/volumes"; }
    std::string volume(model::VolumeId id) const { return volumes() + "/" + text(id); }
    std::string instances() const { return run + "/instances"; }
    std::string instance(model::InstanceId id) const { return instances() + "/" + text(id); }
    std::string consoles() const {
        return data + "/consoles";
    }  ///< serial logs, kept after the end
    std::string networks() const { return run + "/networks"; }
    std::string network(int number) const { return networks() + "/" + std::to_string(number); }

    std::string network_namespace(int number) const {
        return "vdc" + tag + "n" + std::to_string(number);
    }
    std::string tap(model::PortId port) const { return "t" + text(port).substr(24, 12); }
    std::string cgroup() const { return "vdc-" + tag; }
};

}  // namespace vdc::drivers
