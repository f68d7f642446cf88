#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/etcd/client.h"
#include "store/page.h"

/// How a datacenter lies in etcd. All keys begin with /vdc/:
///
///  - head                             an EtcdHead: which datacenter, and how far it has come
///  - log/REVISION/NUMBER-COUNT        a group of commits, in pieces of at most 1 MiB
///  - snapshot                         an EtcdSnapshot: which one is whole
///  - snapshot/REVISION/NUMBER-COUNT   its lines (model/log_text.h), in pieces
///  - note/NAME                        a small value
///  - controller/NAME                  what a controller says of itself (controllers.h)
///  - leader                           the name of the controller that leads (leadership.h)
///
/// REVISION is the first one of the group. The head decides: a piece of the log counts when the
/// head's revision has reached it, and every write that moves the head is guarded by the head that
/// its writer knows. So commits have one order, whoever believes to lead.
namespace vdc::store {

inline constexpr std::int64_t etcd_format = 1;
inline constexpr std::size_t etcd_piece_bytes = 1 << 20;

inline const std::string etcd_head_key = "/vdc/head";
inline const std::string etcd_leader_key = "/vdc/leader";
inline const std::string etcd_log_keys = "/vdc/log/";
inline const std::string etcd_snapshot_key = "/vdc/snapshot";
inline const std::string etcd_snapshot_keys = "/vdc/snapshot/";
inline const std::string etcd_controller_keys = "/vdc/controller/";
inline const std::string etcd_note_keys = "/vdc/note/";

/// The key after all that begin with this.
std::string end_of(std::string prefix);

struct EtcdHead {
    std::string datacenter;  ///< a random id: tells one datacenter's etcd from another's
    Head latest;
    friend bool operator==(const EtcdHead&, const EtcdHead&) = default;
};
std::string text(const EtcdHead& head);
base::Result<EtcdHead> parse_head(std::string_view text);

/// The snapshot that is whole in etcd; no pieces when there is none.
struct EtcdSnapshot {
    model::Revision revision = 0;
    std::size_t pieces = 0;
    friend bool operator==(const EtcdSnapshot&, const EtcdSnapshot&) = default;
};
std::string text(const EtcdSnapshot& snapshot);
base::Result<EtcdSnapshot> parse_snapshot(std::string_view text);

/// One piece of a text that is longer than etcd takes at once.
struct PieceKey {
    model::Revision revision = 0;
    std::size_t number = 0;  ///< from 0
    std::size_t count = 1;
};
std::string text(const std::string& keys, const PieceKey& key);
base::Result<PieceKey> parse_piece_key(const std::string& keys, std::string_view key);

/// Puts together what pieces hold. A leader that did not come to its end may have left some pieces
/// of another text at the same revision, but never all of them: the last one is written with the
/// head.
class Pieces {
  public:
    /// To be given the pieces of one revision by their keys' order. The text, once it is whole.
    std::optional<std::string> add(const PieceKey& key, std::string_view piece);

  private:
    struct Part {
        std::size_t pieces = 0;
        std::string text;
    };
    std::map<std::size_t, Part> by_count_;
};

/// The pieces of a text; at least one.
std::vector<std::string_view> pieces_of(std::string_view text);

/// Commits as lines of JSON, and back.
std::string lines_of(std::span<const model::CommitPtr> commits);
base::Result<std::vector<model::CommitPtr>> commits_of(std::string_view lines);

}  // namespace vdc::store
