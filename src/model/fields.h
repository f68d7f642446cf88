#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// One description per record: a list of its fields, stated once. From it come JSON, storage,
/// table columns, differences and the OpenAPI schemas (codec.h).
///
///     struct FlavorDeclared {
///         Vcpus vcpus{1};
///         template <class D = FlavorDeclared>
///         static constexpr auto fields() {
///             return std::tuple{field("vcpus", &D::vcpus, "processors", {1, 256})};
///         }
///     };
///
/// It is a template so that only who asks for it compiles it: a file that merely holds records
/// compiles in less than half of the time.
/// An enumeration is described by a function found beside it:
///
///     constexpr auto words(Power) { return Words<Power, 2>{{{Power::on, "on"}, {Power::off,
///     "off"}}}; }
namespace vdc::model {

/// Who writes a field of `declared`, and when.
enum class Mutability {
    any_time,     ///< a person, at creation and later
    at_creation,  ///< a person, once
    computed,     ///< only the datacenter; refused in requests
};

/// What a value must keep to. For numbers (and sizes in MiB) the least and the most; for text and
/// lists the least and the most length.
struct Bounds {
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

template <class Owner, class T>
struct Field {
    std::string_view name;
    T Owner::*member;
    std::string_view about;
    Bounds bounds;
    Mutability mutability;
};

template <class Owner, class T>
constexpr Field<Owner, T> field(std::string_view name, T Owner::*member, std::string_view about,
                                Bounds bounds = {}, Mutability mutability = Mutability::any_time) {
    return {name, member, about, bounds, mutability};
}

template <class T>
concept Described = requires {
    T::fields();
};

template <Described T>
inline constexpr auto fields_of = T::fields();

/// Calls visit(field) for each field of T in order.
template <Described T, class Visit>
constexpr void for_each_field(Visit&& visit) {
    constexpr std::size_t count = std::tuple_size_v<std::remove_cv_t<decltype(fields_of<T>)>>;
    [&]<std::size_t... at>(std::index_sequence<at...>) {
        (visit(std::get<at>(fields_of<T>)), ...);
    }
    (std::make_index_sequence<count>());
}

template <class E>
struct WordOf {
    E value;
    std::string_view word;
};

template <class E, std::size_t count>
struct Words {
    WordOf<E> all[count];
    constexpr const WordOf<E>* begin() const { return all; }
    constexpr const WordOf<E>* end() const { return all + count; }
};

template <class E>
concept Worded = requires(E e) {
    words(e);
};

/// The word of an enumerator on the wire; "?" for a value outside the set.
template <Worded E>
constexpr std::string_view word(E value) {
    for (const auto& each : words(E{}))
        if (each.value == value) return each.word;
    return "?";
}

}  // namespace vdc::model
