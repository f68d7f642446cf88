#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

/// SQLite as this room needs it: results in place of codes, text in place of pointers.
/// A connection and its statements are used by one thread at a time.
namespace vdc::store {

/// One prepared statement. Outlived by its database.
class Statement {
  public:
    Statement() = default;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    /// Gives the next parameter its value. What a view points to must live until reset().
    Statement& bind(std::int64_t value);
    Statement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
    Statement& bind_text(std::string_view value);
    Statement& bind_blob(std::string_view value);

    /// True: there is a row to read. False: the end; parameters can be bound anew.
    base::Result<bool> step();

    /// To its end, for statements without rows.
    base::Status run();

    /// Columns of the present row, from 0. Views are valid until the next step.
    std::int64_t integer(int column) const;
    std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string_view bytes(int column) const;

    /// Ends it before its rows do; it can be used again.
    void reset();

  private:
    friend class Database;
    struct Body;
    std::unique_ptr<Body> body_;
};

class Database {
  public:
    /// How much a committed transaction survives: a crash of this process, or a power cut too.
    enum class Durability { process, power };

    /// Opens a file that exists, for reading and writing.
    static base::Result<Database> open(const std::string& path, Durability durability);

    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;
    ~Database();

    const std::string& path() const;

    /// One or more statements without parameters or rows.
    base::Status run(const std::string& sql);
    base::Result<Statement> prepare(std::string_view sql);

    /// The first column of the first row; 0 when there is none.
    base::Result<std::int64_t> number(std::string_view sql);

    /// Moves what it can of the log ahead (WAL) into the file, without waiting for anyone.
    /// Pages that are left in it.
    base::Result<std::int64_t> checkpoint();

    /// Fills the log ahead with zeros so that so many pages have their places on the disk. A commit
    /// that writes where the file was longer already waits for its own bytes alone; one that makes
    /// it longer waits for the file system's journal too, and so for what others wrote. Before the
    /// first transaction; where the disk has no room for it, all stays as it is.
    base::Status make_room_ahead(std::int64_t pages);

    /// Pages in the log ahead after the last transaction of this connection.
    std::int64_t pages_ahead() const;

  private:
    friend class Transaction;
    struct Body;
    explicit Database(std::unique_ptr<Body> body);
    base::Error failure(const std::string& deed) const;
    std::unique_ptr<Body> body_;
};

/// Everything between its making and commit(), or nothing.
class Transaction {
  public:
    enum class Kind { reading, writing };
    static base::Result<Transaction> begin(Database& database, Kind kind);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    ~Transaction();

    base::Status commit();

  private:
    explicit Transaction(Database* database) : database_(database) {}
    Database* database_;
};

}  // namespace vdc::store
