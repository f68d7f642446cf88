#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace vdc::base {

/// Where `T` stands among the alternatives of a variant; their number when it is none of them.
template <class T, class Variant>
inline constexpr std::size_t place_among = 0;
template <class T, class First, class... Rest>
inline constexpr std::size_t place_among<T, std::variant<First, Rest...>> =
    std::is_same_v<T, First> ? 0 : 1 + place_among<T, std::variant<Rest...>>;

/// Whether `T` is an alternative of a variant.
template <class T, class Variant>
inline constexpr bool is_among = place_among<T, Variant> < std::variant_size_v<Variant>;

/// A variant of many alternatives whose copies, moves and end are compiled once, in the source file
/// that says `template class base::OneOf<V>;`, and not in each that holds one: for a variant of
/// fifty alternatives that is half of such a file's time. The header of such a variant says
///
///     using AnyThing = std::variant<...>;
///     struct Thing : base::OneOf<AnyThing> { using OneOf::OneOf; };
///     extern template class base::OneOf<AnyThing>;
///
/// std::visit, std::get_if and std::holds_alternative take a Thing as they take a variant.
template <class Variant>
class OneOf : public Variant {
  public:
    template <class T>
    requires(is_among<T, Variant>) OneOf(T alternative)
        : OneOf(made(place_among<T, Variant>, &alternative)) {}
    OneOf();
    OneOf(const OneOf& other);
    OneOf(OneOf&& other) noexcept;
    OneOf& operator=(const OneOf& other);
    OneOf& operator=(OneOf&& other) noexcept;
    ~OneOf();

  private:
    template <std::size_t I>
    OneOf(std::in_place_index_t<I> index, std::variant_alternative_t<I, Variant>&& alternative);

    /// Moved out of `alternative`, which is of the index's type.
    static OneOf made(std::size_t index, void* alternative);
};

template <class V>
OneOf<V>::OneOf() = default;
template <class V>
OneOf<V>::OneOf(const OneOf&) = default;
template <class V>
OneOf<V>::OneOf(OneOf&&) noexcept = default;
template <class V>
OneOf<V>& OneOf<V>::operator=(const OneOf&) = default;
template <class V>
OneOf<V>& OneOf<V>::operator=(OneOf&&) noexcept = default;
template <class V>
OneOf<V>::~OneOf() = default;

template <class V>
template <std::size_t I>
OneOf<V>::OneOf(std::in_place_index_t<I> index, std::variant_alternative_t<I, V>&& alternative)
    : V(index, std::move(alternative)) {}

template <class V>
OneOf<V> OneOf<V>::made(std::size_t index, void* alternative) {
    using Make = OneOf (*)(void*);
    static constexpr auto makers = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<Make, sizeof...(I)>{[](void* from) {
            return OneOf(std::in_place_index<I>,
                         std::move(*static_cast<std::variant_alternative_t<I, V>*>(from)));
        }...};
    }
    (std::make_index_sequence<std::variant_size_v<V>>{});
    return makers[index](alternative);
}

}  // namespace vdc::base
