#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/duties_update.h"
#include "model/change.h"

/// What a host and a controller on another machine say to each other, on one stream in both
/// directions. Each message is one JSON object with a member `say`. Pure.
///
///     host         hello, then reports and renewals as they come; why a console is not opened
///     controller   duties: whole after each hello, then what changed; an answer to each report and
///                  renewal, in any order; where all controllers are, if there may be several; that
///                  somebody wants a console, for which the host then dials (docs/consoles.md)
///
/// Messages of one direction arrive in their order or not at all; a stream that breaks takes with
/// it what was not answered. Who the host is follows from its certificate, never from a message.
namespace vdc::control {

inline constexpr std::int64_t host_format = 1;
inline constexpr std::size_t host_message_bytes_max = std::size_t{64} << 20;

/// The first message of a stream: what the host is now.
struct Hello {
    std::int64_t format = host_format;
    model::HostObserved observed;
    model::Epoch fenced_itself = 0;  ///< the epoch whose guarded runs it ended; 0: none
    friend bool operator==(const Hello&, const Hello&) = default;
};

/// Something that the host saw, to be committed.
struct Report {
    std::uint64_t number = 0;  ///< counts up from 1 on each stream
    model::Step step;
};

/// The host lives, under that epoch.
struct Renewal {
    std::uint64_t number = 0;
    model::Epoch epoch = 0;
    friend bool operator==(const Renewal&, const Renewal&) = default;
};

/// What somebody wants of an instance's serial console.
struct ConsoleWish {
    /// Of what it said, the last so many bytes; and whether what it says from then on, too.
    struct Log {
        std::uint64_t bytes_max = 0;
        bool follows = false;
        friend bool operator==(const Log&, const Log&) = default;
    };
    model::InstanceId instance;
    std::optional<Log> log = {};  ///< none: the console itself, both ways
    friend bool operator==(const ConsoleWish&, const ConsoleWish&) = default;
};

/// A console cannot be opened, and why.
struct ConsoleRefused {
    std::string session;
    base::Error error;
};

using FromHost = std::variant<Hello, Report, Renewal, ConsoleRefused>;

struct Reported {
    std::uint64_t number = 0;
    base::Status outcome;
};

struct Renewed {
    std::uint64_t number = 0;
    bool is_over = false;  ///< the epoch is: the renewal did not count
    friend bool operator==(const Renewed&, const Renewed&) = default;
};

/// Where the datacenter's controllers listen, "10.0.0.1:7443"; who told it is one of them.
struct Controllers {
    static constexpr std::size_t most = 100;
    std::vector<std::string> addresses;
    friend bool operator==(const Controllers&, const Controllers&) = default;
};

/// Somebody wants a console: the host opens it and dials, naming the session, once and soon.
struct OpenConsole {
    std::string session;  ///< a secret: who knows it is the one who was asked
    ConsoleWish wish;
    friend bool operator==(const OpenConsole&, const OpenConsole&) = default;
};

using ToHost = std::variant<DutiesUpdate, Reported, Renewed, Controllers, OpenConsole>;

std::string text(const FromHost& message);
std::string text(const ToHost& message);

/// Errors: invalid, what is wrong with it and where; unsupported, of another format.
base::Result<FromHost> parse_from_host(std::string_view text);
base::Result<ToHost> parse_to_host(std::string_view text);

}  // namespace vdc::control
