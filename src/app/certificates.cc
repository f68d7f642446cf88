#include "app/certificates.h"

#include "runtime/files.h"

namespace vdc::app {

using base::Result;

/// One file, so that there is never one half of it.
static Result<wire::Identity> load_or_make_authority(const std::string& path,
                                                     const std::string& datacenter,
                                                     base::Instant now) {
    if (!runtime::exists(path)) {
        const wire::Identity made = TRY(wire::make_authority(datacenter, now));
        TRY(runtime::write_file_atomic(path, made.certificate + made.key, 0600));
        return made;
    }
    return wire::load_identity(path, path);
}

Result<Certificates> Certificates::open(const Settings& settings, const std::string& datacenter,
                                        const std::string& host_name, base::Instant now) {
    Certificates certificates;
    certificates.host_name_ = host_name;
    certificates.authority_ =
        TRY(load_or_make_authority(settings.data + "/authority.pem", datacenter, now));
    const std::string certificate = settings.data + "/tls.crt";
    const std::string key = settings.data + "/tls.key";
    if (runtime::exists(certificate) || runtime::exists(key))
        certificates.known_ = TRY(wire::load_identity(certificate, key));
    return certificates;
}

Result<wire::TlsSettings> Certificates::tls(const std::string& address, base::Instant now) const {
    wire::TlsSettings settings;
    settings.identity.key = TRY(wire::make_key());
    const std::string request = TRY(wire::make_signing_request(settings.identity.key));
    const wire::Grant grant{{}, {host_name_, "localhost", "127.0.0.1", address}, now, lifetime};
    settings.identity.certificate = TRY(wire::sign(authority_, request, grant));
    settings.authority = authority_.certificate;
    settings.for_strangers = known_;
    return settings;
}

Result<wire::HostProof> Certificates::host_proof(base::Instant now) const {
    wire::HostProof proof;
    proof.identity.key = TRY(wire::make_key());
    const std::string request = TRY(wire::make_signing_request(proof.identity.key));
    const wire::Grant grant{{wire::Party::Kind::host, host_name_}, {}, now, lifetime};
    proof.identity.certificate = TRY(wire::sign(authority_, request, grant));
    proof.authority = authority_.certificate;
    return proof;
}

Result<std::string> Certificates::known_fingerprint() const {
    return wire::fingerprint(known_ ? known_->certificate : authority_.certificate);
}

}  // namespace vdc::app
