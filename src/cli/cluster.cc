#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/actions.h"
#include "cli/output.h"

/// The controllers of a datacenter (docs/controllers.md).
namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static void note(const Session& session, const std::string& line) {
    if (!session.common().quiet) std::fprintf(stderr, "%s\n", line.c_str());
}

/// The daemon begins anew and is not there for a moment, so each look has a connection of its own.
static Status await_leader(const Session& session) {
    constexpr auto most = std::chrono::seconds(90);
    const auto end = std::chrono::steady_clock::now() + most;
    bool was_away = false;
    while (std::chrono::steady_clock::now() < end) {
        const auto cluster = Session(session.common()).get("/v1/cluster");
        const bool several = cluster.ok() && cluster->boolean_at("several");
        if (several && !cluster->text_at("leader").empty()) return {};
        was_away = was_away || !cluster.ok() || several;
        if (cluster.ok() && !several && was_away)
            return Error{Error::Code::failed, "the datacenter has one controller, as before",
                         "its log (vdc.log in its data folder) says why"};
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return Error{Error::Code::timed_out, "no controller leads yet",
                 "its log (vdc.log in its data folder) says what it is at; instances go on"};
}

int cluster_init(Session& session) {
    const auto begun = session.send(wire::Method::post, "/v1/cluster", {});
    if (!begun.ok()) return say(begun.error());
    const Status done = await_leader(session);
    if (!done.ok()) return say(done.error());
    note(
        session,
        "the datacenter may have several controllers now: `vdc host token --controller` here, then "
        "`vdc join ADDRESS:PORT --token - --controller --listen ADDRESS:PORT` there");
    return 0;
}

int cluster_status(Session& session) {
    const auto cluster = session.get("/v1/cluster");
    if (!cluster.ok()) return say(cluster.error());
    static const std::vector<Column> columns = {{"name", "name"},       {"role", "role"},
                                                {"address", "address"}, {"answers", "answers"},
                                                {"behind", "behind"},   {"heard", "heard"}};
    const auto format = parse_format(session.common().format);
    const bool table = format.ok() && *format == Format::table;
    const auto text = table ? shown(cluster->at("controllers"), columns, session.common())
                            : shown_one(*cluster, {}, session.common());
    if (!text.ok()) return say(text.error());
    std::fputs(text->c_str(), stdout);
    return 0;
}

int cluster_check(Session& session) {
    constexpr int something_found = 5;
    const auto cluster = session.get("/v1/cluster");
    if (!cluster.ok()) return say(cluster.error());
    const Json& findings = cluster->at("findings");
    if (!findings.is(Json::Kind::array) || findings.items().empty()) {
        note(session, "all controllers answer; " + cluster->text_at("leader") + " leads");
        return 0;
    }
    for (const Json& each : findings.items()) std::printf("%s\n", each.text().c_str());
    return something_found;
}

int cluster_remove(Session& session, const std::string& name) {
    const auto removed =
        session.send(wire::Method::delete_, "/v1/controllers/" + wire::percent_encoded(name), {});
    if (!removed.ok()) return say(removed.error());
    note(session, name + " is no controller any more");
    return 0;
}

}  // namespace vdc::cli
