#include "drivers/images/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "runtime/fd.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;

static std::string hexadecimal(const unsigned char* bytes, unsigned count) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < count; ++i) {
        text.push_back(digits[bytes[i] >> 4]);
        text.push_back(digits[bytes[i] & 15]);
    }
    return text;
}

Result<std::string> sha256_of(int fd, const std::string& name) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
        return Error{Error::Code::failed, "OpenSSL cannot begin a SHA-256"};
    (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint
    std::vector<unsigned char> buffer(1 << 20);
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return runtime::system_error(errno, "cannot read " + name);
        if (got == 0) break;
        if (EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(got)) != 1)
            return Error{Error::Code::failed, "OpenSSL cannot go on with a SHA-256"};
        offset += got;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context.get(), digest, &length) != 1)
        return Error{Error::Code::failed, "OpenSSL cannot end a SHA-256"};
    return hexadecimal(digest, length);
}

}  // namespace vdc::drivers::images
