#include "wire/openssl.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <time.h>

#include <chrono>

#include "wire/tls.h"

namespace vdc::wire::openssl {

std::string trouble() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        char line[256];
        ERR_error_string_n(code, line, sizeof line);
        if (!text.empty()) text += "; ";
        text += ERR_reason_error_string(code) != nullptr ? ERR_reason_error_string(code) : line;
    }
    return text.empty() ? "unknown trouble" : text;
}

base::Error cannot_make(std::string_view what) {
    return {base::Error::Code::failed,
            "cannot make " + std::string(what) + " for TLS: " + trouble()};
}

Bio bio_of(std::string_view bytes) {
    Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    base::check(bio != nullptr, "memory for OpenSSL");
    return bio;
}

// ---- PEM

static int no_passphrase(char*, int, int, void*) {
    return 0;
}

Certificate read_certificate(std::string_view pem) {
    const Bio bio = bio_of(pem);
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return certificate;
}

Key read_key(std::string_view pem) {
    const Bio bio = bio_of(pem);
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    return key;
}

SigningRequest read_signing_request(std::string_view pem) {
    const Bio bio = bio_of(pem);
    SigningRequest request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return request;
}

template <class Write>
static std::string pem_by(const Write& write) {
    const Bio bio(BIO_new(BIO_s_mem()));
    base::check(bio != nullptr && write(bio.get()) == 1, "memory for OpenSSL");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string pem_of(const X509& certificate) {
    return pem_by([&](BIO* to) { return PEM_write_bio_X509(to, &certificate); });
}

std::string pem_of(const X509_REQ& request) {
    return pem_by([&](BIO* to) { return PEM_write_bio_X509_REQ(to, &request); });
}

std::string pem_of(const EVP_PKEY& key) {
    return pem_by([&](BIO* to) {
        return PEM_write_bio_PrivateKey(to, &key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

// ---- reading

/// SHA-256 of what one of OpenSSL's i2d functions writes.
template <class Object>
static std::string sha256_of_der(int (*to_der)(const Object*, unsigned char**), const Object* of) {
    unsigned char* der = nullptr;
    const int size = to_der(of, &der);
    base::check(size > 0, "the DER form of what was parsed");
    std::string digest =
        sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return digest;
}

std::string fingerprint_of(const X509& certificate) {
    return sha256_of_der(i2d_X509, &certificate);
}

std::string fingerprint_of(const EVP_PKEY& key) {
    return sha256_of_der(i2d_PUBKEY, &key);
}

static base::Instant instant_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return base::Instant(std::chrono::seconds(::timegm(&parts)));
}

/// The one URI among the alternative names; nothing when there is another number of them.
static std::optional<std::string_view> only_uri(const GENERAL_NAMES* names) {
    std::optional<std::string_view> found;
    for (int at = 0; at < sk_GENERAL_NAME_num(names); ++at) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, at);
        if (name->type != GEN_URI) continue;
        if (found) return {};
        const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
        found = {reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                 static_cast<std::size_t>(ASN1_STRING_length(uri))};
    }
    return found;
}

CertificateFacts facts_of(const X509& certificate) {
    CertificateFacts facts;
    const Names names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (const auto uri = only_uri(names.get())) facts.party = parse_party(*uri);
    facts.not_before = instant_of(X509_get0_notBefore(&certificate));
    facts.not_after = instant_of(X509_get0_notAfter(&certificate));
    if (const EVP_PKEY* key = X509_get0_pubkey(&certificate)) facts.key = fingerprint_of(*key);
    ERR_clear_error();
    return facts;
}

// ---- making

static bool add_extension(X509& certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, &certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

static bool set_serial(X509& certificate) {
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1 | 1) == 1;
}

static std::time_t seconds_of(base::Instant at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

static bool set_dates(X509& certificate, const Draft& draft) {
    return ASN1_TIME_adj(X509_getm_notBefore(&certificate), seconds_of(draft.from), 0, 0) !=
               nullptr &&
           ASN1_TIME_adj(X509_getm_notAfter(&certificate), seconds_of(draft.until), 0, 0) !=
               nullptr;
}

static bool set_subject(X509& certificate, const std::string& name) {
    const std::string common = name.substr(0, 64);
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(common.data()),
                                      static_cast<int>(common.size()), -1, 0) == 1;
}

Certificate certify(const Draft& draft, EVP_PKEY& key, X509* issuer, EVP_PKEY& issuer_key) {
    Certificate certificate(X509_new());
    X509* const made = certificate.get();
    if (made == nullptr) return nullptr;
    X509* const signer = issuer != nullptr ? issuer : made;
    bool good = X509_set_version(made, X509_VERSION_3) == 1 && set_serial(*made) &&
                set_dates(*made, draft) && set_subject(*made, draft.common_name) &&
                X509_set_issuer_name(made, X509_get_subject_name(signer)) == 1 &&
                X509_set_pubkey(made, &key) == 1;
    for (const auto& [kind, value] : draft.extensions)
        good = good && add_extension(*made, signer, kind, value);
    if (!good || X509_sign(made, &issuer_key, EVP_sha256()) <= 0) return nullptr;
    return certificate;
}

// ---- trust

std::string distrust_of_server(X509& certificate, STACK_OF(X509) * chain, X509& root) {
    const Trust trust(X509_STORE_new());
    const TrustQuestion question(X509_STORE_CTX_new());
    const bool asked = trust != nullptr && question != nullptr &&
                       X509_STORE_add_cert(trust.get(), &root) == 1 &&
                       X509_STORE_CTX_init(question.get(), trust.get(), &certificate, chain) == 1 &&
                       X509_STORE_CTX_set_purpose(question.get(), X509_PURPOSE_SSL_SERVER) == 1;
    if (!asked) return trouble();
    const bool trusted = X509_verify_cert(question.get()) == 1;
    ERR_clear_error();
    if (trusted) return {};
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(question.get()));
}

}  // namespace vdc::wire::openssl
