#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/result.h"

/// OpenSSL's objects as owners, for the files of this room that speak to it. No other header
/// includes this one.
namespace vdc::wire::openssl {

template <auto release>
struct Release {
    template <class T>
    void operator()(T* object) const {
        release(object);
    }
};

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;
using Session = std::unique_ptr<SSL, Release<SSL_free>>;

/// Empties OpenSSL's queue of errors into one sentence.
inline std::string trouble() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        char line[256];
        ERR_error_string_n(code, line, sizeof line);
        if (!text.empty()) text += "; ";
        text += ERR_reason_error_string(code) != nullptr ? ERR_reason_error_string(code) : line;
    }
    return text.empty() ? "unknown trouble" : text;
}

inline Bio bio_of(std::string_view bytes) {
    Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    base::check(bio != nullptr, "memory for OpenSSL");
    return bio;
}

/// The first certificate of a PEM text, or null.
Certificate read_certificate(std::string_view pem);
/// The private key of a PEM text, or null. Never asks for a passphrase.
Key read_key(std::string_view pem);
/// SHA-256 of the DER form, as hexadecimal digits.
std::string fingerprint_of(const X509& certificate);

}  // namespace vdc::wire::openssl
