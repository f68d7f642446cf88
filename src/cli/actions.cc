#include "cli/actions.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/text.h"
#include "cli/fields.h"
#include "cli/glance.h"
#include "cli/manifest.h"
#include "runtime/files.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static std::string path_of(const NounCommand& noun, const std::string& name) {
    return noun.path + "/" + name;
}

int list(Session& session, const NounCommand& noun) {
    return attempt([&]() -> Status {
        const Json items = TRY(session.list(noun.path));
        const auto past = TRY(session.moment());
        const auto now = past ? std::optional(past->at) : std::nullopt;
        put(TRY(shown(items, noun.columns, session.common(), now)));
        return {};
    });
}

int show(Session& session, const NounCommand& noun, const std::string& name) {
    return attempt([&]() -> Status {
        const Json item = TRY(session.get(path_of(noun, name)));
        put(TRY(shown_one(item, noun.columns, session.common())));
        return {};
    });
}

/// After a change: waits, then shows the thing as it is now; with --async the operation's id.
static Status conclude(Session& session, const NounCommand& noun, const Json& answer) {
    TRY(session.wait(answer));
    const std::string name = answer.at("item").text_at("name");
    if (session.common().async) {
        put(answer.at("operation").text_at("id") + "\n");
        return {};
    }
    if (session.common().format == "table") {
        note(session,
             noun.one + " " + name + ": " + answer.at("operation").at("declared").text_at("goal"));
        return {};
    }
    const Json item = TRY(session.get(path_of(noun, answer.at("item").text_at("id"))));
    put(TRY(shown_one(item, noun.columns, session.common())));
    return {};
}

int create(Session& session, const NounCommand& noun, const std::string& name,
           const std::vector<std::string>& fields) {
    return attempt([&]() -> Status {
        Json body = TRY(parse_fields(fields));
        body.set("name", name);
        return conclude(session, noun, TRY(session.send(wire::Method::post, noun.path, body)));
    });
}

int edit(Session& session, const NounCommand& noun, const std::string& name,
         const std::vector<std::string>& fields) {
    return attempt([&]() -> Status {
        const Json patch = TRY(parse_fields(fields));
        if (patch.members().empty())
            return Error{Error::Code::invalid, "nothing to change was given",
                         "fields are written --NAME VALUE: " + noun.fields};
        return conclude(session, noun,
                        TRY(session.send(wire::Method::patch, path_of(noun, name), patch)));
    });
}

int remove(Session& session, const NounCommand& noun, const std::vector<std::string>& names) {
    return attempt([&]() -> Status {
        for (const std::string& name : names) {
            const Json answer = TRY(session.send(wire::Method::delete_, path_of(noun, name), {}));
            TRY(session.wait(answer));
            note(session,
                 noun.one + " " + name + (session.common().async ? ": will be gone" : ": gone"));
        }
        return {};
    });
}

int act(Session& session, const NounCommand& noun, const std::string& name, const std::string& verb,
        const Json& body) {
    return attempt([&]() -> Status {
        return conclude(
            session, noun,
            TRY(session.send(wire::Method::post, path_of(noun, name) + "/" + verb, body)));
    });
}

static Json move_wish(const std::string& to) {
    return to.empty() ? Json::object() : Json::object({{"to", to}});
}

int migrate(Session& session, const NounCommand& noun, const std::string& name,
            const std::string& to) {
    return attempt([&]() -> Status {
        const std::string path = path_of(noun, name);
        const Json answer = TRY(session.send(wire::Method::post, path + "/migrate", move_wish(to)));
        if (session.common().async || session.common().format != "table")
            return conclude(session, noun, answer);
        TRY(session.wait(answer));
        const Json item = TRY(session.get(path));
        note(session, noun.one + " " + item.text_at("name") + ": runs on " +
                          item.at("view").text_at("host"));
        return {};
    });
}

static void tell_move(const Json& plan) {
    const std::string who = plan.text_at("name");
    if (plan.at("to").is_null()) return put(who + " cannot move: " + plan.text_at("why") + "\n");
    put(who + " would move from " + plan.text_at("from") + " to " + plan.text_at("to") + ": " +
        plan.text_at("why") + "\nin at most about " + plan.text_at("takes") +
        ", at the end of which it stands still for about " + plan.text_at("pause") + "\n");
}

int migrate_plan(Session& session, const NounCommand& noun, const std::string& name,
                 const std::string& to) {
    constexpr int cannot_move = 5;
    bool can = false;
    const int code = attempt([&]() -> Status {
        Json wish = move_wish(to);
        wish.set("plan", true);
        const Json plan =
            TRY(session.send(wire::Method::post, path_of(noun, name) + "/migrate", wish));
        can = !plan.at("to").is_null();
        if (TRY(parse_format(session.common().format)) == Format::table)
            tell_move(plan);
        else
            put(TRY(shown_one(plan, {}, session.common())));
        return {};
    });
    return code == 0 && !can ? cannot_move : code;
}

int drain_plan(Session& session, const std::string& host) {
    static const std::vector<Column> columns{
        {"instance", "name"}, {"action", "action"}, {"to", "to"}, {"why", "why"}};
    return attempt([&]() -> Status {
        const Json plan = TRY(session.get("/v1/hosts/" + host + "/drain"));
        put(TRY(shown(plan.at("moves"), columns, session.common())));
        return {};
    });
}

int host_token(Session& session, const std::string& lifetime, bool for_controller) {
    return attempt([&]() -> Status {
        Json wish = Json::object({{"for", lifetime}});
        if (for_controller) wish.set("controller", true);
        const Json answer = TRY(session.send(wire::Method::post, "/v1/host-tokens", wish));
        put(answer.text_at("token") + "\n");
        note(session, "good until " + answer.text_at("expires") +
                          ", for one machine: `vdc join ADDRESS:PORT --token -` there reads it");
        return {};
    });
}

int host_revoke(Session& session, const std::string& host) {
    return attempt([&]() -> Status {
        TRY(session.send(wire::Method::delete_, "/v1/host-keys/" + wire::percent_encoded(host),
                         {}));
        note(session, "host " + host + ": its certificate opens nothing any more");
        return {};
    });
}

int import_image(Session& session, const std::string& name, const std::string& file,
                 const std::string& format, const std::string& sha256) {
    return attempt([&]() -> Status {
        if (!runtime::exists(file))
            return Error{Error::Code::not_found, "there is no file '" + file + "'"};
        Json body = Json::object({{"name", name}, {"format", format}});
        if (!sha256.empty()) body.set("sha256", sha256);
        TRY(session.send(wire::Method::post, "/v1/images", body));
        auto sent = session.upload("/v1/images/" + name + "/data", file);
        const Status arrived = sent.ok() ? session.wait(*sent) : Status(sent.error());
        if (!arrived.ok()) {
            // Nothing half-made stays: an image that could not be imported is of no use.
            const auto gone = session.send(wire::Method::delete_, "/v1/images/" + name, {});
            Error error = arrived.error();
            if (!gone.ok() || !session.wait(*gone).ok())
                error.hint = "remove what is left with `vdc image delete " + name + "`";
            return error;
        }
        note(session, "image " + name + ": ready");
        return {};
    });
}

/// 0 no change, 1 changes, 255 error, as `nomad plan` has it.
static int show_plan(const Json& results) {
    bool changes = false;
    for (const Json& result : results.items()) {
        const std::string action = result.text_at("action");
        changes |= action != "none";
        put((action == "create"   ? "+ "
             : action == "update" ? "~ "
                                  : "  ") +
            result.text_at("kind") + " " + result.text_at("name") + ": " + action + "\n");
        if (!result.at("differences").is(Json::Kind::array)) continue;
        for (const Json& difference : result.at("differences").items())
            put("    " + difference.text_at("field") + ": " + dump(difference.at("from")) + " -> " +
                dump(difference.at("to")) + "\n");
    }
    return changes ? 1 : 0;
}

int apply(Session& session, const std::string& file, bool plan) {
    int planned = 0;
    const int code = attempt([&]() -> Status {
        Json items = Json::array(TRY(read_manifest(file)));
        const Json answer = TRY(session.send(wire::Method::post, "/v1/apply",
                                             Json::object({{"documents", items}, {"plan", plan}})));
        if (plan) {
            planned = show_plan(answer.at("results"));
            return {};
        }
        for (const Json& result : answer.at("results").items())
            note(session,
                 result.text_at("kind") + " " + result.text_at("name") + ": " +
                     (result.text_at("action") == "none" ? "unchanged"
                                                         : result.text_at("action") + "d"));
        for (const Json& operation : answer.at("operations").items()) {
            const std::string id =
                operation.is(Json::Kind::text) ? operation.text() : operation.text_at("id");
            if (!session.common().async) TRY(session.wait_for_operation(id));
        }
        return {};
    });
    if (plan && code != 0) return 255;
    return plan ? planned : code;
}

/// The nouns whose things people ask about, in the order in which a bare name is looked for.
static Result<Json> find_anything(Session& session, const std::string& name,
                                  const std::string& tail) {
    for (const char* path :
         {"/v1/instances/", "/v1/apps/", "/v1/volumes/", "/v1/images/", "/v1/networks/"}) {
        auto found = session.get(path + name + tail);
        if (found.ok() || found.error().code != Error::Code::not_found) return found;
    }
    return Error{Error::Code::not_found, "nothing here is called '" + base::quoted(name, 80) + "'",
                 "`vdc instance list` and `vdc app list` show what there is"};
}

int why(Session& session, const std::string& name) {
    return attempt([&]() -> Status {
        const Json answer = TRY(find_anything(session, name, "/why"));
        if (TRY(parse_format(session.common().format)) != Format::table) {
            put(TRY(shown_one(answer, {}, session.common())));
            return {};
        }
        for (const Json& each : answer.at("sentences").items())
            put(each.text_at("at").substr(0, 23) + "Z  " + base::quoted(each.text_at("text"), 400) +
                "  [" + each.text_at("actor") + "]\n");
        const std::string placed = answer.at("placement").text_at("sentence");
        if (!placed.empty()) put("placed: " + placed + "\n");
        put("now: " + answer.text_at("now") + "\n");
        return {};
    });
}

static std::string thousandths(const Json& answer, const char* field) {
    return std::to_string(answer.integer_at(field));
}

int balance_plan(Session& session) {
    static const std::vector<Column> columns{
        {"instance", "name"}, {"from", "from"},   {"to", "to"},  {"aim", "aim"},
        {"gain", "gain"},     {"takes", "takes"}, {"why", "why"}};
    return attempt([&]() -> Status {
        const Json answer = TRY(session.get("/v1/balance"));
        if (TRY(parse_format(session.common().format)) != Format::table) {
            put(TRY(shown_one(answer, {}, session.common())));
            return {};
        }
        put(TRY(shown(answer.at("moves"), columns, session.common())));
        const std::string waits = answer.text_at("waits");
        const std::string now = "hosts are " + thousandths(answer, "unevenness") +
                                " thousandths of their room from the middle";
        note(session,
             answer.at("moves").items().empty()
                 ? now + "; " + (waits.empty() ? "no move is worth it" : "nothing moves: " + waits)
                 : now + ", " + thousandths(answer, "predicted") + " after these moves");
        return {};
    });
}

/// "disk of instance web", in words of the manifest.
static std::string words_of(const Json& change, const Json& documents) {
    const auto number = static_cast<std::size_t>(change.integer_at("document"));
    if (number >= documents.items().size()) return change.text_at("field");
    const Json& document = documents.items()[number];
    return change.text_at("field") + " of " + document.text_at("kind") + " " +
           document.text_at("name");
}

static std::string plain(const Json& value) {
    return value.is(Json::Kind::text) ? value.text() : dump(value);
}

static void tell_why_not(const Json& answer, const Json& documents) {
    const std::string who = answer.text_at("instance");
    put((who.empty() ? "" : who + ": ") + answer.text_at("sentence") + "\n");
    if (answer.boolean_at("fits")) return;
    bool first = true;
    for (const Json& each : answer.at("change").items())
        put((std::exchange(first, false) ? "it would fit with " : "              and with ") +
            words_of(each, documents) + ": " + plain(each.at("from")) + " -> " +
            plain(each.at("to")) + "\n");
    if (first) put("no smaller disk, flavor, number or promise was found that lets it in\n");
}

int why_not(Session& session, const std::string& file) {
    bool fits = false;
    const int code = attempt([&]() -> Status {
        const Json documents = Json::array(TRY(read_manifest(file)));
        const Json answer = TRY(session.send(wire::Method::post, "/v1/why-not",
                                             Json::object({{"documents", documents}})));
        fits = answer.boolean_at("fits");
        if (TRY(parse_format(session.common().format)) == Format::table)
            tell_why_not(answer, documents);
        else
            put(TRY(shown_one(answer, {}, session.common())));
        return {};
    });
    return code == 0 && !fits ? 5 : code;
}

int console_log(Session& session, const std::string& name, std::uint64_t bytes, bool follow) {
    constexpr auto silence_max = std::chrono::hours(24 * 365);  // an idle guest says nothing
    return attempt([&]() -> Status {
        wire::Query query;
        query.set("bytes", std::to_string(bytes));
        if (follow) query.set("follow", "true");
        return session.stream(
            "/v1/instances/" + name + "/log", query,
            [](std::string_view more) {
                put(more);
                std::fflush(stdout);
                return true;
            },
            silence_max);
    });
}

int events(Session& session, const std::string& about, bool follow) {
    static const std::vector<Column> columns{{"at", "at"},
                                             {"noun", "noun"},
                                             {"name", "name|id"},
                                             {"actor", "actor"},
                                             {"what", "reason"}};
    return attempt([&]() -> Status {
        wire::Query query;
        if (!about.empty())
            query.set("subject", TRY(find_anything(session, about, "")).text_at("id"));
        if (!follow) {
            query.set("limit", "50");
            Json page = TRY(session.get("/v1/events", query));
            Json items = page.at("items");
            if (items.is(Json::Kind::array))
                std::reverse(items.items().begin(), items.items().end());
            put(TRY(shown(items, columns, session.common())));
            return {};
        }
        std::string rest;
        return session.stream("/v1/watch", query, [&](std::string_view chunk) {
            rest += chunk;
            for (std::size_t end = rest.find('\n'); end != std::string::npos;
                 end = rest.find('\n')) {
                const std::string line = rest.substr(0, end);
                rest.erase(0, end + 1);
                if (!line.starts_with("data: ")) continue;
                const auto event = base::parse_json(std::string_view(line).substr(6));
                if (!event.ok()) continue;
                put(event->text_at("at") + "  " + event->text_at("noun") + "  " +
                    base::quoted(event->text_at("reason"), 400) + "\n");
                std::fflush(stdout);
            }
            return true;
        });
    });
}

int status(Session& session) {
    return attempt([&]() -> Status {
        const Json datacenter = TRY(session.get("/v1/datacenter"));
        const bool for_people = TRY(parse_format(session.common().format)) == Format::table &&
                                session.common().columns.empty();
        put(for_people ? glance(datacenter) : TRY(shown_one(datacenter, {}, session.common())));
        return {};
    });
}

int recoveries(Session& session, std::uint64_t limit) {
    return attempt([&]() -> Status {
        wire::Query query;
        query.set("limit", std::to_string(limit));
        const Json all = TRY(session.get("/v1/recoveries", query));
        const bool table = TRY(parse_format(session.common().format)) == Format::table;
        const std::vector<Column> columns{
            {"host", "host"},     {"lost", "lost"},     {"instance", "instance"},
            {"fate", "fate"},     {"by", "by"},         {"to", "to"},
            {"fenced", "fenced"}, {"placed", "placed"}, {"started", "started"},
            {"ready", "ready"},   {"sum", "sum"}};
        put(table ? TRY(shown(recovery_rows(all), columns, session.common()))
                  : TRY(shown_one(all, {}, session.common())));
        return {};
    });
}

int guarantee(Session& session) {
    bool covered = true;
    const int code = attempt([&]() -> Status {
        const Json plans = TRY(session.get("/v1/guarantee"));
        covered = plans.boolean_at("covered", true);
        const bool table = TRY(parse_format(session.common().format)) == Format::table;
        const std::vector<Column> columns{{"loss", "loss"},       {"protected", "protected"},
                                          {"others", "others"},   {"covered", "covered"},
                                          {"goes to", "goes to"}, {"spare memory", "spare"}};
        put(table ? TRY(shown(loss_rows(plans), columns, session.common()))
                  : TRY(shown_one(plans, {}, session.common())));
        return {};
    });
    constexpr int not_covered = 5;
    return code != 0 ? code : covered ? 0 : not_covered;
}

static const NounCommand* noun_named(const std::string& word) {
    for (const NounCommand& noun : noun_commands())
        if (noun.one == word) return &noun;
    return nullptr;
}

int wait_for(Session& session, const std::string& word, const std::string& name,
             const std::string& wanted) {
    return attempt([&]() -> Status {
        const NounCommand* noun = noun_named(word);
        if (noun == nullptr) return Error{Error::Code::invalid, "there is no noun '" + word + "'"};
        const auto end =
            std::chrono::steady_clock::now() + TRY(base::parse_duration(session.common().timeout));
        while (true) {
            const auto item = session.get(path_of(*noun, name));
            if (!item.ok() && item.error().code == Error::Code::not_found && wanted == "gone")
                return {};
            if (!item.ok()) return item.error();
            if (item->at("status").text_at("word") == wanted) return {};
            if (std::chrono::steady_clock::now() > end)
                return Error{Error::Code::timed_out,
                             word + " " + name + " is not " + wanted + ": it " +
                                 item->at("status").text_at("sentence"),
                             "`vdc why " + name + "` tells more"};
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    });
}

int moment(Session& session) {
    return attempt([&]() -> Status {
        const auto past = TRY(session.moment());
        put(TRY(shown_one(past->shown, {}, session.common())));
        return {};
    });
}

int raw(Session& session, const std::string& method_word, const std::string& path,
        const std::string& body) {
    std::string upper;
    for (const char c : method_word)
        upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto method = wire::method(upper);
    if (!method)
        return say({Error::Code::invalid, "'" + method_word + "' is no method",
                    "take GET, POST, PUT, PATCH or DELETE"});
    const auto response = session.raw(*method, path, body);
    if (!response.ok()) return say(response.error());
    put(response->body);
    if (!response->body.empty() && response->body.back() != '\n') put("\n");
    if (response->status < 300) return 0;
    return response->status == 404 ? 3 : 1;
}

int complete(Session& session, const std::string& word) {
    const NounCommand* noun = noun_named(word);
    const auto items = noun != nullptr ? session.list(noun->path) : Result<Json>(Json::array());
    if (items.ok())
        for (const Json& item : items->items()) put(item.text_at("name") + "\n");
    return 0;
}

}  // namespace vdc::cli
