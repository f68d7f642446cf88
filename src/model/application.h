#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// Applications: replicas of one template behind one address.
namespace vdc::model {

enum class Protocol { tcp, http };
constexpr auto words(Protocol) {
    return Words<Protocol, 2>{{{Protocol::tcp, "tcp"}, {Protocol::http, "http"}}};
}

struct Template {
    std::string flavor;
    ImageId image;
    NetworkId network;
    std::optional<KeyPairId> key;
    std::string user_data;
    MiB disk{};

    friend bool operator==(const Template&, const Template&) = default;
    template <class D = Template>
    static constexpr auto fields() {
        return std::tuple{
            field("flavor", &D::flavor, "name of a flavor", {1, 63}),
            field("image", &D::image, "an image, by name or id"),
            field("network", &D::network, "a network, by name or id"),
            field("key", &D::key, "a key pair, by name or id"),
            field("user_data", &D::user_data, "for cloud-init", {0, 65'536}),
            field("disk", &D::disk, "size of the root volume; 0MiB: the flavor's", {0, 64 << 20})};
    }
};

struct Front {
    std::int64_t port = 80;
    std::int64_t target_port = 80;
    Protocol protocol = Protocol::http;
    std::string check_path;

    friend bool operator==(const Front&, const Front&) = default;
    template <class D = Front>
    static constexpr auto fields() {
        return std::tuple{
            field("port", &D::port, "where the application answers", {1, 65'535}),
            field("target_port", &D::target_port, "where its replicas answer", {1, 65'535}),
            field("protocol", &D::protocol, "tcp or http"),
            field("check_path", &D::check_path,
                  "http: a replica is ready when this path answers 2xx or 3xx; empty: when it "
                  "connects",
                  {0, 200})};
    }
};

struct ApplicationDeclared {
    std::int64_t replicas = 1;
    Template instance;
    std::optional<Front> front;
    std::string survives{};
    std::int64_t priority = priority_usual;

    friend bool operator==(const ApplicationDeclared&, const ApplicationDeclared&) = default;
    template <class D = ApplicationDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("replicas", &D::replicas, "instances that shall run", {0, 1000}),
            field("template", &D::instance, "what each replica is made of"),
            field("front", &D::front, "one address before all replicas"),
            field("survives", &D::survives,
                  "the loss after which its replicas are sure to start elsewhere: host, a label of "
                  "hosts such as rack, or nothing; empty: as its project says",
                  {0, 63}),
            field("priority", &D::priority, "of its replicas", {0, priority_most})};
    }
};

struct ApplicationClaimed {
    Ipv4 address;
    Places places;
    Generation generation = 0;

    friend bool operator==(const ApplicationClaimed&, const ApplicationClaimed&) = default;
    template <class D = ApplicationClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("address", &D::address, "of its front; 0.0.0.0: none"),
            field("places", &D::places, "the host that carries its front, and those that did"),
            field("generation", &D::generation, "the highest of a place so far")};
    }
};

/// What one host saw of an application's front.
struct FrontSeen {
    HostId host;
    Generation generation = 0;
    Presence presence = Presence::unknown;
    std::vector<InstanceId> ready;

    bool gone() const { return presence == Presence::absent; }
    friend bool operator==(const FrontSeen&, const FrontSeen&) = default;
    template <class D = FrontSeen>
    static constexpr auto fields() {
        return std::tuple{field("host", &D::host, "that saw it"),
                          field("generation", &D::generation, "of its place"),
                          field("presence", &D::presence, "whether it stands there"),
                          field("ready", &D::ready, "replicas that it finds ready")};
    }
};

/// The first two fields follow from the list (apply.h).
struct ApplicationObserved {
    using OnHost = FrontSeen;

    Presence front = Presence::unknown;
    std::vector<InstanceId> ready;
    std::string message;
    std::vector<FrontSeen> hosts;

    friend bool operator==(const ApplicationObserved&, const ApplicationObserved&) = default;
    template <class D = ApplicationObserved>
    static constexpr auto fields() {
        return std::tuple{field("front", &D::front, "whether its front stands"),
                          field("ready", &D::ready, "replicas that the front finds ready"),
                          field("message", &D::message, "what stands in the way"),
                          field("hosts", &D::hosts, "what each host saw of its front")};
    }
};

struct ApplicationKind {
    using Id = ApplicationId;
    using Declared = ApplicationDeclared;
    using Claimed = ApplicationClaimed;
    using Observed = ApplicationObserved;
    static constexpr Noun noun = Noun::application;
};
using Application = Record<ApplicationKind>;

}  // namespace vdc::model
