#include <stdio.h>

#include <cerrno>

#include "base/text.h"
#include "runtime/files.h"
#include "runtime/random.h"
#include "store/etcd/follower.h"
#include "store/etcd/snapshots.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::Snapshot;

/// The id under which etcd gets the datacenter; made once and kept in the store that is left, so
/// that a move that is taken up again knows its own.
static Result<std::string> id_in_etcd(Store& left) {
    std::string id = TRY(left.note(etcd_datacenter_note));
    if (!id.empty()) return id;
    id = text(runtime::random_uuid());
    TRY(left.set_note(etcd_datacenter_note, id));
    return id;
}

/// The head comes last: without it nothing of all this counts.
static Status fill(EtcdClient& client, Store& left, const std::string& id) {
    for (const auto& [name, value] : TRY(left.notes())) {
        const EtcdWrite write{etcd_note_keys + name, value};
        if (name != etcd_datacenter_note) TRY(client.write({}, {&write, 1}));
    }
    const Snapshot latest = TRY(left.latest());
    TRY(begin_etcd_with_snapshot(client, latest));
    const EtcdGuard none{etcd_head_key, 0};
    const EtcdWrite head{etcd_head_key, text(EtcdHead{id, {latest.revision, 1}})};
    TRY(client.write({&none, 1}, {&head, 1}));
    return {};
}

/// Whether etcd holds this datacenter; `conflict` when it holds another one.
static Result<bool> is_filled(EtcdClient& client, const std::string& id) {
    const auto found = TRY(client.get(etcd_head_key));
    if (!found) return false;
    if (TRY(parse_head(found->value)).datacenter == id) return true;
    return Error{Error::Code::conflict, "this etcd holds another datacenter already",
                 "begin with an empty one"};
}

static Status move_files(const std::string& from, const std::string& to) {
    TRY(runtime::ensure_dir(to, 0700));
    const std::string there = Followers::first(to);
    if (::rename(from.c_str(), there.c_str()) != 0)
        return runtime::system_error(errno, "cannot rename '" + from + "' to '" + there + "'");
    TRY(runtime::sync_dir(to));
    const std::size_t slash = from.rfind('/');
    return runtime::sync_dir(slash == std::string::npos ? "." : from.substr(0, slash));
}

Status move_to_etcd(const std::string& from, const EtcdServers& servers, const std::string& to) {
    if (!runtime::exists(from)) return {};
    {
        const auto left = TRY(open_sqlite_store(from));
        const auto client = TRY(EtcdClient::open(servers));
        const std::string id = TRY(id_in_etcd(*left));
        if (!TRY(is_filled(*client, id))) TRY(fill(*client, *left, id));
        if (!TRY(is_filled(*client, id)))
            return Error{Error::Code::unavailable, "etcd did not take the datacenter", "try again"};
    }
    return move_files(from, to);
}

}  // namespace vdc::store
