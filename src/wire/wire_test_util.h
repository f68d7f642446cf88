#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/fd.h"
#include "wire/http_server.h"

/// What the tests of servers and clients share.
namespace vdc::wire::test {

/// A folder that goes away with everything in it.
class Folder {
  public:
    Folder();
    Folder(const Folder&) = delete;
    ~Folder();
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// A handler made of functions.
struct Lambdas final : Handler {
    std::function<void(Request, Responder)> request;
    std::function<base::Result<std::unique_ptr<BodySink>>(const Request&)> body;

    void on_request(Request r, Responder responder) override {
        request(std::move(r), std::move(responder));
    }
    base::Result<std::unique_ptr<BodySink>> on_body_begin(const Request& head) override {
        if (!body) return nullptr;
        return body(head);
    }
};

/// A server at a unix socket. Unless told otherwise it answers "METHOD path[ body]".
struct Site {
    explicit Site(HttpLimits limits = {},
                  std::function<void(Request, Responder)> on_request = echo);
    static void echo(Request request, Responder responder);

    Folder folder;
    std::string path;
    Lambdas handler;
    std::unique_ptr<HttpServer> server;
};

/// A client that says just what it is told. Every wait ends after 20 s and fails the test.
class Raw {
  public:
    explicit Raw(const std::string& path);
    explicit Raw(std::uint16_t loopback_port);

    /// False when the peer went away.
    bool send(std::string_view bytes);
    /// All that comes until the peer says the end.
    std::string read_all();
    /// What comes until `mark` has come; the rest stays for the next call.
    std::string read_until(std::string_view mark);
    /// One response with a Content-Length, or a head that has none.
    std::string read_response();
    /// Whether the peer closes or resets, after whatever it still sends.
    bool sees_end();
    void end_sending();
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

  private:
    bool more();

    runtime::Fd fd_;
    std::string rest_;
};

base::Instant now();

/// A certificate that signed itself, for these DNS names and addresses, from a day before `at` for
/// ten years: what people bring along.
Identity self_signed(const std::vector<std::string>& names, base::Instant at = now());

/// A frame of a WebSocket (RFC 6455 section 5.2) as a server sends it, or masked by a client.
enum class Opcode { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
enum class Final { no, yes };
std::string frame(Opcode opcode, std::string_view payload, Final final = Final::yes);
std::string masked_frame(Opcode opcode, std::string_view payload, Final final = Final::yes);
/// The payload of a goodbye.
std::string goodbye(std::uint16_t code, std::string_view reason = {});

/// Waits until the claim holds; false after 20 s. For what other threads bring about.
bool eventually(const std::function<bool()>& claim);

}  // namespace vdc::wire::test
