#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/party.h"

/// Bytes between processes. The plain values of HTTP (RFC 9110); no sockets here.
namespace vdc::wire {

enum class Method { get, head, post, put, patch, delete_, options };

std::string_view word(Method method);                 ///< "GET"
std::optional<Method> method(std::string_view word);  ///< case matters, as the RFC says

/// "Not Found" of 404; "Status" of a number without a name.
std::string_view status_word(int status);

/// Letters of ASCII compare equal in either case; other bytes only to themselves.
bool same_ignoring_case(std::string_view a, std::string_view b);
bool same_exactly(std::string_view a, std::string_view b);

struct Field {
    std::string name;
    std::string value;
    friend bool operator==(const Field&, const Field&) = default;
};

/// Named texts in the order they came. A name may appear more than once.
template <bool (*same)(std::string_view, std::string_view)>
class Fields {
  public:
    Fields() = default;
    Fields(std::initializer_list<Field> fields) : fields_(fields) {}

    /// The first value of that name, or nothing.
    const std::string* find(std::string_view name) const {
        for (const Field& field : fields_)
            if (same(field.name, name)) return &field.value;
        return nullptr;
    }
    bool has(std::string_view name) const { return find(name) != nullptr; }
    std::string get(std::string_view name, std::string otherwise = {}) const {
        const std::string* value = find(name);
        return value != nullptr ? *value : std::move(otherwise);
    }

    void add(std::string name, std::string value) {
        fields_.push_back({std::move(name), std::move(value)});
    }
    /// Afterwards the name appears once, with this value.
    void set(std::string name, std::string value) {
        erase(name);
        add(std::move(name), std::move(value));
    }
    void erase(std::string_view name) {
        std::erase_if(fields_, [&](const Field& field) { return same(field.name, name); });
    }
    void erase_if(bool (*named)(std::string_view name)) {
        std::erase_if(fields_, [&](const Field& field) { return named(field.name); });
    }
    void reserve(std::size_t count) { fields_.reserve(count); }

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    auto begin() { return fields_.begin(); }
    auto end() { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }
    bool empty() const { return fields_.empty(); }
    friend bool operator==(const Fields&, const Fields&) = default;

  private:
    std::vector<Field> fields_;
};

using Headers = Fields<same_ignoring_case>;
using Query = Fields<same_exactly>;

/// Who is at the other end of a connection.
struct Peer {
    enum class Kind { unix_socket, tcp, tls };
    Kind kind = Kind::unix_socket;
    std::optional<std::uint32_t> uid = {};  ///< of a unix peer, told by the kernel (SO_PEERCRED)
    std::string address = {};  ///< "10.20.0.5:41234", "[fe80::1]:80"; empty for a unix peer
    std::string tag = {};      ///< of the listener that took the connection
    /// Of a TLS peer that showed one: signed by the listener's authority for a client, valid when
    /// the connection began, and for a party.
    std::optional<CertificateFacts> certificate = {};
};

struct Request {
    Method method = Method::get;
    std::string path = "/";  ///< percent-decoded; begins with '/', has no "." or ".." segment
    Query query = {};        ///< percent-decoded, '+' is a blank
    Headers headers = {};
    std::string body = {};
    Peer peer = {};
    std::string id = {};  ///< names the request in logs and problems; the server sets it
};

struct Response {
    int status = 200;
    Headers headers = {};
    std::string body = {};
};

/// A response with one body and its media type.
Response answer(int status, std::string content_type, std::string body);

struct Target {
    std::string path;
    Query query;
};

constexpr std::size_t target_size_max = 8 << 10;
constexpr std::size_t query_fields_max = 100;

/// The request target in origin form, "/v1/instances?limit=10". Refuses: anything that does not
/// begin with '/', bytes outside printable ASCII, broken percent escapes, an encoded '/', control
/// characters or bad UTF-8 after decoding, "." and ".." segments, more than the bounds above.
base::Result<Target> parse_target(std::string_view text);

/// The inverse of parse_target().
std::string text(const Target& target);

/// Percent-decodes; `plus_is_blank` as in the query part. Nothing when an escape is broken.
enum class Plus { stays, is_blank };
std::optional<std::string> percent_decoded(std::string_view text, Plus plus = Plus::stays);

/// Everything but letters, digits and "-._~" becomes %NN: fit for one path segment or one query
/// name or value.
std::string percent_encoded(std::string_view text);

}  // namespace vdc::wire
