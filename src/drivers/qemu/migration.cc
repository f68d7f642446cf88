#include "drivers/qemu/migration.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "base/text.h"
#include "drivers/qemu/block_graph.h"
#include "drivers/qemu/hotplug.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using control::DiskSpec;
using runtime::Fd;
using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

static constexpr std::string_view disk_prefix = "disk";
static constexpr std::string_view job_prefix = "move-";

std::string disk_channel(int slot) {
    return std::string(disk_prefix) + std::to_string(slot);
}

bool is_disk_channel(const std::string& channel) {
    const std::string digits = channel.substr(std::min(channel.size(), disk_prefix.size()));
    return channel.starts_with(disk_prefix) && !digits.empty() && digits.size() <= 2 &&
           digits.find_first_not_of("0123456789") == std::string::npos;
}

/// Under which the far disk is known to this QEMU, and the job that copies to it.
static std::string job_of(int slot) {
    return std::string(job_prefix) + disk_channel(slot);
}

static Status ask(Qmp& qmp, const char* command, Json arguments = Json::object()) {
    TRY(qmp.execute(command, std::move(arguments)));
    return {};
}

/// Every one is said each time: a QEMU that came by a move still has those that it came with.
static Status set_capabilities(Qmp& qmp, bool sends) {
    Json list = Json::array();
    const auto add = [&](const char* name, bool on) {
        list.push(Json::object({{"capability", name}, {"state", on}}));
    };
    add("events", true);
    add("pause-before-switchover", sends);
    add("auto-converge", sends);
    add("late-block-activate", !sends);
    for (const char* unused : {"xbzrle", "multifd", "postcopy-ram", "return-path", "compress"})
        add(unused, false);
    return ask(qmp, "migrate-set-capabilities", Json::object({{"capabilities", std::move(list)}}));
}

static Status hand(Qmp& qmp, const Fd& fd, const std::string& name) {
    TRY(qmp.execute("getfd", Json::object({{"fdname", name}}), 10s, fd.get()));
    return {};
}

static Json address_of(const std::string& name) {
    return Json::object({{"type", "fd"}, {"data", Json::object({{"str", name}})}});
}

/// The node that the guest writes to.
static Result<std::string> top_node(Qmp& qmp, const DiskSpec& disk) {
    return node_name(disk.slot, TRY(layers(qmp, disk)) - 1);
}

// ---- the receiver ------------------------------------------------------------------------------

static Status export_disk(Qmp& qmp, const DiskSpec& disk) {
    const std::string top = TRY(top_node(qmp, disk));
    return ask(qmp, "block-export-add",
               Json::object({{"type", "nbd"},
                             {"id", job_of(disk.slot)},
                             {"node-name", top},
                             {"name", disk_channel(disk.slot)},
                             {"writable", true}}));
}

Status begin_receiving(Qmp& qmp, const std::vector<DiskSpec>& disks, const Fd& listener,
                       const Fd& memory) {
    TRY(set_capabilities(qmp, /*sends=*/false));
    if (!disks.empty()) {
        TRY(hand(qmp, listener, "disks"));
        TRY(ask(qmp, "nbd-server-start", Json::object({{"addr", address_of("disks")}})));
    }
    for (const DiskSpec& disk : disks) TRY(export_disk(qmp, disk));
    TRY(hand(qmp, memory, memory_channel));
    return ask(qmp, "migrate-incoming",
               Json::object({{"uri", std::string("fd:") + memory_channel}}));
}

Status end_receiving(Qmp& qmp) {
    const Json exports = TRY(qmp.execute("query-block-exports"));
    if (items_of(exports).empty()) return {};
    return ask(qmp, "nbd-server-stop");
}

// ---- the sender: beginning ---------------------------------------------------------------------

Status begin_mirror(Qmp& qmp, const DiskSpec& disk, const Fd& channel) {
    const std::string name = disk_channel(disk.slot);
    TRY(hand(qmp, channel, name));
    TRY(ask(qmp, "blockdev-add",
            Json::object({{"driver", "nbd"},
                          {"node-name", job_of(disk.slot)},
                          {"server", Json::object({{"type", "fd"}, {"str", name}})},
                          {"export", name},
                          {"discard", "unmap"}})));
    constexpr int with_an_image = 2;
    const bool on_an_image = TRY(layers(qmp, disk)) == with_an_image;
    const std::string top = TRY(top_node(qmp, disk));
    return ask(qmp, "blockdev-mirror",
               Json::object({{"job-id", job_of(disk.slot)},
                             {"device", top},
                             {"target", job_of(disk.slot)},
                             {"sync", on_an_image ? "top" : "full"},
                             {"copy-mode", "background"}}));
}

Status begin_memory(Qmp& qmp, const Fd& channel) {
    constexpr std::int64_t bytes_per_second = std::int64_t{10} << 30;
    constexpr std::int64_t pause_ms = 300;
    TRY(set_capabilities(qmp, /*sends=*/true));
    TRY(ask(qmp, "migrate-set-parameters",
            Json::object({{"max-bandwidth", bytes_per_second}, {"downtime-limit", pause_ms}})));
    TRY(hand(qmp, channel, memory_channel));
    return ask(qmp, "migrate", Json::object({{"uri", std::string("fd:") + memory_channel}}));
}

// ---- the sender: how far it is -----------------------------------------------------------------

static Result<std::vector<Json>> mirrors_of(Qmp& qmp) {
    const Json jobs = TRY(qmp.execute("query-block-jobs"));
    std::vector<Json> mirrors;
    for (const Json& job : items_of(jobs))
        if (job.text_at("device").starts_with(job_prefix)) mirrors.push_back(job);
    return mirrors;
}

static void add_memory(const Json& migration, Sending& sending) {
    const Json& ram = migration.at("ram");
    sending.left += ram.integer_at("remaining");
    sending.total += ram.integer_at("transferred") + ram.integer_at("remaining");
}

static Sending::Stage stage_of(const std::string& status) {
    using Stage = Sending::Stage;
    if (status == "completed") return Stage::sent;
    if (status == "pre-switchover") return Stage::stands_still;
    const bool over = status == "failed" || status == "cancelled" || status == "cancelling";
    return over ? Stage::failed : Stage::memory;
}

Result<Sending> look_at_sending(Qmp& qmp, std::size_t mirrors, bool memory_began) {
    Sending sending;
    const std::vector<Json> jobs = TRY(mirrors_of(qmp));
    bool ready = true;
    for (const Json& job : jobs) {
        ready &= job.boolean_at("ready");
        sending.total += job.integer_at("len");
        sending.left += job.integer_at("len") - job.integer_at("offset");
    }
    if (!memory_began) {
        sending.stage = ready ? Sending::Stage::mirrored : Sending::Stage::mirroring;
    } else {
        const Json migration = TRY(qmp.execute("query-migrate"));
        sending.stage = stage_of(migration.text_at("status"));
        sending.trouble = migration.text_at("error-desc");
        sending.pause = Milliseconds(migration.integer_at("downtime"));
        add_memory(migration, sending);
    }
    const bool needs_mirrors = sending.stage != Sending::Stage::sent;
    if (needs_mirrors && jobs.size() < mirrors) {
        sending.stage = Sending::Stage::failed;
        sending.trouble = "the copy of a disk broke off";
    }
    return sending;
}

// ---- the sender: ending ------------------------------------------------------------------------

/// Asks again until it holds. What is awaited takes milliseconds and has no single event.
template <class Holds>
static Status await(Milliseconds limit, std::string_view what, Holds holds) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const bool it_does = TRY(holds());
        if (it_does) return {};
        if (std::chrono::steady_clock::now() >= deadline)
            return Error{Error::Code::timed_out,
                         std::string("QEMU does not come to ").append(what)};
        std::this_thread::sleep_for(2ms);
    }
}

static Status end_mirrors(Qmp& qmp, bool by_force, Milliseconds limit) {
    for (const Json& job : TRY(mirrors_of(qmp))) {
        const auto cancelled =
            qmp.execute("block-job-cancel",
                        Json::object({{"device", job.text_at("device")}, {"force", by_force}}));
        // It may have ended by itself meanwhile; whether it stands is asked below.
        if (!cancelled && !by_force) return cancelled.error();
    }
    return await(limit, "the end of the disks' copies",
                 [&]() -> Result<bool> { return TRY(mirrors_of(qmp)).empty(); });
}

static Status drop_far_disks(Qmp& qmp) {
    const Json nodes = TRY(qmp.execute("query-named-block-nodes", Json::object({{"flat", true}})));
    for (const Json& node : items_of(nodes))
        if (const std::string name = node.text_at("node-name"); name.starts_with(job_prefix))
            TRY(ask(qmp, "blockdev-del", Json::object({{"node-name", name}})));
    return {};
}

/// Waits until the sending has one of the states that `is_it` knows; which one.
template <class IsIt>
static Result<std::string> await_status(Qmp& qmp, Milliseconds limit, IsIt is_it) {
    std::string status;
    const auto ask_for_it = [&]() -> Result<bool> {
        const Json migration = TRY(qmp.execute("query-migrate"));
        status = migration.text_at("status");
        return is_it(status);
    };
    TRY(await(limit, "the end of the sending", ask_for_it));
    return status;
}

Status finish_sending(Qmp& qmp, Milliseconds limit) {
    TRY(end_mirrors(qmp, /*by_force=*/false, limit));
    TRY(drop_far_disks(qmp));
    TRY(ask(qmp, "migrate-continue", Json::object({{"state", "pre-switchover"}})));
    const std::string status = TRY(await_status(qmp, limit, [](const std::string& now) {
        const Sending::Stage stage = stage_of(now);
        return stage == Sending::Stage::sent || stage == Sending::Stage::failed;
    }));
    if (stage_of(status) == Sending::Stage::sent) return {};
    return Error{Error::Code::failed, "the rest of the guest could not be sent"};
}

Status abandon_sending(Qmp& qmp) {
    constexpr Milliseconds limit = 10s;
    TRY(ask(qmp, "migrate_cancel"));
    TRY(await_status(qmp, limit, [](const std::string& now) {
        return now.empty() || now == "none" || now == "completed" || now == "failed" ||
               now == "cancelled";
    }));
    TRY(end_mirrors(qmp, /*by_force=*/true, limit));
    return drop_far_disks(qmp);
}

}  // namespace vdc::drivers::qemu
