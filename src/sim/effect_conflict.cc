#include "sim/effect_conflict.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace vdc::sim {

using namespace control;

namespace {

/// The id of what the effect is about.
struct ThingOf {
    base::Uuid operator()(const auto& effect) const {
        using E = std::remove_cvref_t<decltype(effect)>;
        if constexpr (requires { effect.volume.open_in; } && !std::is_same_v<E, AttachVolume>)
            return effect.volume.id.value;
        else if constexpr (requires { effect.instance.generation; })
            return effect.instance.id.value;
        else if constexpr (requires { effect.image.sha256; })
            return effect.image.id.value;
        else if constexpr (requires { effect.network.range; })
            return effect.network.id.value;
        else if constexpr (requires { effect.front.backends; })
            return effect.front.id.value;
        else if constexpr (requires { effect.application; })
            return effect.application.value;
        else if constexpr (requires { effect.volume; })
            return effect.volume.value;
        else if constexpr (requires { effect.network; })
            return effect.network.value;
        else if constexpr (requires { effect.image; })
            return effect.image.value;
        else
            return effect.instance.value;
    }
};

/// The closed volume whose files the effect changes.
struct ChangedVolume {
    std::optional<model::VolumeId> operator()(const RemoveVolume& effect) const {
        return effect.volume;
    }
    std::optional<model::VolumeId> operator()(const AttachVolume&) const { return {}; }
    std::optional<model::VolumeId> operator()(const auto& effect) const {
        if constexpr (requires { effect.volume.open_in; })
            if (!effect.volume.open_in) return effect.volume.id;
        return {};
    }
};

std::vector<model::VolumeId> opened(const Effect& effect) {
    std::vector<model::VolumeId> volumes;
    if (const auto* launch = std::get_if<Launch>(&effect))
        for (const DiskSpec& disk : launch->instance.disks) volumes.push_back(disk.volume);
    if (const auto* receive = std::get_if<ReceiveInstance>(&effect))
        for (const DiskSpec& disk : receive->instance.disks) volumes.push_back(disk.volume);
    if (const auto* attach = std::get_if<AttachVolume>(&effect))
        volumes.push_back(attach->disk.volume);
    return volumes;
}

bool changes_what_opens(const Effect& changing, const Effect& opening) {
    const std::optional<model::VolumeId> changed = std::visit(ChangedVolume{}, changing);
    const std::vector<model::VolumeId> volumes = opened(opening);
    return changed && std::find(volumes.begin(), volumes.end(), *changed) != volumes.end();
}

/// Whether a port of what is launched has no rules any more when the other effect is done.
bool takes_rules_away(const Effect& changing, const Effect& launching) {
    const auto* launch = std::get_if<Launch>(&launching);
    const auto* receive = std::get_if<ReceiveInstance>(&launching);
    const auto* apply = std::get_if<ApplyNetwork>(&changing);
    const auto* remove = std::get_if<RemoveNetwork>(&changing);
    if ((launch == nullptr && receive == nullptr) || (apply == nullptr && remove == nullptr))
        return false;
    const auto loses = [&](const CardSpec& card) {
        if (remove != nullptr) return card.network == remove->network;
        const auto& ports = apply->network.ports;
        return card.network == apply->network.id &&
               std::none_of(ports.begin(), ports.end(),
                            [&](const PortSpec& port) { return port.id == card.port; });
    };
    const auto& cards = (launch != nullptr ? launch->instance : receive->instance).cards;
    return std::any_of(cards.begin(), cards.end(), loses);
}

}  // namespace

bool takes(const Effect& effect, model::VolumeId volume) {
    const std::vector<model::VolumeId> volumes = opened(effect);
    if (std::find(volumes.begin(), volumes.end(), volume) != volumes.end()) return true;
    return std::visit(
        [&](const auto& each) {
            using E = std::remove_cvref_t<decltype(each)>;
            if constexpr (std::is_same_v<E, RemoveVolume>)
                return each.volume == volume;
            else if constexpr (requires { each.volume.open_in; })
                return each.volume.id == volume;
            else
                return false;
        },
        effect);
}

std::string conflict(const Effect& begins, const Effect& under_way) {
    if (std::visit(ThingOf{}, begins) == std::visit(ThingOf{}, under_way))
        return "two effects were under way about one thing";
    if (changes_what_opens(begins, under_way) || changes_what_opens(under_way, begins))
        return "a volume was changed while an instance was opening it";
    if (takes_rules_away(begins, under_way) || takes_rules_away(under_way, begins))
        return "an instance was launched while the rules of its port were taken away";
    return {};
}

}  // namespace vdc::sim
