#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "model/log_text.h"

/// A backup of a datacenter's control state, as lines of text:
///
///     vdc-backup 1                    the number of the format
///     SUM papers {"program": ...}     what no record holds: keys, the API's token, notes
///     vdc-log 1                       from here on: an exported log without commits, so the
///     ...                             datacenter as of one revision (model/log_text.h)
///
/// Every line has its sum, the last one tells a whole file from one that was cut off, and the state
/// in the log's head a snapshot that is as it was. It holds secrets: files of it have mode 0600.
/// Volumes, images and what the guests hold are not in it, nor is the past.
namespace vdc::store {

inline constexpr int backup_format = 1;

/// What a controller has beside the records.
struct BackupPapers {
    std::string program;  ///< the version that wrote it
    base::Instant made;
    std::string datacenter;                ///< its id
    std::string host;                      ///< that wrote it, by name
    std::string tag;                       ///< of that machine (app::datacenter_tag)
    std::vector<std::string> controllers;  ///< where the API of each listens, "10.0.0.1:7443"
    std::string authority_certificate;     ///< the datacenter's, PEM
    std::string authority_key;
    std::string token;  ///< that opens the API over TLS; empty: there is none
    std::map<std::string, std::string> notes;  ///< of the store: keys of hosts, tokens for new ones
};

/// The lines before the log.
std::string text(const BackupPapers& papers);

/// Takes a backup apart, line by line.
class BackupReader {
  public:
    /// The next line, without its end. Errors: corrupt, with line and what to do; unsupported, of a
    /// newer format.
    base::Status take(std::string_view line);

    /// To be called after the last line: that all of it is there and all invariants hold.
    base::Status finish() const;

    const BackupPapers& papers() const { return papers_; }
    const model::LogReplay& records() const { return records_; }

  private:
    base::Status take_papers(std::string_view line);

    std::uint64_t line_ = 0;
    BackupPapers papers_;
    model::LogReplay records_;
};

/// A backup from a file, whole. Errors also: not_found, and unsupported, when a newer version than
/// `program` wrote it.
base::Result<BackupReader> read_backup(const std::string& path, const std::string& program);

}  // namespace vdc::store
