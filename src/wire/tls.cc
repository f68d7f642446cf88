#include "wire/tls.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "runtime/files.h"
#include "wire/openssl.h"
#include "wire/sockets.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using namespace openssl;

static constexpr int days_valid = 3653;

// ---- reading

Certificate openssl::read_certificate(std::string_view pem) {
    const Bio bio = bio_of(pem);
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return certificate;
}

Key openssl::read_key(std::string_view pem) {
    const Bio bio = bio_of(pem);
    const auto no_passphrase = [](char*, int, int, void*) { return 0; };
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    return key;
}

std::string openssl::fingerprint_of(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const int done = X509_digest(&certificate, EVP_sha256(), digest.data(), &length);
    base::check(done == 1 && length == 32, "SHA-256 of a certificate");
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

Result<std::string> fingerprint(std::string_view certificate_pem) {
    const Certificate certificate = read_certificate(certificate_pem);
    if (certificate == nullptr)
        return Error{Error::Code::corrupt, "this is not a certificate in PEM form"};
    return fingerprint_of(*certificate);
}

// ---- making

static Error cannot_make(std::string_view what) {
    return Error{Error::Code::failed,
                 "cannot make " + std::string(what) + " for TLS: " + trouble()};
}

static base::Status check_names(const std::vector<std::string>& names) {
    if (names.empty())
        return Error{Error::Code::invalid, "a certificate for no name at all",
                     "give at least one DNS name or IP address"};
    for (const std::string& name : names) {
        const bool good = !name.empty() && name.size() <= 253 &&
                          name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                              "XYZ0123456789.-_*:") == std::string::npos;
        if (!good)
            return Error{Error::Code::invalid,
                         "'" + base::quoted(name, 80) + "' cannot stand in a certificate",
                         "give DNS names and IP addresses"};
    }
    return {};
}

/// "DNS:dc.example,IP:10.0.0.1", as OpenSSL reads it; the names hold no comma.
static std::string alternative_names(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text +=
            (text.empty() ? "" : ",") + std::string(is_ip_address(name) ? "IP:" : "DNS:") + name;
    return text;
}

static bool add_extension(X509& certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

static bool set_serial(X509& certificate) {
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1 | 1) == 1;
}

static bool set_dates(X509& certificate, base::Instant now) {
    const std::time_t at =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    return ASN1_TIME_adj(X509_getm_notBefore(&certificate), at, -1, 0) != nullptr &&
           ASN1_TIME_adj(X509_getm_notAfter(&certificate), at, days_valid, 0) != nullptr;
}

static bool set_subject(X509& certificate, const std::string& name) {
    X509_NAME* const subject = X509_get_subject_name(&certificate);
    const std::string common = name.substr(0, 64);
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(common.data()),
                                      static_cast<int>(common.size()), -1, 0) == 1 &&
           X509_set_issuer_name(&certificate, subject) == 1;
}

static std::string bytes_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

static Bio empty_bio() {
    Bio bio(BIO_new(BIO_s_mem()));
    base::check(bio != nullptr, "memory for OpenSSL");
    return bio;
}

Result<Identity> make_identity(const std::vector<std::string>& names, base::Instant now) {
    if (base::Status good = check_names(names); !good.ok()) return good.error();
    const Key key(EVP_EC_gen("P-256"));
    if (key == nullptr) return cannot_make("a key");
    const Certificate certificate(X509_new());
    const bool made = certificate != nullptr &&
                      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      set_serial(*certificate) && set_dates(*certificate, now) &&
                      set_subject(*certificate, names.front()) &&
                      X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                      add_extension(*certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(*certificate, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(*certificate, NID_ext_key_usage, "serverAuth") &&
                      add_extension(*certificate, NID_subject_alt_name, alternative_names(names)) &&
                      X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
    if (!made) return cannot_make("a certificate");
    const Bio certificate_pem = empty_bio();
    const Bio key_pem = empty_bio();
    if (PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1 ||
        PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1)
        return cannot_make("PEM");
    return Identity{bytes_of(certificate_pem), bytes_of(key_pem)};
}

// ---- files

Result<Identity> load_identity(const std::string& certificate_path, const std::string& key_path) {
    Identity identity;
    identity.certificate = TRY(runtime::read_file(certificate_path));
    identity.key = TRY(runtime::read_file(key_path));
    const Certificate certificate = read_certificate(identity.certificate);
    if (certificate == nullptr)
        return Error{Error::Code::corrupt, "'" + certificate_path + "' holds no PEM certificate"};
    const Key key = read_key(identity.key);
    if (key == nullptr)
        return Error{Error::Code::corrupt, "'" + key_path + "' holds no PEM private key",
                     "keys with a passphrase cannot be used"};
    if (X509_check_private_key(certificate.get(), key.get()) == 1) return identity;
    ERR_clear_error();
    return Error{
        Error::Code::conflict,
        "the key '" + key_path + "' does not belong to the certificate '" + certificate_path + "'"};
}

Result<Identity> load_or_make_identity(const std::string& certificate_path,
                                       const std::string& key_path,
                                       const std::vector<std::string>& names, base::Instant now) {
    if (runtime::exists(certificate_path) || runtime::exists(key_path))
        return load_identity(certificate_path, key_path);
    Identity identity = TRY(make_identity(names, now));
    if (base::Status kept = runtime::write_file_atomic(key_path, identity.key, 0600); !kept.ok())
        return kept.error();
    if (base::Status kept =
            runtime::write_file_atomic(certificate_path, identity.certificate, 0644);
        !kept.ok()) {
        (void)runtime::remove_file(key_path);  // the error below says more
        return kept.error();
    }
    return identity;
}

}  // namespace vdc::wire
