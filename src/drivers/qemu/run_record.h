#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "control/effects.h"
#include "drivers/qemu/command_line.h"

namespace vdc::drivers::qemu {

/// What a daemon that comes later must know of one run of an instance: run.json in the run's
/// folder, written before the guest executes its first instruction. The disks that are attached
/// are not in it: QEMU itself knows them (block_graph.h).
struct RunRecord {
    model::InstanceId instance;
    model::Generation generation = 0;
    std::string name;
    std::int64_t pid = 0;
    std::uint64_t start_time = 0;  ///< of the process: see jail::Process
    std::string cgroup;
    std::uint32_t uid = 0;
    Accelerator accelerator = Accelerator::tcg;
    control::Instant started;
    control::Wishes wishes;
    int slots = 0;  ///< disks may be plugged into
    std::vector<control::CardSpec> cards;
    bool received = false;          ///< it waits for a guest of another host, or has it and waits
    model::Generation sending = 0;  ///< to the run of that generation; 0: not at all

    /// Why it is about to end, written before the end; or how it ended.
    std::optional<control::Ending> ending;
    std::string ending_detail;
    bool ended = false;  ///< its process is gone and was seen to be gone

    friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

base::Json encode(const RunRecord& record);
/// corrupt, naming the member that is missing or of the wrong kind. Unknown members are ignored.
base::Result<RunRecord> decode(const base::Json& json);

}  // namespace vdc::drivers::qemu
