#include "api/joining.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "runtime/log.h"
#include "runtime/random.h"

namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

// ---- what is kept

static constexpr const char* tokens_note = "join-tokens";

static std::string key_note(const std::string& host) {
    return "host-key/" + host;
}

namespace {
struct KeptToken {
    std::string hash;  ///< SHA-256 of the secret
    base::Instant expires;
    bool controls = false;  ///< it makes a controller
};

/// Of a host that joined.
struct KeptKey {
    std::string key;  ///< its fingerprint; empty: no machine joined with the name
    bool revoked = false;
    bool controls = false;  ///< it may be a controller
};
}  // namespace

static Result<KeptKey> kept_key(store::Store& store, const std::string& host) {
    const std::string note = TRY(store.note(key_note(host)));
    if (note.empty()) return KeptKey{};
    const Json json = TRY(base::parse_json(note));
    return KeptKey{json.text_at("key"), json.boolean_at("revoked"), json.boolean_at("controls")};
}

static Status keep_key(store::Store& store, const std::string& host, const KeptKey& key) {
    const Json json =
        Json::object({{"key", key.key}, {"revoked", key.revoked}, {"controls", key.controls}});
    return store.set_note(key_note(host), base::dump(json));
}

/// Those that are good at `now`.
static Result<std::vector<KeptToken>> kept_tokens(store::Store& store, base::Instant now) {
    std::vector<KeptToken> tokens;
    const std::string note = TRY(store.note(tokens_note));
    if (note.empty()) return tokens;
    const Json json = TRY(base::parse_json(note));
    for (const Json& each : json.items()) {
        const base::Instant expires = TRY(base::parse_instant(each.text_at("expires")));
        if (expires > now)
            tokens.push_back({each.text_at("hash"), expires, each.boolean_at("controls")});
    }
    return tokens;
}

static Status keep_tokens(store::Store& store, const std::vector<KeptToken>& tokens) {
    Json json = Json::array();
    for (const KeptToken& each : tokens)
        json.push(Json::object({{"hash", each.hash},
                                {"expires", base::text(each.expires)},
                                {"controls", each.controls}}));
    return store.set_note(tokens_note, base::dump(json));
}

// ---- tokens

Joining::Joining(store::Store& store, wire::Identity authority, std::string datacenter)
    : store_(store),
      authority_(std::move(authority)),
      fingerprint_(wire::fingerprint(authority_.certificate).value()),
      datacenter_(std::move(datacenter)) {}

Result<wire::JoinToken> Joining::make_token(base::Instant now, base::Duration lifetime, As as) {
    if (lifetime <= base::Duration::zero() || lifetime > token_lifetime_max)
        return Error{Error::Code::invalid, "a token cannot be good for " + base::text(lifetime),
                     "give up to " + base::text(token_lifetime_max)};
    std::vector<KeptToken> tokens = TRY(kept_tokens(store_, now));
    if (tokens.size() >= tokens_max)
        return Error{Error::Code::exhausted,
                     std::to_string(tokens.size()) + " tokens for new hosts are good now",
                     "use some of them, or wait until they expire"};
    wire::JoinToken token{runtime::random_token(), fingerprint_};
    tokens.push_back({wire::sha256(token.secret.reveal()), now + lifetime, as == As::controller});
    TRY(keep_tokens(store_, tokens));
    return token;
}

static Error no_such_token() {
    return {Error::Code::unauthenticated, "this token is unknown, was used already, or has expired",
            "`vdc host token` on a host of the datacenter makes a new one"};
}

// ---- names and keys

static Status check_name_is_free(const std::string& host, const KeptKey& remembered,
                                 const std::string& key, const model::Snapshot& datacenter) {
    if (remembered.key == key) return {};
    const bool taken = !remembered.key.empty() && !remembered.revoked;
    const bool recorded = datacenter.named<model::Host>(model::ProjectId{}, host) != nullptr;
    if (!taken && !recorded) return {};
    return Error{Error::Code::conflict,
                 "another machine is the host " + host + " of this datacenter",
                 "choose another name with --name; or, if that machine is gone for good, `vdc host "
                 "delete " +
                     host + "`, or `vdc host revoke " + host + "` if it never came up"};
}

Result<Joining::Papers> Joining::papers(const std::string& host, const std::string& request,
                                        base::Instant now) const {
    const wire::Grant grant{
        {wire::Party::Kind::host, host}, {}, now, Joining::certificate_lifetime};
    Papers papers;
    papers.certificate = TRY(wire::sign(authority_, request, grant));
    papers.authority = authority_.certificate;
    papers.datacenter = datacenter_;
    papers.expires = TRY(wire::read_facts(papers.certificate)).not_after;
    return papers;
}

Result<Joining::Papers> Joining::join(const Plea& plea, const model::Snapshot& datacenter,
                                      base::Instant now) {
    const wire::JoinToken token = TRY(wire::parse_join_token(plea.token));
    if (token.authority != fingerprint_)
        return Error{Error::Code::unauthenticated, "this token is of another datacenter",
                     "`vdc host token` on a host of this one makes one"};
    std::vector<KeptToken> tokens = TRY(kept_tokens(store_, now));
    const std::string hash = wire::sha256(token.secret.reveal());
    const auto found = std::find_if(tokens.begin(), tokens.end(),
                                    [&](const KeptToken& each) { return each.hash == hash; });
    if (found == tokens.end()) return no_such_token();
    if (plea.as == As::controller && !found->controls)
        return Error{Error::Code::unauthenticated, "this token makes hosts, no controllers",
                     "`vdc host token --controller` makes one that does"};
    TRY(base::check_name("a host", plea.host));
    const std::string key = TRY(wire::key_of_request(plea.request));
    const KeptKey remembered = TRY(kept_key(store_, plea.host));
    TRY(check_name_is_free(plea.host, remembered, key, datacenter));
    Papers papers = TRY(this->papers(plea.host, plea.request, now));
    tokens.erase(found);
    TRY(keep_tokens(store_, tokens));
    TRY(keep_key(store_, plea.host, {key, false, plea.as == As::controller}));
    return papers;
}

// ---- hosts that joined

Result<std::string> Joining::admit(const std::optional<wire::CertificateFacts>& shown,
                                   base::Instant now) {
    const bool host = shown && shown->party && shown->party->kind == wire::Party::Kind::host;
    if (!host)
        return Error{Error::Code::unauthenticated,
                     "this is for hosts, and no host's certificate "
                     "was shown",
                     "`vdc join` gets one"};
    const std::string& name = shown->party->name;
    if (shown->not_after < now)
        return Error{Error::Code::unauthenticated,
                     "the certificate of host " + name + " has expired",
                     "join again, with a new token and the same key"};
    const KeptKey remembered = TRY(kept_key(store_, name));
    if (!remembered.revoked && !shown->key.empty() && remembered.key == shown->key) return name;
    return Error{Error::Code::unauthenticated,
                 "host " + name + " was removed from this datacenter, or is another machine now",
                 "join again, with a new token"};
}

Result<bool> Joining::may_control(const std::string& host) {
    const KeptKey remembered = TRY(kept_key(store_, host));
    return remembered.controls && !remembered.revoked;
}

Result<Joining::Papers> Joining::let_control(const std::string& host, const std::string& request,
                                             base::Instant now) {
    const std::string key = TRY(wire::key_of_request(request));
    Papers papers = TRY(this->papers(host, request, now));
    TRY(keep_key(store_, host, {key, false, true}));
    return papers;
}

Status Joining::controls_no_more(const std::string& host) {
    KeptKey key = TRY(kept_key(store_, host));
    if (!key.controls) return {};
    key.controls = false;
    return keep_key(store_, host, key);
}

Result<Joining::Papers> Joining::renew(const std::string& host, const std::string& request,
                                       base::Instant now) {
    const std::string key = TRY(wire::key_of_request(request));
    const KeptKey remembered = TRY(kept_key(store_, host));
    if (key != remembered.key)
        return Error{
            Error::Code::forbidden,
            "the signing request is for another key than the one host " + host + " joined with",
            "make it with that key"};
    return papers(host, request, now);
}

Status Joining::revoke(const std::string& host) {
    KeptKey key = TRY(kept_key(store_, host));
    if (key.key.empty())
        return Error{Error::Code::not_found,
                     "no machine joined as host '" + base::quoted(host, 80) + "'"};
    key.revoked = true;
    return keep_key(store_, host, key);
}

Status Joining::forget(const std::string& host) {
    return store_.set_note(key_note(host), "");
}

void Joining::hear(const model::Snapshot& before, const std::vector<model::CommitPtr>& commits) {
    for (const model::CommitPtr& commit : commits)
        for (const model::Step& step : commit->steps) {
            const auto* gone = std::get_if<model::Forget<model::Host>>(&step.change);
            const auto* host = gone != nullptr ? before.find<model::Host>(gone->id) : nullptr;
            if (host == nullptr) continue;
            const Status forgotten = forget(host->name);
            if (!forgotten.ok())
                runtime::log().error("api", "a removed host may still show its certificate",
                                     {{"host", host->name}, {"error", text(forgotten.error())}});
        }
}

}  // namespace vdc::api
