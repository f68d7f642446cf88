#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/commit.h"
#include "model/snapshot.h"
#include "store/store.h"
#include "wire/authority.h"
#include "wire/join_token.h"

namespace vdc::api {

/// Decides which machines become hosts and which stay hosts. What it knows it keeps in the store's
/// notes, durable before anything is answered: of each token that is still good the hash, of each
/// host that joined the key. Used by the engine's loop alone, and by one controller at a time.
///
/// 1. A token makes one host: it is gone from the store before the certificate leaves.
/// 2. A host's name belongs to the key that came with it first, until forget(). Another machine
///    cannot have it while there is a host's record of that name: it would be taken for a boot of
///    the first, and a boot proves that nothing of before runs any more.
/// 3. A certificate opens nothing by itself: its key must be the one that is remembered (admit()),
///    so a host that was shut out is out at once, and not when its certificate ends.
class Joining {
  public:
    static constexpr base::Duration certificate_lifetime = std::chrono::hours(24 * 7);
    static constexpr base::Duration token_lifetime_max = std::chrono::hours(24 * 7);
    static constexpr std::size_t tokens_max = 1000;  ///< good ones at the same time

    /// `datacenter` is its id.
    Joining(store::Store& store, wire::Identity authority, std::string datacenter);

    /// What a machine may become with a token.
    enum class As { host, controller };

    /// A token that is good until `now` + `lifetime`.
    base::Result<wire::JoinToken> make_token(base::Instant now, base::Duration lifetime,
                                             As as = As::host);

    /// What a machine that wants to become a host brings.
    struct Plea {
        std::string token;
        std::string host;     ///< the name that it wants
        std::string request;  ///< PEM, of its own key
        As as = As::host;     ///< what it wants to become; a controller is a host, too
    };
    /// What a host gets.
    struct Papers {
        std::string certificate;  ///< PEM
        std::string authority;    ///< PEM
        std::string datacenter;
        base::Instant expires;  ///< of the certificate
    };
    /// Takes the token, and remembers the host. Errors: unauthenticated (a token that is unknown,
    /// used or expired), invalid (name, request), conflict (a name that another machine has); with
    /// those the token stays good.
    base::Result<Papers> join(const Plea& plea, const model::Snapshot& datacenter,
                              base::Instant now);

    /// The name of the host that showed this certificate. Errors: unauthenticated, when it is
    /// nobody's, has expired since the connection began, or its host was forgotten or revoked.
    base::Result<std::string> admit(const std::optional<wire::CertificateFacts>& shown,
                                    base::Instant now);

    /// Whether that host joined with a token for a controller, or was made one by let_control().
    base::Result<bool> may_control(const std::string& host);

    /// The machine with that key is a host of that name, and a controller: for the first one, which
    /// joins nobody. Its papers.
    base::Result<Papers> let_control(const std::string& host, const std::string& request,
                                     base::Instant now);

    /// That host controls no more, and gets what controllers share from nobody: it stays a host.
    /// One that never did: fine.
    base::Status controls_no_more(const std::string& host);

    /// A new certificate for a host that was admitted, for the key that it has.
    base::Result<Papers> renew(const std::string& host, const std::string& request,
                               base::Instant now);

    /// Its certificate opens nothing any more. The same machine may join again with a new token;
    /// another one under that name, if the host has no record: it never came up, or that was
    /// deleted. not_found, when no machine joined with the name.
    base::Status revoke(const std::string& host);

    /// The name is free, and its certificate opens nothing any more.
    base::Status forget(const std::string& host);

    /// Forgets the hosts whose records went in these commits, which follow `before`.
    void hear(const model::Snapshot& before, const std::vector<model::CommitPtr>& commits);

  private:
    base::Result<Papers> papers(const std::string& host, const std::string& request,
                                base::Instant now) const;

    store::Store& store_;
    const wire::Identity authority_;
    const std::string fingerprint_;
    const std::string datacenter_;
};

}  // namespace vdc::api
