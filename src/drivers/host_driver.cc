#include "drivers/host_driver.h"

namespace vdc::drivers {

using base::Error;
using base::Result;
using base::Status;
using control::Sighting;

HostDriver::HostDriver(Options options)
    : options_(std::move(options)),
      images_(options_.paths),
      volumes_(options_.paths),
      networks_(options_.paths),
      fronts_(options_.paths) {}

Result<std::unique_ptr<HostDriver>> HostDriver::open(Options options) {
    std::unique_ptr<HostDriver> driver(new HostDriver(std::move(options)));
    const Options& chosen = driver->options_;
    TRY(driver->images_.start());
    TRY(driver->volumes_.start());
    if (chosen.trial.kernel.empty() && chosen.accelerator == qemu::AcceleratorWish::kvm)
        return base::Error{
            base::Error::Code::unsupported,
            "KVM was asked for, and there is no kernel to try it with",
            "name one with --trial-kernel and --trial-initramfs, for example those of images/tiny, "
            "or take --accelerator auto"};
    if (chosen.trial.kernel.empty() && chosen.accelerator == qemu::AcceleratorWish::automatic)
        driver->accelerator_ = {qemu::Accelerator::tcg,
                                "KVM was not tried: no kernel to try it with is configured"};
    else
        driver->accelerator_ =
            TRY(qemu::choose_accelerator(chosen.paths, chosen.accelerator, chosen.trial));
    driver->qemus_ = TRY(qemu::Instances::open(chosen.paths, driver->accelerator_.accelerator,
                                               driver->volumes_, driver->networks_));
    driver->volumes_.use(*driver->qemus_);
    return driver;
}

base::Status HostDriver::bring(const control::FetchImage& e, const runtime::Fd& into,
                               std::uint64_t size_max) {
    if (options_.bring_image) return options_.bring_image(e, into, size_max);
    return Error{Error::Code::unsupported,
                 "image " + text(e.image.id) + " cannot be brought from host " +
                     e.source.host_name + ": this host has no way to others",
                 "import the image once more under another name on this host"};
}

/// One overload per effect.
struct HostDriver::Deeds {
    HostDriver& host;

    template <class S>
    static Result<Sighting> seen(Result<S> result) {
        if (!result.ok()) return std::move(result).error();
        return Sighting(std::move(*result));
    }

    Result<Sighting> operator()(const control::ImportImage& e) { return seen(host.images_.run(e)); }
    Result<Sighting> operator()(const control::FetchImage& e) {
        return seen(host.images_.run(e, [&](const runtime::Fd& into, std::uint64_t size_max) {
            return host.bring(e, into, size_max);
        }));
    }
    Result<Sighting> operator()(const control::RemoveImage& e) { return seen(host.images_.run(e)); }
    Result<Sighting> operator()(const control::PrepareVolume& e) {
        return seen(host.volumes_.run(e));
    }
    Result<Sighting> operator()(const control::GrowVolume& e) { return seen(host.volumes_.run(e)); }
    Result<Sighting> operator()(const control::TakeSnapshot& e) {
        return seen(host.volumes_.run(e));
    }
    Result<Sighting> operator()(const control::DropSnapshot& e) {
        return seen(host.volumes_.run(e));
    }
    Result<Sighting> operator()(const control::RevertVolume& e) {
        return seen(host.volumes_.run(e));
    }
    Result<Sighting> operator()(const control::RemoveVolume& e) {
        return seen(host.volumes_.run(e));
    }

    Result<Sighting> operator()(const control::ApplyNetwork& e) {
        return seen(host.networks_.apply(e.network));
    }
    Result<Sighting> operator()(const control::RemoveNetwork& e) {
        return seen(host.networks_.remove(e.network, e.number));
    }
    Result<Sighting> operator()(const control::ApplyFront& e) {
        return seen(host.fronts_.apply(e.front));
    }
    Result<Sighting> operator()(const control::LookFront& e) {
        return seen(host.fronts_.look(e.front));
    }
    Result<Sighting> operator()(const control::RemoveFront& e) {
        return seen(host.fronts_.remove(e.application, e.network, e.network_number));
    }

    qemu::Instances& qemus() { return *host.qemus_; }
    Result<Sighting> operator()(const control::LookInstance& e) {
        return Sighting(qemus().look(e.instance));
    }
    Result<Sighting> operator()(const control::Launch& e) {
        return seen(qemus().launch(e.instance));
    }
    Result<Sighting> operator()(const control::PowerDown& e) {
        return seen(qemus().power_down(e.instance));
    }
    Result<Sighting> operator()(const control::Kill& e) { return seen(qemus().kill(e.instance)); }
    Result<Sighting> operator()(const control::Pause& e) { return seen(qemus().pause(e.instance)); }
    Result<Sighting> operator()(const control::Resume& e) {
        return seen(qemus().resume(e.instance));
    }
    Result<Sighting> operator()(const control::Reset& e) {
        return seen(qemus().reset(e.instance, e.resets));
    }
    Result<Sighting> operator()(const control::AttachVolume& e) {
        return seen(qemus().attach(e.instance.id, e.disk));
    }
    Result<Sighting> operator()(const control::DetachVolume& e) {
        return seen(qemus().detach(e.instance.id, e.disk));
    }
    Result<Sighting> operator()(const control::CleanInstance& e) {
        return seen(qemus().clean(e.instance));
    }
    Result<Sighting> operator()(const control::ReceiveInstance& e) {
        return seen(qemus().receive(e.instance, e.from));
    }
    Result<Sighting> operator()(const control::SendInstance& e) {
        if (!host.options_.streams_to)
            return Error{Error::Code::unsupported,
                         "no guest is sent to " + e.receiver + ": this host has no way to others"};
        return seen(qemus().send(e.instance, e.order, host.options_.streams_to(e)));
    }
    Result<Sighting> operator()(const control::CancelSend& e) {
        return seen(qemus().cancel_send(e.instance, e.generation));
    }
};

Result<Sighting> HostDriver::run(const control::Effect& effect) {
    return std::visit(Deeds{*this}, effect);
}

void HostDriver::on_notice(std::function<void(Notice)> heard) {
    qemus_->on_notice(std::move(heard));
}

Result<std::vector<model::InstanceId>> HostDriver::instances() {
    return qemus_->instances();
}

Result<HostFacts> HostDriver::facts() {
    HostFacts facts = TRY(machine_facts(options_.paths.data));
    facts.name = options_.host_name;
    facts.accelerator = accelerator_.accelerator == qemu::Accelerator::kvm ? "kvm" : "tcg";
    facts.qemu_version = TRY(qemu::qemu_version());
    if (accelerator_.accelerator == qemu::Accelerator::tcg)
        facts.warnings.push_back("guests run by emulation, some ten times slower than with KVM: " +
                                 accelerator_.reason);
    return facts;
}

}  // namespace vdc::drivers
