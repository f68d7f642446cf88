#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "control/requests.h"
#include "model/noun_words.h"

/// What the functions of requests.h are made of: each turns one request into a wish; requests.cc
/// adds the operation. For the files of requests.h only.
namespace vdc::control {

/// One request, being decided.
struct Work {
    const model::Snapshot& snapshot;
    const Ask& ask;
    model::ProjectId project;   ///< whose names and keys count; nil: there is none yet
    std::uint64_t ordinal = 0;  ///< which document of the request
};

/// Steps, and what shall hold at their end.
struct Wish {
    std::vector<model::Step> steps;
    model::Subject subject;
    std::string name;
    model::Goal goal = model::Goal::exists;
    std::uint64_t count = 0;
    bool reached = false;  ///< the operation is born done
};

/// A wish about a record, without steps, that holds already.
template <class R>
Wish wish_about(const R& record) {
    Wish wish;
    wish.subject = record.subject();
    wish.name = record.name;
    wish.reached = true;
    return wish;
}

/// "admin asked for it: create instance web-1"
template <class R>
std::string reason(const Ask& ask, std::string_view verb, const R& record) {
    return ask.actor + " asked for it: " + std::string(verb) + " " +
           std::string(model::one_word(R::noun)) + " " + record.name;
}

base::Result<Wish> creation(const Work& work, model::Noun noun, base::Json body);
base::Result<Wish> change(const Work& work, model::Subject subject, base::Json patch);
/// As change(), and for what an instance has beside its declared fields: its networks and its
/// address cannot change, its disk may grow.
base::Result<Wish> change_instance(const Work& work, const model::Instance& instance,
                                   base::Json patch);

/// Takes the members that InstanceExtras describes out of the body. "network": "a" is short for
/// "networks": ["a"].
base::Result<model::InstanceExtras> take_extras(base::Json& body);

/// What a request may say of an instance beside its declared fields.
std::vector<std::string> instance_fields();

base::Result<Wish> end_of(const Work& work, model::Subject subject);

/// A key that was read from its file comes with the end of its line: it is taken without.
void drop_line_end(model::Noun noun, base::Json& body);

/// Puts the wish's verb on an instance.
base::Result<Wish> power_wish(const Work& work, const model::Instance& instance, PowerVerb verb,
                              Force force);

/// The lowest place in the instance that no volume has; place 0 is the root volume's.
base::Result<std::int64_t> free_slot(const model::Snapshot& snapshot,
                                     const model::Instance& instance);

/// Whose names and keys count: the project that the body names, or else the ask's, or else
/// "default"; nil when nobody named one and there is no "default".
base::Result<model::ProjectId> context_of(const model::Snapshot& snapshot, const Ask& ask,
                                          const base::Json& body);

/// The step that makes the operation of a wish.
model::Step operation_step(const Work& work, const Wish& wish, model::OperationId id,
                           std::string name);

}  // namespace vdc::control
