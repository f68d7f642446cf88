#pragma once

#include <tuple>
#include <type_traits>

#include "model/application.h"
#include "model/balance.h"
#include "model/compute.h"
#include "model/host.h"
#include "model/network.h"
#include "model/operation.h"
#include "model/project.h"
#include "model/storage.h"

/// The nouns of the datacenter. Each is declared, claimed, observed; each field is described once.
namespace vdc::model {

/// All of them, in the order of Noun.
template <class Visit>
constexpr void for_each_noun(Visit&& visit) {
    const auto all = [&]<class... R>(std::type_identity<std::tuple<R...>>) {
        (visit(std::type_identity<R>{}), ...);
    };
    all(std::type_identity<
        std::tuple<Project, Host, Flavor, KeyPair, Image, Network, Volume, VolumeSnapshot, Port,
                   Instance, Application, Balance, Operation>>{});
}

}  // namespace vdc::model
