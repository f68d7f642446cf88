#include "store/sqlite/connections.h"

namespace vdc::store {

using base::Result;

static constexpr std::size_t idle_readers_max = 4;

Turns::Turn Turns::take(For what) {
    std::unique_lock lock(mutex_);
    if (what == For::commit) {
        ++commits_waiting_;
        changed_.wait(lock, [&] { return !taken_; });
        --commits_waiting_;
    } else {
        changed_.wait(lock, [&] { return !taken_ && commits_waiting_ == 0; });
    }
    taken_ = true;
    return Turn(*this);
}

void Turns::end() {
    {
        const std::lock_guard lock(mutex_);
        taken_ = false;
    }
    changed_.notify_all();
}

Result<std::unique_ptr<Connections>> Connections::open(const std::string& path,
                                                       Database::Durability durability) {
    Database writer = TRY(Database::open(path, durability));
    Database background = TRY(Database::open(path, Database::Durability::process));
    return std::unique_ptr<Connections>(new Connections(std::move(writer), std::move(background)));
}

Result<Connections::Loan> Connections::reader() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_readers_.empty()) {
            Database reader = std::move(idle_readers_.back());
            idle_readers_.pop_back();
            return Loan(*this, std::move(reader));
        }
    }
    Database reader = TRY(Database::open(writer_.path(), Database::Durability::process));
    TRY(reader.run("PRAGMA query_only=1"));
    return Loan(*this, std::move(reader));
}

void Connections::give_back(Database reader) {
    const std::lock_guard lock(mutex_);
    if (idle_readers_.size() < idle_readers_max) idle_readers_.push_back(std::move(reader));
}

}  // namespace vdc::store
