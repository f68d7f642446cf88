#pragma once

#include <memory>

#include "drivers/disks/volumes.h"
#include "drivers/driver.h"
#include "drivers/fronts/fronts.h"
#include "drivers/host_paths.h"
#include "drivers/images/importer.h"
#include "drivers/networks/networks.h"
#include "drivers/qemu/instances.h"
#include "drivers/qemu/kvm.h"

namespace vdc::drivers {

/// The real hands: each effect goes to the part of the house that does it.
class HostDriver final : public Driver {
  public:
    struct Options {
        HostPaths paths;
        std::string host_name;
        qemu::AcceleratorWish accelerator = qemu::AcceleratorWish::automatic;
        qemu::BootTrial trial;  ///< what is booted to see whether KVM works; no kernel: no KVM
        /// Writes an image that another host has published into the file, at most so many bytes.
        /// On a worker's thread; may block. Empty: this host has no way to others.
        std::function<base::Status(const control::FetchImage&, const runtime::Fd& into,
                                   std::uint64_t size_max)>
            bring_image;
        /// The streams of a move to the host that receives it. Any thread. Empty: this host has no
        /// way to others.
        std::function<qemu::OpenStream(const control::SendInstance&)> streams_to;
    };

    /// Makes the folders, chooses the accelerator, finds the running QEMUs of an earlier daemon.
    static base::Result<std::unique_ptr<HostDriver>> open(Options options);

    base::Result<control::Sighting> run(const control::Effect& effect) override;
    void on_notice(std::function<void(Notice)> heard) override;
    base::Result<std::vector<model::InstanceId>> instances() override;
    base::Result<HostFacts> facts() override;

    qemu::Instances& qemus() { return *qemus_; }
    networks::Networks& networks() { return networks_; }
    images::Images& images() { return images_; }

  private:
    struct Deeds;
    explicit HostDriver(Options options);
    base::Status bring(const control::FetchImage& effect, const runtime::Fd& into,
                       std::uint64_t size_max);

    const Options options_;
    qemu::AcceleratorVerdict accelerator_;
    images::Images images_;
    disks::Volumes volumes_;
    networks::Networks networks_;
    fronts::Fronts fronts_;
    std::unique_ptr<qemu::Instances> qemus_;
};

/// What this host is: name, processors, memory, disk of the data folder, kernel, boot id.
base::Result<HostFacts> machine_facts(const std::string& data);

}  // namespace vdc::drivers
