#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

/// etcd 3.4 and later as this room needs it: ordered reads and guarded transactions over its gRPC
/// interface. Every read is linearizable: it sees all that was acknowledged before it, by whichever
/// server. "Revision" is here etcd's own count of its writes, not the datacenter's.
namespace vdc::store {

struct EtcdPair {
    std::string key;
    std::string value;
    std::int64_t modified = 0;  ///< revision of the last write to it
};

/// That a key was last written at this revision; 0: that it does not exist.
struct EtcdGuard {
    std::string key;
    std::int64_t modified = 0;
};

/// Puts a value, or without one removes the keys from `key` up to, not including, `end`.
/// The writes of one transaction must not meet in a key.
struct EtcdWrite {
    std::string key;
    std::optional<std::string> value;
    std::string end = {};
    std::int64_t lease = 0;  ///< with whose end the key goes; 0: it stays
};

/// At most 120 guards and writes in one transaction, and 1.4 MiB: etcd's own limits, less a little.
inline constexpr std::size_t etcd_writes_max = 120;
inline constexpr std::size_t etcd_bytes_max = 1'400'000;

/// A server of etcd's cluster.
struct EtcdMember {
    std::uint64_t id = 0;
    std::string name;      ///< empty: it was added and never began
    std::string peer;      ///< where the others find it, "https://10.0.0.1:2380"
    std::string client;    ///< where it serves; empty: it never began
    bool learner = false;  ///< follows, and has no vote yet
};

/// What one server says of itself.
struct EtcdHealth {
    std::uint64_t leader = 0;  ///< whom it follows; 0: nobody, most of them are not there
    std::uint64_t index = 0;   ///< how far it has come, in etcd's own count
    std::string version;
    std::int64_t bytes = 0;  ///< of what it keeps
};

/// Used by any thread. An answer that does not come in time, or from nobody, is `unavailable`: of a
/// write nobody knows then whether it was made; the next call asks another server.
class EtcdClient {
  public:
    /// Errors: invalid addresses, unreadable certificates. Connects when it is first used.
    static base::Result<std::unique_ptr<EtcdClient>> open(const EtcdServers& servers);
    ~EtcdClient();

    struct Page {
        std::vector<EtcdPair> pairs;  ///< ordered by key
        bool more = false;            ///< whether there are further ones
    };
    /// The pairs from `key` up to, not including, `end`; at most `limit`.
    base::Result<Page> range(const std::string& key, const std::string& end, std::int64_t limit);

    base::Result<std::optional<EtcdPair>> get(const std::string& key);

    /// All the writes if all the guards hold, else none. The revision that they made, or nothing
    /// when a guard did not hold.
    base::Result<std::optional<std::int64_t>> write(std::span<const EtcdGuard> guards,
                                                    std::span<const EtcdWrite> writes);

    /// Lets etcd forget what was overwritten or removed before a revision.
    base::Status forget(std::int64_t before);

    /// A lease of etcd's, which ends when it is not renewed for so many seconds (at least 1; etcd
    /// may give it longer). Its id.
    base::Result<std::int64_t> grant(std::int64_t seconds);

    /// Lets it begin anew. False: it has ended.
    base::Result<bool> renew(std::int64_t lease);

    /// Ends it now, and with it the keys that hang on it.
    base::Status revoke(std::int64_t lease);

    /// All servers of the cluster, as the one that answers knows them.
    base::Result<std::vector<EtcdMember>> members();
    /// One more, that has no vote: it cannot stop the others. etcd has one such at a time; another
    /// is refused until that one was promoted (failed).
    base::Status add_learner(const std::string& peer_url);
    /// It gets its vote, if it has come as far as the others (else failed: try again).
    base::Status promote(std::uint64_t member);
    /// It is none of them any more; not there already: fine.
    base::Status remove_member(std::uint64_t member);
    /// The server that is asked leads etcd's cluster now, and this one shall. failed: it does not.
    base::Status let_lead(std::uint64_t member);
    /// Of the first server of the list; unavailable when that one does not answer, and then the
    /// next call asks the next one.
    base::Result<EtcdHealth> health();

  private:
    class Body;
    explicit EtcdClient(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace vdc::store
