#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "store/sqlite/database.h"

/// Who may use the file when. SQLite lets one write at a time, and makes others poll; so we queue
/// ourselves, commits before background work. Readers never wait: they see the file as it was when
/// they began (WAL).
namespace vdc::store {

/// The right to write, one at a time. Commits go first.
class Turns {
  public:
    enum class For { commit, background };

    class Turn {
      public:
        explicit Turn(Turns& turns) : turns_(&turns) {}
        Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
        ~Turn() {
            if (turns_ != nullptr) turns_->end();
        }

      private:
        Turns* turns_;
    };

    [[nodiscard]] Turn take(For what);

  private:
    void end();

    std::mutex mutex_;
    std::condition_variable changed_;
    int commits_waiting_ = 0;
    bool taken_ = false;
};

class Connections {
  public:
    static base::Result<std::unique_ptr<Connections>> open(const std::string& path,
                                                           Database::Durability durability);

    /// Commits survive what `durability` says. Used with a turn.
    Database& writer() { return writer_; }

    /// Commits survive a power cut once the writer has committed after them. Used with a turn.
    Database& background() { return background_; }
    Turns& turns() { return turns_; }

    /// A connection for reading, from any thread, as long as the loan lives.
    class Loan {
      public:
        Loan(Connections& from, Database reader) : from_(&from), reader_(std::move(reader)) {}
        Loan(Loan&& other) noexcept
            : from_(std::exchange(other.from_, nullptr)), reader_(std::move(other.reader_)) {}
        ~Loan() {
            if (from_ != nullptr) from_->give_back(std::move(reader_));
        }
        Database& operator*() { return reader_; }
        Database* operator->() { return &reader_; }

      private:
        Connections* from_;
        Database reader_;
    };
    base::Result<Loan> reader();

  private:
    Connections(Database writer, Database background)
        : writer_(std::move(writer)), background_(std::move(background)) {}
    void give_back(Database reader);

    Turns turns_;
    Database writer_;
    Database background_;
    std::mutex mutex_;
    std::vector<Database> idle_readers_;
};

}  // namespace vdc::store
