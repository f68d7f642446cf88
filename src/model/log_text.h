#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/commit.h"

/// The log as lines of text, for files: what `vdc log export` writes and `vdc replay FILE` reads.
///
///     vdc-log 1                                  the number of the format
///     SUM head {"program": ..., "from": ..., "to": ..., "at": ..., "until": ...,
///               "state": "..."}
///     SUM record flavor {"id": ...}              the datacenter at `from`, a record a line
///     SUM commit {"revision": ...}               every commit after it up to `to`, in order
///     SUM end {"records": ..., "commits": ...}
///
/// SUM is 16 hexadecimal digits over what follows it (base::Hasher): a disk or an editor that
/// changed a line is found out. The last line tells a whole file from one that was cut off, and
/// the state in the head a history that came out as it was from one that did not.
namespace vdc::model {

inline constexpr int log_format = 1;

struct LogHead {
    std::string program;  ///< the version that wrote it
    Revision from = 0;    ///< whose state stands at the beginning
    Revision to = 0;      ///< to which the commits lead
    Instant at;           ///< when `from` was committed
    Instant until;        ///< to which moment `to` was the latest revision, at least
    base::Hash128 state;  ///< hash_of() the datacenter at `to`, as its writer had it
};

struct LogCounts {
    std::uint64_t records = 0;
    std::uint64_t commits = 0;
    friend bool operator==(const LogCounts&, const LogCounts&) = default;
};

// ---- writing: each appends whole lines ---------------------------------------------------------

void write_log_head(std::string& out, const LogHead& head);
template <class R>
void write_log_record(std::string& out, const R& record);
void write_log_commit(std::string& out, const Commit& commit);
void write_log_end(std::string& out, const LogCounts& counts);

// ---- reading -----------------------------------------------------------------------------------

/// Goes through such lines and makes the datacenter anew from them. Errors name line and column
/// (in bytes, from 1); what was applied before stays applied.
class LogReplay {
  public:
    /// Takes the next line, without its end. The commit that it holds, for apply(); or nullptr.
    /// `unsupported` for a newer format, `corrupt` for what is no line of a log.
    base::Result<const Commit*> take(std::string_view line);

    /// Applies the commit that take() gave. An error means that it does not fit the state.
    base::Status apply();

    /// To be called after the last line: that nothing is missing, and that the state is the one
    /// the writer had.
    base::Status arrived() const;

    /// And that all invariants hold.
    base::Status finish() const;

    const std::optional<LogHead>& head() const { return head_; }
    const Snapshot& snapshot() const { return snapshot_; }
    const LogCounts& counts() const { return counts_; }
    std::uint64_t changes() const { return changes_; }

  private:
    base::Status take_head(std::string_view content);
    base::Status take_record(std::string_view content);
    base::Status take_commit(std::string_view content);
    base::Status take_end(std::string_view content);
    base::Status take_content(std::string_view content);
    base::Error wrong(std::size_t column, const std::string& what, std::string hint = {}) const;
    base::Error unreadable(std::string_view line, std::string_view json,
                           const base::Error& error) const;

    std::uint64_t line_ = 0;
    std::string_view text_;  ///< the line that is being taken
    std::optional<LogHead> head_;
    Snapshot snapshot_;
    Commit commit_;
    bool has_commit_ = false;
    LogCounts counts_;
    std::uint64_t changes_ = 0;
    bool ended_ = false;
};

}  // namespace vdc::model
