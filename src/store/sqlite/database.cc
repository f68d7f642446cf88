#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/fd.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using Code = Error::Code;

// ---- errors ------------------------------------------------------------------------------------

static bool is_full(int code, int errno_value) {
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR && (errno_value == ENOSPC || errno_value == EDQUOT));
}

/// What SQLite said to a deed on this connection.
static Error failure_of(sqlite3* handle, const std::string& path, const std::string& deed) {
    const int code = sqlite3_extended_errcode(handle);
    const int errno_value = sqlite3_system_errno(handle);
    std::string said = deed + " " + path + ": " + sqlite3_errmsg(handle);
    const bool of_kernel =
        (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;  // else errno is old
    if (of_kernel && errno_value != 0) said += std::string(", ") + std::strerror(errno_value);
    if (is_full(code & 0xff, errno_value))
        return {Code::exhausted, said,
                "free space on the file system of the data folder; nothing committed is lost"};
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {Code::corrupt, said,
                    "stop vdc, copy the data folder aside, and put a backup in its place; "
                    "`sqlite3 FILE .recover` saves what can still be read"};
        case SQLITE_IOERR:
            return {Code::unavailable, said,
                    "whether it was kept is not known; look at the disk and the kernel's log"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {Code::unavailable, said, "another program has the file open"};
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
            return {Code::forbidden, said, "look at the owner and the mode of the data folder"};
        default: return {Code::failed, said};
    }
}

// ---- statements --------------------------------------------------------------------------------

struct Statement::Body {
    sqlite3_stmt* handle = nullptr;
    std::string path;
    int bound = 0;
    bool unbound = false;  // a parameter was refused: too large, or no memory
    ~Body() { sqlite3_finalize(handle); }
};

Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::bind(std::int64_t value) {
    body_->unbound |= sqlite3_bind_int64(body_->handle, ++body_->bound, value) != SQLITE_OK;
    return *this;
}
Statement& Statement::bind_text(std::string_view value) {
    body_->unbound |= sqlite3_bind_text64(body_->handle, ++body_->bound, value.data(), value.size(),
                                          SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK;
    return *this;
}
Statement& Statement::bind_blob(std::string_view value) {
    body_->unbound |= sqlite3_bind_blob64(body_->handle, ++body_->bound, value.data(), value.size(),
                                          SQLITE_STATIC) != SQLITE_OK;
    return *this;
}

Result<bool> Statement::step() {
    sqlite3* database = sqlite3_db_handle(body_->handle);
    if (std::exchange(body_->unbound, false)) {
        Error error = failure_of(database, body_->path, "cannot hand a value to");
        reset();
        return error;
    }
    const int code = sqlite3_step(body_->handle);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    Error error = failure_of(database, body_->path, "cannot use");
    reset();
    return error;
}

Status Statement::run() {
    while (TRY(step())) {
    }
    return {};
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(body_->handle, column);
}

std::string_view Statement::bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(body_->handle, column));
    const int size = sqlite3_column_bytes(body_->handle, column);
    return data == nullptr ? std::string_view{}
                           : std::string_view{data, static_cast<std::size_t>(size)};
}

void Statement::reset() {
    sqlite3_reset(body_->handle);  // repeats the error of the step before, which was told already
    body_->bound = 0;
}

// ---- connections -------------------------------------------------------------------------------

struct Database::Body {
    sqlite3* handle = nullptr;
    std::string path;
    std::int64_t pages_ahead = 0;
    ~Body() { sqlite3_close_v2(handle); }
};

Database::Database(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

const std::string& Database::path() const {
    return body_->path;
}

Error Database::failure(const std::string& deed) const {
    return failure_of(body_->handle, body_->path, deed);
}

static int note_pages(void* pages, sqlite3*, const char*, int count) {
    *static_cast<std::int64_t*>(pages) = count;
    return SQLITE_OK;
}

Result<Database> Database::open(const std::string& path, Durability durability) {
    constexpr int busy_timeout_ms = 5000;
    auto body = std::make_unique<Body>();
    body->path = path;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &body->handle, flags, nullptr);
    Database database(std::move(body));
    if (code != SQLITE_OK) return database.failure("cannot open");
    sqlite3* handle = database.body_->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    TRY(database.run(durability == Durability::power ? "PRAGMA synchronous=FULL"
                                                     : "PRAGMA synchronous=NORMAL"));
    TRY(database.run("PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY"));
    sqlite3_wal_hook(handle, note_pages, &database.body_->pages_ahead);
    return database;
}

Status Database::run(const std::string& sql) {
    if (sqlite3_exec(body_->handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return failure("cannot use");
}

Result<Statement> Database::prepare(std::string_view sql) {
    Statement statement;
    statement.body_ = std::make_unique<Statement::Body>();
    statement.body_->path = body_->path;
    const int code =
        sqlite3_prepare_v3(body_->handle, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement.body_->handle, nullptr);
    if (code != SQLITE_OK) return failure("cannot use");
    return statement;
}

Result<std::int64_t> Database::number(std::string_view sql) {
    Statement statement = TRY(prepare(sql));
    const bool found = TRY(statement.step());
    return found ? statement.integer(0) : 0;
}

Result<std::int64_t> Database::checkpoint() {
    int pages = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(body_->handle, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &pages, &moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY) return failure("cannot write to");
    return std::int64_t{pages} - moved;
}

static bool fill_with_zeros(int file, off_t from, off_t to) {
    static constexpr char zeros[64 << 10] = {};
    while (from < to) {
        const auto size = std::min<off_t>(to - from, sizeof zeros);
        const ssize_t wrote = ::pwrite(file, zeros, static_cast<std::size_t>(size), from);
        if (wrote < 0 && errno != EINTR) return false;
        if (wrote > 0) from += wrote;
    }
    return ::fsync(file) == 0;
}

/// SQLite takes what does not bear the marks of its present log for the log's end
/// (www.sqlite.org/fileformat2.html, "The Write-Ahead Log").
Status Database::make_room_ahead(std::int64_t pages) {
    constexpr std::int64_t page_head = 24;
    const off_t size = pages * (TRY(number("PRAGMA page_size")) + page_head);
    TRY(number("SELECT count(*) FROM sqlite_schema"));  // now the log is there
    const std::string path = body_->path + "-wal";
    const runtime::Fd log(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat seen {};
    if (!log || ::fstat(log.get(), &seen) != 0)
        return runtime::system_error(errno, "cannot open " + path);
    if (seen.st_size >= size || fill_with_zeros(log.get(), seen.st_size, size)) return {};
    if (::ftruncate(log.get(), seen.st_size) == 0) return {};
    return runtime::system_error(errno, "cannot shorten " + path);
}

std::int64_t Database::pages_ahead() const {
    return body_->pages_ahead;
}

// ---- transactions ------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
    TRY(database.run(kind == Kind::reading ? "BEGIN" : "BEGIN IMMEDIATE"));
    return Transaction(&database);
}

Status Transaction::commit() {
    Status done = database_->run("COMMIT");
    if (done.ok()) database_ = nullptr;
    return done;
}

Transaction::~Transaction() {
    if (database_ == nullptr || sqlite3_get_autocommit(database_->body_->handle) != 0) return;
    // A rollback that fails leaves the transaction to the end of the connection; nothing of it
    // becomes visible.
    static_cast<void>(database_->run("ROLLBACK"));
}

}  // namespace vdc::store
