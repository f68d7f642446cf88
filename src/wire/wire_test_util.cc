#include "wire/wire_test_util.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <thread>

#include "runtime/files.h"
#include "wire/authority.h"
#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire::test {

static constexpr int wait_ms = 20'000;

Folder::Folder() {
    std::string name = testing::TempDir() + "vdc-wire-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no folder for the test";
    path_ = name;
}

Folder::~Folder() {
    EXPECT_TRUE(runtime::remove_tree(path_).ok());
}

void Site::echo(Request request, Responder responder) {
    std::string text = std::string(word(request.method)) + " " + request.path;
    if (!request.body.empty()) text += " " + request.body;
    responder.send(answer(200, "text/plain", std::move(text)));
}

Site::Site(HttpLimits limits, std::function<void(Request, Responder)> on_request)
    : path(folder / "s") {
    handler.request = std::move(on_request);
    auto started = HttpServer::start(handler, limits);
    EXPECT_TRUE(started.ok());
    server = std::move(started).value();
    const auto listening = server->listen_unix(path);
    EXPECT_TRUE(listening.ok()) << listening.error().message;
}

base::Instant now() {
    return base::Instant(std::chrono::duration_cast<base::Duration>(
        std::chrono::system_clock::now().time_since_epoch()));
}

Identity self_signed(const std::vector<std::string>& names, base::Instant at) {
    const openssl::Key key = openssl::read_key(make_key().value());
    std::string all;
    for (const std::string& name : names)
        all += (all.empty() ? "" : ",") + std::string(is_ip_address(name) ? "IP:" : "DNS:") + name;
    const openssl::Draft draft{names.front(),
                               at - 24h,
                               at + 24h * 3652,
                               {{NID_basic_constraints, "critical,CA:FALSE"},
                                {NID_key_usage, "critical,digitalSignature"},
                                {NID_ext_key_usage, "serverAuth"},
                                {NID_subject_alt_name, all}}};
    const auto certificate = openssl::certify(draft, *key, nullptr, *key);
    EXPECT_NE(certificate, nullptr) << openssl::trouble();
    return {openssl::pem_of(*certificate), openssl::pem_of(*key)};
}

static runtime::Fd connected(base::Result<runtime::Fd> fd) {
    EXPECT_TRUE(fd.ok()) << (fd.ok() ? "" : fd.error().message);
    return std::move(fd).value();
}

Raw::Raw(const std::string& path)
    : fd_(connected(connect_to_path(path, std::chrono::seconds(20)))) {}
Raw::Raw(std::uint16_t loopback_port)
    : fd_(connected(connect_to_port("127.0.0.1", loopback_port, std::chrono::seconds(20)))) {}

bool Raw::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd waiting{fd_.get(), POLLOUT, 0};
        if (::poll(&waiting, 1, wait_ms) != 1) {
            ADD_FAILURE() << "the peer takes no bytes";
            return false;
        }
        const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) continue;
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Raw::more() {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, wait_ms) != 1) {
        ADD_FAILURE() << "nothing comes; so far: " << rest_.substr(0, 500);
        return false;
    }
    char bytes[16384];
    const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (got > 0) rest_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
}

std::string Raw::read_all() {
    while (more()) continue;
    return std::exchange(rest_, {});
}

std::string Raw::read_until(std::string_view mark) {
    while (rest_.find(mark) == std::string::npos)
        if (!more()) return std::exchange(rest_, {});
    const std::size_t end = rest_.find(mark) + mark.size();
    std::string text = rest_.substr(0, end);
    rest_.erase(0, end);
    return text;
}

std::string Raw::read_response() {
    std::string text = read_until("\r\n\r\n");
    const std::size_t length = text.find("Content-Length: ");
    if (length == std::string::npos) return text;
    const std::size_t size = std::stoul(text.substr(length + 16));
    while (rest_.size() < size && more()) continue;
    text += rest_.substr(0, size);
    rest_.erase(0, size);
    return text;
}

bool Raw::sees_end() {
    while (more()) continue;
    return !testing::Test::HasFailure();
}

void Raw::end_sending() {
    ::shutdown(fd_.get(), SHUT_WR);
}

static void append_number(std::string& out, std::uint64_t number, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(number >> shift);
}

static std::string frame_head(Opcode opcode, std::size_t size, Final final, int mask_bit) {
    std::string out;
    append_number(out, (final == Final::yes ? 0x80U : 0U) | static_cast<unsigned>(opcode), 1);
    const int wide = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    const std::size_t length = wide == 0 ? size : wide == 2 ? 126 : 127;
    append_number(out, static_cast<std::size_t>(mask_bit) | length, 1);
    append_number(out, size, wide);
    return out;
}

std::string frame(Opcode opcode, std::string_view payload, Final final) {
    return frame_head(opcode, payload.size(), final, 0) + std::string(payload);
}

std::string masked_frame(Opcode opcode, std::string_view payload, Final final) {
    const std::string mask = "\xA1\xB2\xC3\xD4";
    std::string out = frame_head(opcode, payload.size(), final, 0x80) + mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ mask[i % 4]);
    return out;
}

std::string goodbye(std::uint16_t code, std::string_view reason) {
    std::string out;
    append_number(out, code, 2);
    return out + std::string(reason);
}

bool eventually(const std::function<bool()>& claim) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
    while (!claim()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

}  // namespace vdc::wire::test
