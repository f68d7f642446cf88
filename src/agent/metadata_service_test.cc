#include "agent/metadata_service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "wire/http_client.h"

namespace vdc::agent {

using base::Result;

namespace {

constexpr base::Ipv4 loopback{0x7f000001};

/// A listening socket of the loopback in the place of one in a network's namespace.
int listening_socket(std::uint16_t& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket, 16), 0);
    EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    return socket;
}

/// Networks 1 and 2 have an instance at 127.0.0.1 each; network 3 has none.
std::shared_ptr<const control::Duties> duties() {
    auto duties = std::make_shared<control::Duties>();
    for (const std::uint64_t number : {1u, 2u}) {
        control::NetworkDuty& network = duties->networks[{{6, number}}];
        network.network.number = static_cast<int>(number);
        network.network.ports = {{{{10, number}}, {}, loopback, "web", true}};
        control::InstanceDuty& instance = duties->instances[{{7, number}}];
        instance.instance.id = {{7, number}};
        instance.instance.cards = {{{{10, number}}, {{6, number}}, 1, {}, 1500}};
        instance.metadata.hostname = "web-" + std::to_string(number);
    }
    return duties;
}

class Metadata : public ::testing::Test {
  protected:
    Metadata() {
        auto started = MetadataService::start([this](int number) -> Result<int> {
            ++opened;
            return listening_socket(ports[number]);
        });
        EXPECT_TRUE(started.ok());
        service = std::move(*started);
        for (const int number : {1, 2, 3}) service->network_up(number);
    }

    /// "STATUS BODY" of a request through this network.
    std::string ask(int network, const std::string& path, wire::Method method = wire::Method::get) {
        const auto endpoint =
            wire::parse_endpoint("http://127.0.0.1:" + std::to_string(ports[network]));
        const auto client = wire::Client::connect(endpoint.value());
        if (!client.ok()) return "no connection";
        wire::Request request;
        request.method = method;
        request.path = path;
        const auto response = (*client)->request(request);
        if (!response.ok()) return "no answer";
        return std::to_string(response->status) + " " + response->body;
    }

    std::map<int, std::uint16_t> ports;
    int opened = 0;
    std::unique_ptr<MetadataService> service;
};

}  // namespace

TEST_F(Metadata, IsOfWhomTheNetworkAndTheAddressSay) {
    EXPECT_EQ(ask(1, "/latest/meta-data/hostname"), "404 unknown instance\n") << "no duties yet";
    service->set_duties(duties());
    EXPECT_EQ(ask(1, "/latest/meta-data/hostname"), "200 web-1");
    EXPECT_EQ(ask(2, "/latest/meta-data/hostname"), "200 web-2");
    EXPECT_EQ(ask(3, "/latest/meta-data/hostname"), "404 unknown instance\n");
}

TEST_F(Metadata, GivesATokenAndTakesNoOtherMethod) {
    service->set_duties(duties());
    EXPECT_EQ(ask(1, "/latest/api/token", wire::Method::put).substr(0, 8), "200 vdc-");
    EXPECT_EQ(ask(1, "/latest/meta-data/hostname", wire::Method::delete_).substr(0, 3), "405");
    EXPECT_EQ(ask(1, "/nothing").substr(0, 3), "404");
}

TEST_F(Metadata, ListensOnceInEachNetworkAndNotWhenItGoes) {
    EXPECT_EQ(opened, 3);
    service->network_up(1);
    EXPECT_EQ(opened, 3);
    service->network_going(1);
    EXPECT_EQ(ask(1, "/"), "no connection");
    service->network_up(1);
    EXPECT_EQ(opened, 4);
    EXPECT_EQ(ask(1, "/"), "404 unknown instance\n");
}

}  // namespace vdc::agent
