#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "control/effects.h"
#include "drivers/networks/daemons.h"

/// What a front's folder remembers. Before anything changes it is written with `whole` false and
/// every opening that is or will be there; when the change is done, with `whole` true. So whatever
/// was begun can be taken back, and whatever is called done is done.
namespace vdc::drivers::fronts {

struct Opening {
    base::Ipv4 address;
    std::uint16_t port = 0;
    friend auto operator<=>(const Opening&, const Opening&) = default;
};

struct Record {
    bool whole = false;
    base::Hash128 applied;  ///< fingerprint of the spec in force
    base::Hash128 shape;    ///< the same without backends
    networks::Daemon master;
    std::vector<Opening> openings;
    std::vector<control::BackendSpec> backends;
    friend bool operator==(const Record&, const Record&) = default;
};

base::Hash128 shape_of(const control::FrontSpec& front);

std::string write_record(const Record& record);
/// Nothing when the text is not whole.
std::optional<Record> read_record(const std::string& text);

}  // namespace vdc::drivers::fronts
