#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/openers.h"
#include "drivers/qemu/instances.h"

/// What tests with real guests need: a host of their own and somebody at the console.
namespace vdc::drivers::qemu {

/// Volumes as plain files in one folder.
class FileDisks final : public DiskOpener {
  public:
    explicit FileDisks(std::string folder) : folder_(std::move(folder)) {}

    /// An overlay on a qcow2 image, or an empty disk.
    model::VolumeId add(const std::string& image, base::MiB size);
    /// As the copy of a volume that lies elsewhere; whatever was there before is gone.
    void add(model::VolumeId volume, const std::string& image, base::MiB size);
    /// A new empty layer on top, as before a snapshot; opened.
    DiskLayer add_layer(model::VolumeId volume, base::MiB size);
    std::string top(model::VolumeId volume) { return files_[volume].back(); }

    base::Result<OpenedDisk> open_disk(model::VolumeId volume) override;

  private:
    std::string folder_;
    std::map<model::VolumeId, std::vector<std::string>> files_;  ///< the base first
};

/// Taps that lead nowhere, in a network namespace of their own.
class LooseTaps final : public TapOpener {
  public:
    base::Result<int> open_tap(const control::CardSpec& card) override;
    base::Result<int> open_arriving_tap(const control::CardSpec& card) override {
        return open_tap(card);
    }
    base::Status close_tap(model::PortId port, int network_number) override;
    std::vector<model::PortId> closed;
};

/// Somebody who types at an instance's serial console and reads what comes.
class Typist {
  public:
    explicit Typist(runtime::Fd socket) : socket_(std::move(socket)) {}

    /// Reads on until `text` has come; fails the test after `limit`. What came before and with it.
    std::string wait_for(const std::string& text,
                         std::chrono::seconds limit = std::chrono::seconds(60));
    void log_in();
    /// What a command prints.
    std::string run(const std::string& command);
    void type(const std::string& text);

  private:
    runtime::Fd socket_;
    std::string unread_;
    int commands_ = 0;
};

/// A host of its own: folders, cgroups and names that nobody else has, removed at the end.
class RealHost : public testing::Test {
  protected:
    RealHost();
    ~RealHost() override;

    /// As a daemon that starts.
    void open();
    /// As a daemon that was killed: its QEMUs go on.
    void forget() { instances.reset(); }

    control::InstanceSpec spec(const std::string& name, model::VolumeId root);
    /// The tiny guest, launched; somebody is at its console from the first byte.
    control::InstanceSpec launch(const std::string& name);
    Typist typist(model::InstanceId instance);

    static std::string tiny_image();

    HostPaths paths;
    std::unique_ptr<FileDisks> disks;
    LooseTaps taps;
    std::unique_ptr<Instances> instances;
};

}  // namespace vdc::drivers::qemu
