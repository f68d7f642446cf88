#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/text.h"
#include "model/snapshot.h"

/// What a request may say, told before anything else is asked of it: a misspelled field is named,
/// and not the one that seems to be missing for it.
namespace vdc::control {

namespace known_fields {

template <class T>
struct Unwrapped {
    using Type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using Type = T;
};

/// The field's own part of the body, if it is a part with fields.
template <class Value, class Check>
base::Status into(const base::Json* body, const std::string& path, Check check) {
    using Part = typename Unwrapped<Value>::Type;
    if constexpr (model::Described<Part>) {
        if (body != nullptr && body->is(base::Json::Kind::object))
            return check(std::type_identity<Part>{}, *body, path);
    }
    return {};
}

}  // namespace known_fields

/// Names of the fields that a request may give; those that are computed are refused later, each
/// with its own sentence.
template <class Part>
std::vector<std::string> field_names(bool with_computed) {
    std::vector<std::string> names;
    model::for_each_field<Part>([&](const auto& field) {
        if (with_computed || field.mutability != model::Mutability::computed)
            names.emplace_back(field.name);
    });
    return names;
}

/// Refuses members of the body that no field of Part describes, at any depth; `also` are known
/// beside those.
template <class Part>
base::Status refuse_unknown(const base::Json& body, const std::vector<std::string>& also = {},
                            const std::string& path = {}) {
    const auto has = [](const auto& names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::vector<std::string> known = also;
    for (std::string& name : field_names<Part>(/*with_computed=*/false))
        known.push_back(std::move(name));
    const std::vector<std::string> described = field_names<Part>(/*with_computed=*/true);
    for (const auto& member : body.members()) {
        if (has(known, member.name) || has(described, member.name)) continue;
        return base::Error{base::Error::Code::invalid,
                           "'" + base::quoted(path + member.name, 100) + "' is not known here" +
                               base::did_you_mean(member.name, known),
                           "known are " + base::join(known, ", ")};
    }
    base::Status status;
    model::for_each_field<Part>([&](const auto& field) {
        if (!status.ok()) return;
        using Value = std::remove_cvref_t<decltype(std::declval<Part>().*field.member)>;
        const std::string name(field.name);
        status = known_fields::into<Value>(
            body.find(name), path + name + ".",
            [](auto inner, const base::Json& given, const std::string& where) {
                return refuse_unknown<typename decltype(inner)::type>(given, {}, where);
            });
    });
    return status;
}

}  // namespace vdc::control
