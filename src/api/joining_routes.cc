#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "runtime/log.h"

/// How a machine becomes a host, and how it stays one (docs/joining.md).
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using wire::Method;

static constexpr std::size_t body_size_max = 16 << 10;

/// What is answered, or why not.
using Paper = std::function<Result<Json>(Joining& joining)>;

static void answer(const CallPtr& call, int status, const Result<Json>& json) {
    if (!json.ok()) return call->refuse(json.error());
    call->answer_json(status, base::dump(*json) + "\n");
}

/// On the engine's loop, which Joining is used by.
static void decide(Desk& desk, const CallPtr& call, int status, Paper paper) {
    if (desk.joining == nullptr)
        return call->refuse(Error{Error::Code::unsupported, "no machine can join here"});
    desk.executor.post([&desk, call, status, paper = std::move(paper)] {
        answer(call, status, paper(*desk.joining));
    });
}

static Json papers_json(const std::string& host, const Joining::Papers& papers) {
    return Json::object({{"host", host},
                         {"datacenter", papers.datacenter},
                         {"certificate", papers.certificate},
                         {"authority", papers.authority},
                         {"expires", base::text(papers.expires)}});
}

static Json papers_schema() {
    return object_schema({{"host", text_schema("its name in the datacenter")},
                          {"datacenter", text_schema("its id")},
                          {"certificate", text_schema("of the host, PEM, for its own key")},
                          {"authority", text_schema("the certificate to trust, PEM")},
                          {"expires", text_schema("when the certificate does")}});
}

static Json request_schema() {
    return text_schema("a signing request (PKCS #10, PEM) of a key on the curve P-256");
}

/// A member that must be a text.
static Result<std::string> text_in(const Json& body, const std::string& name) {
    if (body.at(name).is(Json::Kind::text)) return body.at(name).text();
    return Error{Error::Code::invalid, "'" + name + "' is missing, or is no text"};
}

static Joining::As wanted(const Json& body) {
    return body.boolean_at("controller") ? Joining::As::controller : Joining::As::host;
}

// ---- tokens

static Result<Json> issue_token(Joining& joining, const std::string& lifetime, Joining::As as,
                                base::Instant now) {
    const base::Duration good_for = TRY(base::parse_duration(lifetime));
    const wire::JoinToken token = TRY(joining.make_token(now, good_for, as));
    return Json::object({{"token", text(token).reveal()}, {"expires", base::text(now + good_for)}});
}

static Route token_route() {
    Route route{Method::post, "/v1/host-tokens", "issueHostToken", "joining",
                "Make a token with which one machine can become a host"};
    route.about = "It is told here and never again: only a hash of it is kept.";
    route.body = body_schema({{"for", text_schema("how long it is good: `1h` (without it), at most "
                                                  "`7d`")},
                              {"controller", flag_schema("whether it makes a controller, which "
                                                         "gets the datacenter's keys")}},
                             {});
    route.body_optional = true;
    route.keyed = false;
    route.answers = {{201, "The token.",
                      object_schema({{"token", text_schema("for `vdc join`")},
                                     {"expires", text_schema("the end of it")}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        const Json& given = call->body.at("for");
        if (!given.is_null() && !given.is(Json::Kind::text))
            return call->refuse(Error{Error::Code::invalid, "'for' must be a text such as 1h"});
        decide(desk, call, 201,
               [&desk, lifetime = call->body.text_at("for", "1h"),
                as = wanted(call->body)](Joining& joining) {
                   return issue_token(joining, lifetime, as, desk.executor.now());
               });
    };
    return route;
}

// ---- joining

static Result<Joining::Plea> plea_in(const Json& body) {
    Joining::Plea plea;
    plea.token = TRY(text_in(body, "token"));
    plea.host = TRY(text_in(body, "name"));
    plea.request = TRY(text_in(body, "request"));
    plea.as = wanted(body);
    return plea;
}

static Result<Json> join(Joining& joining, const Call& call, const model::Snapshot& datacenter,
                         base::Instant now) {
    const Joining::Plea plea = TRY(plea_in(call.body));
    const auto papers = TRY(joining.join(plea, datacenter, now));
    runtime::log().info("api", "a machine joined as host " + plea.host,
                        {{"peer", call.request.peer.address}, {"request_id", call.request.id}});
    return papers_json(plea.host, papers);
}

static void handle_join(Desk& desk, const CallPtr& call) {
    if (!desk.attempts.may_try(call->request.peer.address, std::chrono::steady_clock::now()))
        return call->refuse(
            429, Error{Error::Code::unavailable, "too many wrong tokens came from this address",
                       "wait a minute"});
    decide(desk, call, 201, [&desk, call](Joining& joining) {
        const std::string& peer = call->request.peer.address;
        Result<Json> joined = join(joining, *call, *desk.snapshot(), desk.executor.now());
        if (joined.ok()) return joined;
        runtime::log().warning("api", "a machine was not let in",
                               {{"peer", peer}, {"error", text(joined.error())}});
        desk.attempts.failed(peer, std::chrono::steady_clock::now());
        return joined;
    });
}

static Route join_route() {
    Route route{Method::post, "/v1/join", "joinHost", "joining", "Become a host of the datacenter"};
    route.about =
        "The token is the proof, and is used up by it. The name belongs to the key of the request "
        "from then on. Ten refusals within a minute, and the address has to wait (429).";
    route.access = Access::anybody;
    route.body_size_max = body_size_max;
    route.body = body_schema({{"token", text_schema("of /v1/host-tokens")},
                              {"name", text_schema("that the host shall have: a DNS label")},
                              {"request", request_schema()},
                              {"controller", flag_schema("whether it shall be a controller, too")}},
                             {"token", "name", "request"});
    route.keyed = false;
    route.answers = {{201, "What the host needs from now on.", papers_schema()}};
    route.handle = handle_join;
    return route;
}

// ---- staying

static Result<Json> renew(Joining& joining, const std::string& host, const Json& body,
                          base::Instant now) {
    const std::string request = TRY(text_in(body, "request"));
    return papers_json(host, TRY(joining.renew(host, request, now)));
}

static Route renew_route() {
    Route route{Method::post, "/v1/host-certificate", "renewHostCertificate", "joining",
                "Get a new certificate for the host that asks"};
    route.about = "For the same name and the same key; the old one stays good until its end.";
    route.access = Access::host;
    route.body_size_max = body_size_max;
    route.body = body_schema({{"request", request_schema()}}, {"request"});
    route.keyed = false;
    route.answers = {{201, "The new one.", papers_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        desk.admit_host(call, [&desk, call](const std::string& host) {
            answer(call, 201, renew(*desk.joining, host, call->body, desk.executor.now()));
        });
    };
    return route;
}

// ---- leaving

static Result<Json> revoke(Joining& joining, const std::string& host) {
    TRY(joining.revoke(host));
    runtime::log().info("api", "the certificate of host " + host + " opens nothing any more");
    return Json::object({{"host", host}});
}

static Route revoke_route() {
    Route route{Method::delete_, "/v1/host-keys/{host}", "revokeHostKey", "joining",
                "Shut a host out"};
    route.about =
        "Its certificate opens nothing from now on. What runs on it goes on. The same machine may "
        "join again with a new token; another one with that name, if the host never came up.";
    route.keyed = false;
    route.answers = {
        {200, "So it is.", object_schema({{"host", text_schema("that was shut out")}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        decide(desk, call, 200,
               [call](Joining& joining) { return revoke(joining, call->path_value()); });
    };
    return route;
}

void add_joining_routes(Routes& routes) {
    routes.push_back(token_route());
    routes.push_back(join_route());
    routes.push_back(renew_route());
    routes.push_back(revoke_route());
}

}  // namespace vdc::api
