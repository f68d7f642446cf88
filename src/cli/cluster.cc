#include <chrono>
#include <thread>

#include "cli/actions.h"
#include "cli/output.h"

/// The controllers of a datacenter (docs/controllers.md).
namespace vdc::cli {

using base::Error;
using base::Json;
using base::Status;

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
    return attempt([&]() -> Status {
        TRY(session.send(wire::Method::post, "/v1/cluster", {}));
        TRY(await_leader(session));
        note(session,
             "the datacenter may have several controllers now: `vdc host token --controller` here, "
             "then `vdc join ADDRESS:PORT --token - --controller --listen ADDRESS:PORT` there");
        return {};
    });
}

int cluster_status(Session& session) {
    static const std::vector<Column> columns = {{"name", "name"},       {"role", "role"},
                                                {"address", "address"}, {"answers", "answers"},
                                                {"behind", "behind"},   {"heard", "heard"}};
    return attempt([&]() -> Status {
        const Json cluster = TRY(session.get("/v1/cluster"));
        const bool table = TRY(parse_format(session.common().format)) == Format::table;
        put(table ? TRY(shown(cluster.at("controllers"), columns, session.common()))
                  : TRY(shown_one(cluster, {}, session.common())));
        return {};
    });
}

int cluster_check(Session& session) {
    bool sound = true;
    const int code = attempt([&]() -> Status {
        const Json cluster = TRY(session.get("/v1/cluster"));
        const Json& findings = cluster.at("findings");
        sound = !findings.is(Json::Kind::array) || findings.items().empty();
        if (sound)
            note(session, "all controllers answer; " + cluster.text_at("leader") + " leads");
        else
            for (const Json& each : findings.items()) put(each.text() + "\n");
        return {};
    });
    constexpr int something_found = 5;
    return code == 0 && !sound ? something_found : code;
}

int cluster_remove(Session& session, const std::string& name) {
    return attempt([&]() -> Status {
        TRY(session.send(wire::Method::delete_, "/v1/controllers/" + wire::percent_encoded(name),
                         {}));
        note(session, name + " is no controller any more");
        return {};
    });
}

}  // namespace vdc::cli
