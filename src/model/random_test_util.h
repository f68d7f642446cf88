#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model/nouns.h"

/// Random values of every type that records are made of, from the one description of their fields.
/// `Draw` is a function (low, high) -> a whole number in [low, high]: base::Chance or rapidcheck.
namespace vdc::model::testing {

template <class Draw>
class Random {
  public:
    explicit Random(Draw draw) : draw_(std::move(draw)) {}

    std::int64_t between(std::int64_t low, std::int64_t high) { return draw_(low, high); }
    bool once_in(std::int64_t whole) { return draw_(1, whole) == whole; }

    template <class T>
    T make(Bounds bounds = {}) {
        T value{};
        fill(value, bounds);
        return value;
    }

    /// Text with what JSON must escape and what takes more than one byte.
    std::string make_text(std::size_t least, std::size_t most) {
        static constexpr std::array<std::string_view, 16> pieces{
            "a",    "Z",    "0", " ", "\"", "\\",       "\n",           "\t",
            "\x01", "\x7f", "/", ".", "-",  "\xc3\xa9", "\xe6\xbc\xa2", "\xf0\x9f\x98\x80"};
        const auto length = static_cast<std::size_t>(
            between(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most)));
        std::string text;
        while (text.size() < length) {
            const auto piece = pieces[static_cast<std::size_t>(between(0, pieces.size() - 1))];
            text += text.size() + piece.size() <= length ? piece : "x";
        }
        return text;
    }

    base::Uuid uuid() {
        const auto half = [&] { return static_cast<std::uint64_t>(between(0, number_max)); };
        return {half() << 1 ^ half(), half() << 1 ^ half()};
    }

  private:
    static constexpr std::int64_t number_max = std::int64_t{1} << 62;

    void fill(bool& value, Bounds) { value = between(0, 1) == 1; }

    template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) void fill(T& value, Bounds b) {
        const std::int64_t least = std::max(b.least, std::is_signed_v<T> ? -number_max : 0);
        value = static_cast<T>(between(least, std::min(b.most, number_max)));
    }

    void fill(std::string& value, Bounds b) {
        const auto least = static_cast<std::size_t>(std::max<std::int64_t>(b.least, 0));
        const auto most = static_cast<std::size_t>(std::min<std::int64_t>(b.most, 24));
        value = make_text(least, std::max(least, most));
    }

    void fill(MiB& value, Bounds b) {
        value.count =
            between(std::max<std::int64_t>(b.least, 0), std::min(b.most, std::int64_t{1} << 30));
    }
    template <class Unit>
    requires(!std::is_same_v<base::Quantity<Unit>, MiB>) void fill(base::Quantity<Unit>& value,
                                                                   Bounds b) {
        value.count = make<std::int64_t>({std::max<std::int64_t>(b.least, 0), b.most});
    }
    void fill(Instant& value, Bounds) {
        value = Instant{Duration{between(0, std::int64_t{250'000'000'000'000'000})}};
    }
    void fill(Duration& value, Bounds) {
        value = Duration{between(0, std::int64_t{3650} * 86'400'000'000)};
    }
    void fill(base::Uuid& value, Bounds) { value = uuid(); }
    template <class Tag>
    void fill(base::Id<Tag>& value, Bounds) {
        value.value = uuid();
    }
    void fill(Ipv4& value, Bounds) {
        value.bits = static_cast<std::uint32_t>(between(0, 0xffffffff));
    }
    void fill(Ipv4Range& value, Bounds) {
        value.prefix = static_cast<int>(between(1, 32));
        value.first.bits = make<Ipv4>().bits & value.netmask().bits;
    }
    void fill(Mac& value, Bounds) {
        const auto bits = static_cast<std::uint64_t>(between(0, 0xffffffffffff));
        value.bits = bits & ~(std::uint64_t{1} << 40);
    }
    template <Worded E>
    void fill(E& value, Bounds) {
        const auto all = words(E{});
        value = all.all[between(0, all.end() - all.begin() - 1)].value;
    }
    template <class T>
    void fill(std::optional<T>& value, Bounds b) {
        value = once_in(3) ? std::optional<T>{} : std::optional<T>{make<T>(b)};
    }
    template <class T>
    void fill(std::vector<T>& value, Bounds) {
        value.resize(static_cast<std::size_t>(between(0, 3)));
        for (T& each : value) fill(each, {});
    }
    void fill(std::map<std::string, std::string>& value, Bounds) {
        for (std::int64_t left = between(0, 3); left > 0; --left)
            value[make_text(1, 8)] = make_text(0, 12);
    }
    template <Described T>
    void fill(T& value, Bounds) {
        for_each_field<T>([&](const auto& each) { fill(value.*each.member, each.bounds); });
    }
    template <class Kind>
    void fill(Record<Kind>& value, Bounds) {
        fill(value.id, {});
        if (!once_in(3)) fill(value.project, {});
        value.name = make_text(1, 12);
        fill(value.created, {});
        fill(value.revision, {});
        fill(value.declared_revision, {});
        fill(value.deleting, {});
        fill(value.declared, {});
        fill(value.claimed, {});
        fill(value.observed, {});
    }

    Draw draw_;
};

}  // namespace vdc::model::testing
