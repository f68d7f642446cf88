#pragma once

#include "cli/nouns.h"
#include "cli/session.h"

/// What commands do, one function each. All return the exit code.
namespace vdc::cli {

int list(Session& session, const NounCommand& noun);
int show(Session& session, const NounCommand& noun, const std::string& name);
int create(Session& session, const NounCommand& noun, const std::string& name,
           const std::vector<std::string>& fields);
int edit(Session& session, const NounCommand& noun, const std::string& name,
         const std::vector<std::string>& fields);
int remove(Session& session, const NounCommand& noun, const std::vector<std::string>& names);

/// POST /v1/NOUNS/NAME/VERB with a body, then waits.
int act(Session& session, const NounCommand& noun, const std::string& name, const std::string& verb,
        const base::Json& body);

/// Moves a running instance to that host, or to the best one ("").
int migrate(Session& session, const NounCommand& noun, const std::string& name,
            const std::string& to);
/// Where it would go, and for how long it would stand still. 0: it can move, 5: it cannot.
int migrate_plan(Session& session, const NounCommand& noun, const std::string& name,
                 const std::string& to);

/// What a drain of the host would move, and what would stay.
int drain_plan(Session& session, const std::string& host);

/// A token with which one machine can become a host, alone on stdout; good for so long ("1h").
/// `for_controller`: which may become a controller, too.
int host_token(Session& session, const std::string& lifetime, bool for_controller);

/// Its certificate opens nothing from now on.
int host_revoke(Session& session, const std::string& host);

// The controllers of the datacenter.
int cluster_init(Session& session);    ///< returns when it answers again
int cluster_status(Session& session);  ///< a table
int cluster_check(Session& session);   ///< 0: all is well, 5: something is to be seen to
int cluster_remove(Session& session, const std::string& name);

// Backups of the control state (docs/backup.md).
int backup_save(Session& session, const std::string& file);  ///< "-" is stdout
int backup_status(Session& session);                         ///< 0: no restore waits, 5: one does
int backup_release(Session& session, const std::vector<std::string>& without);
int backup_end(Session& session, const std::string& host, const std::string& instance);

int import_image(Session& session, const std::string& name, const std::string& file,
                 const std::string& format, const std::string& sha256);
int apply(Session& session, const std::string& file, bool plan);
int balance_plan(Session& session);  ///< moves that would make the hosts more equally full
int why(Session& session, const std::string& name);
/// 0: what the manifest asks for finds room, 5: it does not; then what would let it in.
int why_not(Session& session, const std::string& file);
int console(Session& session, const std::string& name);
int console_log(Session& session, const std::string& name, std::uint64_t bytes, bool follow);
int events(Session& session, const std::string& about, bool follow);
int status(Session& session);
int recoveries(Session& session, std::uint64_t limit);  ///< of the last losses of hosts
int guarantee(Session& session);                        ///< 0: every loss is covered, 5: one is not
int moment(Session& session);  ///< which revision a time means, and how far back there are some
int wait_for(Session& session, const std::string& noun, const std::string& name,
             const std::string& word);
int raw(Session& session, const std::string& method, const std::string& path,
        const std::string& body);

/// Names of a noun, one a line: for completion. Silent when there is no API.
int complete(Session& session, const std::string& noun);

}  // namespace vdc::cli
