#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "wire/http_client.h"

/// One command's talk with the API.
namespace vdc::cli {

enum class Format { table, json, yaml, csv, value };

/// What every command understands.
struct Common {
    std::string endpoint;  ///< empty: the unix socket
    std::string socket = "/run/vdc/api.sock";
    std::string token_file;
    std::string fingerprint;
    std::string ca_file;
    std::string project;
    std::string format = "table";
    std::vector<std::string> columns;
    std::string sort;
    bool no_header = false;
    bool quiet = false;
    bool async = false;
    std::string timeout = "5m";
    std::string at;  ///< the moment that reads are of; empty: now
};

/// The API said no, or there was no API: the sentence, and the exit code that it means.
struct Failure {
    std::string sentence;
    int exit_code = 1;
};

class Session {
  public:
    explicit Session(Common common) : common_(std::move(common)) {}

    const Common& common() const { return common_; }

    /// A moment of the past: its revision, and when it was.
    struct Moment {
        std::string revision;
        base::Instant at;
        base::Json shown;  ///< all that the API says of it
    };
    /// The moment that reads are of (`vdc at`), asked for once and told on stderr; none: now.
    base::Result<std::optional<Moment>> moment();

    /// An answer with a 2xx status as JSON; anything else as the error it is.
    base::Result<base::Json> get(const std::string& path, wire::Query query = {});
    base::Result<base::Json> send(wire::Method method, const std::string& path,
                                  const base::Json& body);

    /// Whatever comes back, as it is: for `vdc api`.
    base::Result<wire::Response> raw(wire::Method method, const std::string& path,
                                     const std::string& body);

    /// All pages of a list.
    base::Result<base::Json> list(const std::string& path, wire::Query query = {});

    base::Result<base::Json> upload(const std::string& path, const std::string& file);
    /// As wire::Client::stream.
    base::Status stream(const std::string& path, wire::Query query,
                        const std::function<bool(std::string_view)>& on_chunk,
                        std::chrono::milliseconds silence_max = std::chrono::seconds(60));
    base::Result<std::unique_ptr<wire::ClientWebSocket>> websocket(const std::string& path);

    /// Waits until the operation in `answer` is over, showing what it waits for. Nothing to wait
    /// for with --async or when there is no operation. timed_out, or failed with its message.
    base::Status wait(const base::Json& answer);
    base::Status wait_for_operation(const std::string& id);

  private:
    base::Result<wire::Client*> client();
    wire::Request bare_request(wire::Method method, const std::string& path,
                               wire::Query query) const;
    wire::Request request(wire::Method method, const std::string& path,
                          wire::Query query = {}) const;

    Common common_;
    std::optional<Moment> moment_;
    std::unique_ptr<wire::Client> client_;
    base::Secret token_;
};

/// 3 for not_found, 4 for timed_out, 2 for invalid, else 1.
int exit_code(const base::Error& error);

/// "error: ..." on stderr; returns exit_code().
int say(const base::Error& error);

/// A line for the person on stderr, unless they wish for quiet.
void note(const Session& session, const std::string& line);

/// Writes to stdout, as it is.
void put(std::string_view text);

/// Runs a command that may fail at any step and turns the outcome into an exit code.
template <class Do>
int attempt(Do&& deed) {
    const base::Status status = deed();
    return status.ok() ? 0 : say(status.error());
}

}  // namespace vdc::cli
