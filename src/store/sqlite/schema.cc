#include "store/sqlite/schema.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/files.h"
#include "store/sqlite/database.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;

static constexpr std::int64_t application_id = 0x76646364;  // "vdcd"

static constexpr const char* tables = R"(
CREATE TABLE log(
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    term INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    steps TEXT NOT NULL,
    sum INTEGER NOT NULL,
    body TEXT NOT NULL) STRICT;
CREATE TABLE segment(
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    keys BLOB NOT NULL) STRICT;
CREATE TABLE part(
    part INTEGER PRIMARY KEY,
    whole INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    term INTEGER NOT NULL,
    records INTEGER NOT NULL) STRICT;
CREATE TABLE chunk(
    chunk INTEGER PRIMARY KEY,
    sum INTEGER NOT NULL,
    lines TEXT NOT NULL) STRICT;
CREATE TABLE note(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
)";

/// An empty file with our mode, so that SQLite gives its other files the same one.
static Status ensure_file(const std::string& folder, const std::string& path) {
    const runtime::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return runtime::system_error(errno, "cannot open " + path);
    if (::fchmod(file.get(), 0600) != 0)
        return runtime::system_error(errno, "cannot set the mode of " + path);
    return runtime::sync_dir(folder);
}

static Status make_tables(Database& database) {
    TRY(database.run("PRAGMA journal_mode=WAL"));
    Transaction transaction = TRY(Transaction::begin(database, Transaction::Kind::writing));
    TRY(database.run(tables));
    TRY(database.run("PRAGMA application_id=" + std::to_string(application_id) +
                     "; PRAGMA user_version=" + std::to_string(format_version)));
    return transaction.commit();
}

static Status check_format(Database& database, const std::string& path) {
    const std::int64_t application = TRY(database.number("PRAGMA application_id"));
    const std::int64_t version = TRY(database.number("PRAGMA user_version"));
    const std::int64_t entries = TRY(database.number("SELECT count(*) FROM sqlite_schema"));
    if (application == 0 && version == 0 && entries == 0) return make_tables(database);
    if (application != application_id || version < 1)
        return Error{Error::Code::corrupt, path + " is not a file of vdc",
                     "give vdc a folder of its own"};
    if (version > format_version)
        return Error{Error::Code::unsupported,
                     path + " was written by a newer vdc (format " + std::to_string(version) +
                         "; this one reads up to " + std::to_string(format_version) + ")",
                     "run that version or a newer one; nothing was changed"};
    if (version == format_version) return {};
    return database.run("PRAGMA user_version=" + std::to_string(format_version));
}

Result<std::string> prepare_file(const std::string& folder) {
    const std::string path = folder + "/datacenter.sqlite";
    TRY(ensure_file(folder, path));
    Database database = TRY(Database::open(path, Database::Durability::power));
    TRY(check_format(database, path));
    return path;
}

}  // namespace vdc::store
