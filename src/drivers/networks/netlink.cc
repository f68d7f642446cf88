#include "drivers/networks/netlink.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "runtime/fd.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

// ---- messages ----------------------------------------------------------------------------------

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
    append({reinterpret_cast<const char*>(&header), sizeof header});
}

void NetlinkMessage::append(std::string_view bytes) {
    bytes_ += bytes;
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

/// Length and type stand before what they are of.
static std::string attribute_head(std::size_t size, std::uint16_t type) {
    base::check(size + NLA_HDRLEN <= 0xffff, "a netlink attribute has at most 64 KiB");
    const nlattr head{static_cast<std::uint16_t>(size + NLA_HDRLEN), type};
    return {reinterpret_cast<const char*>(&head), sizeof head};
}

NetlinkMessage& NetlinkMessage::add(std::uint16_t attribute, std::string_view bytes) {
    append(attribute_head(bytes.size(), attribute));
    append(bytes);
    return *this;
}

NetlinkMessage& NetlinkMessage::add_text(std::uint16_t attribute, const std::string& text) {
    return add(attribute, std::string_view(text.c_str(), text.size() + 1));
}

NetlinkMessage& NetlinkMessage::begin(std::uint16_t attribute) {
    open_.push_back(bytes_.size());
    append(attribute_head(0, attribute | NLA_F_NESTED));
    return *this;
}

NetlinkMessage& NetlinkMessage::end() {
    base::check(!open_.empty(), "only what was begun can end");
    const std::size_t at = open_.back();
    open_.pop_back();
    std::uint16_t type = 0;
    std::memcpy(&type, bytes_.data() + at + offsetof(nlattr, nla_type), sizeof type);
    bytes_.replace(at, NLA_HDRLEN, attribute_head(bytes_.size() - at - NLA_HDRLEN, type));
    return *this;
}

std::string NetlinkMessage::bytes(std::uint32_t sequence) const {
    base::check(open_.empty(), "a netlink message whose attributes have all ended");
    nlmsghdr header{};
    std::memcpy(&header, bytes_.data(), sizeof header);
    header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header.nlmsg_seq = sequence;
    std::string ready = bytes_;
    ready.replace(0, sizeof header, reinterpret_cast<const char*>(&header), sizeof header);
    return ready;
}

// ---- answers -----------------------------------------------------------------------------------

static Result<Fd> connected(int family) {
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family));
    if (!socket) return system_error(errno, "cannot speak to the kernel's networking");
    const int yes = 1;
    // Answers come without a copy of what was asked, and with words where the kernel has some.
    ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
    ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
    // The kernel answers before send() returns; this is for a kernel that does not.
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
}

/// The kernel's words in an answer, "" when it has none. `bytes` begin after its nlmsgerr.
static std::string words_in(std::string_view bytes) {
    while (bytes.size() >= sizeof(nlattr)) {
        nlattr head{};
        std::memcpy(&head, bytes.data(), sizeof head);
        if (head.nla_len < sizeof head || head.nla_len > bytes.size()) break;
        const std::string_view inside = bytes.substr(NLA_HDRLEN, head.nla_len - sizeof head);
        if ((head.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
            return base::quoted(std::string(inside.substr(0, inside.find('\0'))));
        bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(head.nla_len), bytes.size()));
    }
    return "";
}

/// What one answer says; `message` begins with its header and is whole.
static Status verdict(std::string_view message, const std::string& deed) {
    nlmsgerr answer{};
    if (message.size() < NLMSG_HDRLEN + sizeof answer)
        return Error{Error::Code::corrupt, deed + ": the kernel's answer is too short"};
    std::memcpy(&answer, message.data() + NLMSG_HDRLEN, sizeof answer);
    if (answer.error == 0) return {};
    Error error = system_error(-answer.error, deed);
    const std::string words = words_in(message.substr(NLMSG_HDRLEN + sizeof answer));
    if (!words.empty()) error.message += " (" + words + ")";
    return error;
}

/// Takes answers until `missing` have said yes or one says no.
static Status take_answers(const Fd& socket, std::size_t missing, const std::string& deed) {
    alignas(nlmsghdr) char buffer[32 << 10];
    while (missing > 0) {
        const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(errno, deed);
        std::string_view rest(buffer, static_cast<std::size_t>(got));
        while (rest.size() >= sizeof(nlmsghdr)) {
            nlmsghdr header{};
            std::memcpy(&header, rest.data(), sizeof header);
            if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
            if (header.nlmsg_type == NLMSG_ERROR) {
                TRY(verdict(rest.substr(0, header.nlmsg_len), deed));
                --missing;
            }
            rest.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
        }
    }
    return {};
}

static Status send_all(const Fd& socket, const std::string& bytes, const std::string& deed) {
    // A datagram goes as a whole, so there must be room for it: more than the usual 200 KB.
    const int room = static_cast<int>(std::min<std::size_t>(bytes.size() * 2, 1 << 30));
    if (bytes.size() > (64 << 10))
        ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    ssize_t sent = 0;
    do sent = ::send(socket.get(), bytes.data(), bytes.size(), 0);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? Status(system_error(errno, deed)) : Status();
}

Status ask_routing(const std::vector<NetlinkMessage>& requests, const std::string& deed) {
    const Fd socket = TRY(connected(NETLINK_ROUTE));
    std::uint32_t sequence = 0;
    for (const NetlinkMessage& request : requests) {
        TRY(send_all(socket, request.bytes(++sequence), deed));
        TRY(take_answers(socket, 1, deed));
    }
    return {};
}

/// The brackets around a transaction are not answered unless it fails as a whole.
static std::string bracket(std::uint16_t type, std::uint32_t sequence) {
    struct {
        nlmsghdr header{};
        nfgenmsg family{};
    } message;
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = type;
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.header.nlmsg_seq = sequence;
    message.family.version = NFNETLINK_V0;
    message.family.res_id = __builtin_bswap16(NFNL_SUBSYS_NFTABLES);
    return {reinterpret_cast<const char*>(&message), sizeof message};
}

Status ask_filter(const std::vector<NetlinkMessage>& requests, const std::string& deed) {
    const Fd socket = TRY(connected(NETLINK_NETFILTER));
    std::uint32_t sequence = 0;
    std::string all = bracket(NFNL_MSG_BATCH_BEGIN, sequence);
    for (const NetlinkMessage& request : requests) all += request.bytes(++sequence);
    all += bracket(NFNL_MSG_BATCH_END, ++sequence);
    TRY(send_all(socket, all, deed));
    return take_answers(socket, requests.size(), deed);
}

}  // namespace vdc::drivers::networks
