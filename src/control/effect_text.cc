#include "control/effects.h"

namespace vdc::control {

namespace {

struct Teller {
    static std::string of(const char* what, const auto& id) {
        return std::string(what) + " " + text(id);
    }

    std::string operator()(const ImportImage& e) { return of("import image", e.image.id); }
    std::string operator()(const FetchImage& e) {
        return of("fetch image", e.image.id) + " from " + e.source.host_name;
    }
    std::string operator()(const RemoveImage& e) { return of("remove image", e.image); }
    std::string operator()(const PrepareVolume& e) { return of("prepare volume", e.volume.id); }
    std::string operator()(const GrowVolume& e) { return of("grow volume", e.volume.id); }
    std::string operator()(const TakeSnapshot& e) { return of("take snapshot", e.snapshot); }
    std::string operator()(const DropSnapshot& e) { return of("drop snapshot", e.snapshot); }
    std::string operator()(const RevertVolume& e) { return of("revert volume", e.volume.id); }
    std::string operator()(const RemoveVolume& e) { return of("remove volume", e.volume); }
    std::string operator()(const ApplyNetwork& e) {
        return "apply network " + std::to_string(e.network.number);
    }
    std::string operator()(const RemoveNetwork& e) {
        return "remove network " + std::to_string(e.number);
    }
    std::string operator()(const ApplyFront& e) { return "apply front of " + e.front.name; }
    std::string operator()(const LookFront& e) { return "look at front of " + e.front.name; }
    std::string operator()(const RemoveFront& e) { return of("remove front of", e.application); }
    std::string operator()(const LookInstance& e) { return of("look at instance", e.instance); }
    std::string operator()(const Launch& e) { return "launch " + e.instance.name; }
    std::string operator()(const PowerDown& e) { return of("power down instance", e.instance); }
    std::string operator()(const Kill& e) { return of("kill instance", e.instance); }
    std::string operator()(const Pause& e) { return of("pause instance", e.instance); }
    std::string operator()(const Resume& e) { return of("resume instance", e.instance); }
    std::string operator()(const Reset& e) { return of("reset instance", e.instance); }
    std::string operator()(const AttachVolume& e) {
        return of("attach volume", e.disk.volume) + " to " + e.instance.name;
    }
    std::string operator()(const DetachVolume& e) {
        return of("detach volume", e.disk.volume) + " from " + e.instance.name;
    }
    std::string operator()(const CleanInstance& e) { return of("clean instance", e.instance); }
    std::string operator()(const ReceiveInstance& e) {
        return "receive " + e.instance.name + " from " + e.from;
    }
    std::string operator()(const SendInstance& e) {
        return of("send instance", e.instance) + " to " + e.receiver;
    }
    std::string operator()(const CancelSend& e) {
        return of("cancel the sending of instance", e.instance);
    }
};

}  // namespace

std::string text(const Effect& effect) {
    return std::visit(Teller{}, effect);
}

}  // namespace vdc::control

template class vdc::base::OneOf<vdc::control::AnyEffect>;
template class vdc::base::OneOf<vdc::control::AnySighting>;
