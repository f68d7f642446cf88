#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/party.h"

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
using SigningRequest = std::unique_ptr<X509_REQ, Release<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using Trust = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using TrustQuestion = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;

/// Empties OpenSSL's queue of errors into one sentence.
std::string trouble();

/// "cannot make X for TLS: ..." with what OpenSSL says.
base::Error cannot_make(std::string_view what);

Bio bio_of(std::string_view bytes);

/// The first certificate of a PEM text, or null.
Certificate read_certificate(std::string_view pem);
/// The private key of a PEM text, or null. Never asks for a passphrase.
Key read_key(std::string_view pem);
/// The signing request of a PEM text, or null.
SigningRequest read_signing_request(std::string_view pem);

std::string pem_of(const X509& certificate);
std::string pem_of(const X509_REQ& request);
std::string pem_of(const EVP_PKEY& key);

/// SHA-256 of the DER form, as hexadecimal digits.
std::string fingerprint_of(const X509& certificate);
/// The same of a public key.
std::string fingerprint_of(const EVP_PKEY& key);

/// What stands in a certificate.
CertificateFacts facts_of(const X509& certificate);

/// What shall stand in a certificate beside its key.
struct Draft {
    std::string common_name;  ///< of the subject
    base::Instant from;
    base::Instant until;
    std::vector<std::pair<int, std::string>> extensions;  ///< NID, and value as in openssl.cnf
};
/// A certificate of `key`, signed with `issuer_key`; null when OpenSSL cannot, see trouble().
/// Without an issuer it is its own.
Certificate certify(const Draft& draft, EVP_PKEY& key, X509* issuer, EVP_PKEY& issuer_key);

/// Why `certificate` is not a server's that `root` vouches for, now; empty: it is.
std::string distrust_of_server(X509& certificate, STACK_OF(X509) * chain, X509& root);

}  // namespace vdc::wire::openssl
