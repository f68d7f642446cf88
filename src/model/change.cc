#include "model/change.h"

#include "model/codec.h"

namespace vdc::model {

using base::Error;
using base::Json;
using base::Result;

namespace {

template <class C>
struct Verb;
template <class R>
struct Verb<Create<R>> {
    using Of = R;
    static constexpr std::string_view word = "create";
    static base::Uuid id(const Create<R>& change) { return change.record->id.value; }
    static Json content(const Create<R>& change) { return to_json(*change.record); }
    static Result<Change> parse(typename R::Id, const Json& content) {
        return Change{
            Create<R>{std::make_shared<const R>(TRY(record_from_json<R>(content, Unknown::kept)))}};
    }
};

#define VDC_VERB_WITH_PART(Type, verb, part, Part)                                           \
    template <class R>                                                                       \
    struct Verb<Type<R>> {                                                                   \
        using Of = R;                                                                        \
        static constexpr std::string_view word = verb;                                       \
        static base::Uuid id(const Type<R>& change) { return change.id.value; }              \
        static Json content(const Type<R>& change) { return part_to_json(change.part); }     \
        static Result<Change> parse(typename R::Id id, const Json& content) {                \
            return Change{                                                                   \
                Type<R>{id, TRY(part_from_json<typename R::Part>(content, Unknown::kept))}}; \
        }                                                                                    \
    };
VDC_VERB_WITH_PART(Declare, "declare", declared, Declared)
VDC_VERB_WITH_PART(Claim, "claim", claimed, Claimed)
VDC_VERB_WITH_PART(Observe, "observe", observed, Observed)

template <class R>
struct Verb<Sight<R>> {
    using Of = R;
    using Seen = typename R::Observed::OnHost;
    static constexpr std::string_view word = "sight";
    static base::Uuid id(const Sight<R>& change) { return change.id.value; }
    static Json content(const Sight<R>& change) { return part_to_json(change.seen); }
    static Result<Change> parse(typename R::Id id, const Json& content) {
        return Change{Sight<R>{id, TRY(part_from_json<Seen>(content, Unknown::kept))}};
    }
};

#define VDC_VERB_ALONE(Type, verb)                                              \
    template <class R>                                                          \
    struct Verb<Type<R>> {                                                      \
        using Of = R;                                                           \
        static constexpr std::string_view word = verb;                          \
        static base::Uuid id(const Type<R>& change) { return change.id.value; } \
        static Json content(const Type<R>&) { return nullptr; }                 \
        static Result<Change> parse(typename R::Id id, const Json&) {           \
            return Change{Type<R>{id}};                                         \
        }                                                                       \
    };
VDC_VERB_ALONE(Delete, "delete")
VDC_VERB_ALONE(Forget, "forget")

template <class C>
using VerbOf = Verb<std::remove_cvref_t<C>>;

/// One row for each alternative of Change.
struct Row {
    std::string_view verb;
    std::string_view noun;
    Result<Change> (*parse)(const base::Uuid& id, const Json& content);
};

template <class C>
Row row_of() {
    using V = Verb<C>;
    return {V::word, word(V::Of::noun), [](const base::Uuid& id, const Json& content) {
                return V::parse(typename V::Of::Id{id}, content);
            }};
}

template <class... C>
std::vector<Row> rows_of(std::type_identity<std::variant<C...>>) {
    return {row_of<C>()...};
}

}  // namespace

Subject subject_of(const Change& change) {
    return std::visit(
        [](const auto& each) {
            using V = VerbOf<decltype(each)>;
            return Subject{V::Of::noun, V::id(each)};
        },
        change);
}

std::string_view verb_of(const Change& change) {
    return std::visit([](const auto& each) { return VerbOf<decltype(each)>::word; }, change);
}

Json change_to_json(const Change& change) {
    const Subject subject = subject_of(change);
    Json json = Json::object(
        {{"verb", verb_of(change)}, {"noun", word(subject.noun)}, {"id", text(subject.id)}});
    Json content =
        std::visit([](const auto& each) { return VerbOf<decltype(each)>::content(each); }, change);
    if (!content.is_null()) json.set("content", std::move(content));
    return json;
}

Result<Change> change_from_json(const Json& json) {
    const std::string verb = json.text_at("verb");
    const std::string noun = json.text_at("noun");
    const auto id = base::parse_uuid(json.text_at("id"));
    if (!id) return Error{Error::Code::corrupt, "a stored change has no id"};
    for (const Row& row : rows_of(std::type_identity<AnyChange>{}))
        if (row.verb == verb && row.noun == noun) return row.parse(*id, json.at("content"));
    return Error{Error::Code::corrupt,
                 "a stored change is of an unknown kind: '" + verb + " " + noun + "'",
                 "the data folder was written by a newer vdc; run that one"};
}

}  // namespace vdc::model

template class vdc::base::OneOf<vdc::model::AnyChange>;
