#include "wire/tls.h"

#include <openssl/pem.h>

#include <array>

#include "runtime/files.h"
#include "wire/openssl.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using namespace openssl;

Result<std::string> fingerprint(std::string_view certificate_pem) {
    const Certificate certificate = read_certificate(certificate_pem);
    if (certificate == nullptr)
        return Error{Error::Code::corrupt, "this is not a certificate in PEM form"};
    return fingerprint_of(*certificate);
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const int done =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
    base::check(done == 1 && length == 32, "SHA-256");
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

/// The certificates of a PEM text and nothing else of it: what is shown to others.
static std::string certificates_in(std::string_view pem) {
    const Bio bio = bio_of(pem);
    std::string all;
    while (const Certificate each{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)})
        all += pem_of(*each);
    ERR_clear_error();
    return all;
}

Result<Identity> load_identity(const std::string& certificate_path, const std::string& key_path) {
    Identity identity;
    identity.certificate = certificates_in(TRY(runtime::read_file(certificate_path)));
    const Certificate certificate = read_certificate(identity.certificate);
    if (certificate == nullptr)
        return Error{Error::Code::corrupt, "'" + certificate_path + "' holds no PEM certificate"};
    const Key key = read_key(TRY(runtime::read_file(key_path)));
    if (key == nullptr)
        return Error{Error::Code::corrupt, "'" + key_path + "' holds no PEM private key",
                     "keys with a passphrase cannot be used"};
    identity.key = pem_of(*key);
    if (X509_check_private_key(certificate.get(), key.get()) == 1) return identity;
    ERR_clear_error();
    return Error{
        Error::Code::conflict,
        "the key '" + key_path + "' does not belong to the certificate '" + certificate_path + "'"};
}

}  // namespace vdc::wire
