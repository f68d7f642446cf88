#include "wire/authority.h"

#include <algorithm>

#include "base/text.h"
#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using namespace openssl;
using namespace std::chrono_literals;

static constexpr base::Duration authority_lifetime = 24h * 3653;
static constexpr base::Duration clock_allowance = 1h;
static constexpr const char* curve = "prime256v1";

// ---- parties

static constexpr std::string_view controller_uri = "vdc://controller";
static constexpr std::string_view host_uri = "vdc://host/";

std::string text(const Party& party) {
    switch (party.kind) {
        case Party::Kind::controller: return std::string(controller_uri);
        case Party::Kind::host: return std::string(host_uri) + party.name;
    }
    base::broken("a party of no kind");
}

std::optional<Party> parse_party(std::string_view uri) {
    if (uri == controller_uri) return Party{};
    if (!uri.starts_with(host_uri)) return {};
    const std::string_view name = uri.substr(host_uri.size());
    if (!base::check_name("a host", name).ok()) return {};
    return Party{Party::Kind::host, std::string(name)};
}

// ---- the authority

Result<Identity> make_authority(const std::string& datacenter, base::Instant now) {
    const Key key(EVP_EC_gen(curve));
    if (key == nullptr) return cannot_make("a key");
    const Draft draft{"vdcos datacenter " + datacenter,
                      now - 24h,
                      now + authority_lifetime,
                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_subject_key_identifier, "hash"}}};
    const Certificate certificate = certify(draft, *key, nullptr, *key);
    if (certificate == nullptr) return cannot_make("an authority's certificate");
    return Identity{pem_of(*certificate), pem_of(*key)};
}

Result<std::string> make_key() {
    const Key key(EVP_EC_gen(curve));
    if (key == nullptr) return cannot_make("a key");
    return pem_of(*key);
}

// ---- requests

Result<std::string> make_signing_request(const std::string& key_pem) {
    const Key key = read_key(key_pem);
    if (key == nullptr) return Error{Error::Code::corrupt, "this is not a private key in PEM form"};
    const SigningRequest request(X509_REQ_new());
    const bool made = request != nullptr && X509_REQ_set_version(request.get(), 0) == 1 &&
                      X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0;
    if (!made) return cannot_make("a signing request");
    return pem_of(*request);
}

static Error bad_request(std::string what) {
    return {Error::Code::invalid, "the signing request " + std::move(what),
            "send a PKCS #10 request in PEM form, of a key on the curve P-256"};
}

/// The key of a request whose sender has the private one.
static Result<Key> proven_key(std::string_view pem) {
    if (pem.size() > signing_request_size_max)
        return bad_request("has more than " + std::to_string(signing_request_size_max) + " bytes");
    const SigningRequest request = read_signing_request(pem);
    if (request == nullptr) return bad_request("is none");
    Key key(X509_REQ_get_pubkey(request.get()));
    char group[32] = {};
    const bool right_kind = key != nullptr &&
                            EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) == 1 &&
                            std::string_view(group) == curve;
    const bool proven = right_kind && X509_REQ_verify(request.get(), key.get()) == 1;
    ERR_clear_error();
    if (!right_kind) return bad_request("is for another kind of key");
    if (!proven) return bad_request("is not signed with the key that it is for");
    return key;
}

Result<std::string> key_of_request(std::string_view request_pem) {
    const Key key = TRY(proven_key(request_pem));
    return fingerprint_of(*key);
}

// ---- signing

static Status check_name(const std::string& name) {
    const bool good = !name.empty() && name.size() <= 253 &&
                      name.find_first_not_of(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                          "XYZ0123456789.-_*:") == std::string::npos;
    if (good) return {};
    return Error{Error::Code::invalid,
                 "'" + base::quoted(name, 80) + "' cannot stand in a certificate",
                 "give DNS names and IP addresses"};
}

/// "URI:vdc://controller,DNS:dc.example,IP:10.0.0.1", as OpenSSL reads it; nothing in it holds a
/// comma.
static Result<std::string> alternative_names(const Grant& grant) {
    const std::string uri = text(grant.party);
    if (parse_party(uri) != grant.party)
        return Error{Error::Code::invalid, "'" + base::quoted(uri, 80) + "' is nobody's name",
                     "the names of hosts are DNS labels"};
    std::string all = "URI:" + uri;
    for (const std::string& name : grant.names) {
        TRY(check_name(name));
        all += std::string(is_ip_address(name) ? ",IP:" : ",DNS:") + name;
    }
    return all;
}

static Draft draft_of(const Grant& grant, std::string names, const X509& authority) {
    const bool host = grant.party.kind == Party::Kind::host;
    return {text(grant.party),
            grant.now - clock_allowance,
            std::min(grant.now + grant.lifetime, facts_of(authority).not_after),
            {{NID_basic_constraints, "critical,CA:FALSE"},
             {NID_key_usage, "critical,digitalSignature"},
             {NID_ext_key_usage, host ? "clientAuth" : "serverAuth,clientAuth"},
             {NID_subject_key_identifier, "hash"},
             {NID_authority_key_identifier, "keyid:always"},
             {NID_subject_alt_name, std::move(names)}}};
}

Result<std::string> sign(const Identity& authority, std::string_view request_pem,
                         const Grant& grant) {
    const Certificate issuer = read_certificate(authority.certificate);
    const Key issuer_key = read_key(authority.key);
    if (issuer == nullptr || issuer_key == nullptr)
        return Error{Error::Code::corrupt, "the authority's certificate or key is not PEM"};
    const Key key = TRY(proven_key(request_pem));
    const Draft draft = draft_of(grant, TRY(alternative_names(grant)), *issuer);
    const Certificate certificate = certify(draft, *key, issuer.get(), *issuer_key);
    if (certificate == nullptr) return cannot_make("a certificate");
    return pem_of(*certificate) + pem_of(*issuer);
}

Result<CertificateFacts> read_facts(std::string_view certificate_pem) {
    const Certificate certificate = read_certificate(certificate_pem);
    if (certificate == nullptr)
        return Error{Error::Code::corrupt, "this is not a certificate in PEM form"};
    return facts_of(*certificate);
}

}  // namespace vdc::wire
