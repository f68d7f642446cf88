#include "control/requests.h"
#include "model/noun_words.h"
#include "sim/project_oracle.h"
#include "sim/world.h"

/// People who ask. Every second request has an idempotency key; who gets no answer to one asks
/// again with it. Judged here: I13, that repeating changes nothing; I14, that a request stays in
/// its project; I16, that no answer and no reason has a secret.
namespace vdc::sim {

using namespace base;
using model::Snapshot;

static Result<control::Decision> decide(const Snapshot& s, const control::Ask& ask,
                                        const std::string& verb, const std::string& noun_word,
                                        const std::string& name, const Json& body) {
    const auto noun = model::noun_of(noun_word);
    if (!noun) return Error{Error::Code::invalid, "there is no noun '" + noun_word + "'"};
    if (verb == "create") {
        Json named = body.is_null() ? Json::object() : body;
        named.set("name", name);
        return control::create(s, ask, *noun, named);
    }
    if (verb == "update") return control::update(s, ask, *noun, name, body);
    if (verb == "drain" || verb == "undrain")
        return control::drain(s, ask, name,
                              verb == "drain" ? control::Drain::begin : control::Drain::end);
    if (verb == "migrate") return control::migrate(s, ask, name, body.text_at("host"));
    if (verb == "run-balance") return control::run_balance(s, ask, name);
    if (verb == "declare-dead") return control::declare_dead(s, ask, name);
    if (verb == "delete") return control::remove(s, ask, *noun, name);
    if (verb == "attach") return control::attach(s, ask, name, body.text_at("instance"));
    if (verb == "detach") return control::detach(s, ask, name);
    if (verb == "grow") return control::grow(s, ask, name, TRY(parse_mib(body.text_at("size"))));
    if (verb == "revert") return control::revert(s, ask, name, body.text_at("snapshot"));
    if (verb == "upload")
        return control::image_arrived(s, ask,
                                      TRY(control::image_to_upload(s, ask.project, name))->id);
    for (const auto& each : words(control::PowerVerb{}))
        if (each.word == verb)
            return control::power(
                s, ask, name, each.value,
                body.boolean_at("hard") ? control::Force::hard : control::Force::soft);
    return Error{Error::Code::invalid, "there is no verb '" + verb + "'"};
}

/// A request on its way. `number` counts requests; a repeated one keeps its own.
struct World::Wish {
    std::string project;
    std::string verb;
    std::string noun;
    std::string name;
    Json body;
    std::uint64_t number = 0;
    int tries_left = 3;

    std::string words() const { return verb + " " + noun + " " + name; }
    /// The bytes of an image come once.
    bool has_key() const { return number % 2 == 1 && verb != "upload"; }
    control::Ask ask(Instant now) const {
        const std::string key = has_key() ? "request-" + std::to_string(number) : "";
        const Uuid fresh = make_uuid(Hasher{}.add(number).add(words()).finish());
        return {"admin", project, key, words(), fresh, now};
    }
    Result<control::Decision> decide(const Snapshot& s, Instant now) const {
        return sim::decide(s, ask(now), verb, noun, name, body);
    }
    /// Without a key these are another wish each time.
    bool counts() const {
        return verb == "reboot" || verb == "reset" || verb == "revert" || verb == "migrate" ||
               verb == "run-balance";
    }
};

void World::ask(const std::string& verb, const std::string& noun, const std::string& name,
                const Json& body, const std::string& project) {
    send_wish({project, verb, noun, name, body, ++requests_});
}

void World::send_wish(Wish wish) {
    if (!engine_) return answered(wish.words(), "no controller answers");
    const Instant asked = now();
    wishes_.try_emplace(std::to_string(wish.number),
                        Asked{wish.project.empty() ? "default" : wish.project});
    engine_->submit(
        {"admin", std::to_string(wish.number),
         [wish, asked](const Snapshot& s) -> Result<std::vector<model::Step>> {
             return TRY(wish.decide(s, asked)).steps;
         },
         [this, wish](const Result<model::Revision>& outcome, const engine::SnapshotPtr& after) {
             if (outcome.ok()) acknowledged_ = std::max(acknowledged_, *outcome);
             answered(wish.words(), outcome.ok() ? "" : text(outcome.error()));
             if (outcome.ok()) judge_repeated(wish, *after);
             if (!outcome.ok()) ask_again(wish, outcome.error());
         }});
}

/// Whoever cannot know whether it was done repeats it with its key.
void World::ask_again(Wish wish, const Error& error) {
    if (error.code != Error::Code::unavailable || !wish.has_key() || --wish.tries_left <= 0) return;
    time_line_.post_at(now() + 1s, [this, wish = std::move(wish)] { send_wish(wish); });
}

void World::answered(const std::string& request, const std::string& trouble) {
    history_.add(request).add(trouble);
    judge_words(trouble);
    if (!trouble.empty()) tell(request + ": refused: " + trouble);
}

// ---- judgement ---------------------------------------------------------------------------------

/// I13: asked again, it changes nothing: with a key not at all, without one no record but that of
/// the request. Of several that were answered together only the last one is asked again.
void World::judge_repeated(const Wish& wish, const Snapshot& after) {
    if (wish.number != requests_ || (wish.counts() && !wish.has_key())) return;
    const auto again = wish.decide(after, now());
    if (!again.ok()) {
        if (wish.has_key()) violated("I13: a repeated request is refused: " + text(again.error()));
        return;
    }
    Snapshot trial = after;
    for (const model::Step& step : again->steps)
        if (!model::apply(trial, step.change).ok()) return;
    for (const model::Step& step : again->steps)
        if (wish.has_key() || subject_of(step.change).noun != model::Noun::operation)
            violated("I13: repeating '" + wish.words() + "' changes something: " + step.reason);
}

/// I13: nothing is done twice. I14: it stays in its project.
void World::judge_request(const model::Commit& commit, const Snapshot& after) {
    const auto wish = wishes_.find(commit.request);
    if (wish == wishes_.end()) return;
    if (++wish->second.times > 1) violated("I13: a request that was repeated is done twice");
    const auto* project = after.named<model::Project>({}, wish->second.project);
    if (project != nullptr) violated(stays_in_project(commit, project->id, *heard_, after));
}

/// I16. The user data of every instance in random lives is this one.
void World::judge_words(const std::string& words) {
    if (words.find(secret) != std::string::npos) violated("I16: a secret is told: " + words);
}

}  // namespace vdc::sim
