#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace vdc::base {

/// What the world may do to us. A code for the program, a sentence for a person (what was tried
/// and what stood in the way), and a hint (what to do next; may be empty).
struct Error {
    enum class Code {
        invalid,          ///< the request itself is wrong; repeating it cannot help
        not_found,        ///< the thing named does not exist
        exists,           ///< the name or id is taken
        conflict,         ///< the thing changed meanwhile, or its present state forbids this
        forbidden,        ///< not allowed for this caller
        unauthenticated,  ///< the caller did not prove who they are
        too_large,        ///< a declared bound was passed
        exhausted,        ///< no capacity, quota or space is left
        unavailable,      ///< try again later
        unsupported,      ///< this build or this host cannot do it
        timed_out,        ///< no answer within the time allowed
        corrupt,          ///< stored or received bytes are not what they must be
        failed,           ///< a deed was tried and did not work; the sentence says why
    };

    Code code = Code::failed;
    std::string message;
    std::string hint = {};

    friend bool operator==(const Error&, const Error&) = default;
};

/// The word of a code on the wire, for example "not_found".
std::string_view word(Error::Code code);

/// The code of a word, or nothing.
std::optional<Error::Code> error_code(std::string_view word);

/// "message" or "message; hint", as one line for logs and terminals.
std::string text(const Error& error);

/// A place in our own source: where here() was called. As std::source_location, which clang 14,
/// the compiler of the fuzz targets, does not have.
struct SourcePlace {
    const char* file = "";
    const char* function = "";
    int line = 0;

    static constexpr SourcePlace here(const char* file = __builtin_FILE(),
                                      const char* function = __builtin_FUNCTION(),
                                      int line = __builtin_LINE()) {
        return {file, function, line};
    }
};

/// Stops the program: a mistake of ours was found. Never used for input.
[[noreturn]] void broken(std::string_view what, SourcePlace where = SourcePlace::here());

/// Stops the program in every build when `claim` does not hold. `claim` is about our own code.
inline void check(bool claim, std::string_view what, SourcePlace where = SourcePlace::here()) {
    if (!claim) [[unlikely]]
        broken(what, where);
}

/// A value, or the error that stood in its way. Must not be dropped.
template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value) : is_ok_(true) { std::construct_at(&value_, std::move(value)); }
    Result(Error error) : is_ok_(false) { std::construct_at(&error_, std::move(error)); }
    Result(const Result& other) requires std::is_copy_constructible_v<T> : is_ok_(other.is_ok_) {
        if (is_ok_)
            std::construct_at(&value_, other.value_);
        else
            std::construct_at(&error_, other.error_);
    }
    Result(Result&& other) noexcept : is_ok_(other.is_ok_) { take(other); }
    Result& operator=(Result other) noexcept {
        end();
        is_ok_ = other.is_ok_;
        take(other);
        return *this;
    }
    ~Result() { end(); }

    /// Anything that T can be made from, so that `return "x";` works for Result<std::string>.
    template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>) Result(U&& value)
        : is_ok_(true) {
        std::construct_at(&value_, std::forward<U>(value));
    }

    bool ok() const { return is_ok_; }
    explicit operator bool() const { return ok(); }

    T& value() & { return *get(); }
    const T& value() const& { return *const_cast<Result*>(this)->get(); }
    T&& value() && { return std::move(*get()); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*get()); }
    T* operator->() { return get(); }
    const T* operator->() const { return const_cast<Result*>(this)->get(); }

    const Error& error() const& {
        check(!ok(), "error() of a result that holds a value");
        return error_;
    }
    Error&& error() && {
        check(!ok(), "error() of a result that holds a value");
        return std::move(error_);
    }

    T value_or(T other) const& { return ok() ? value_ : std::move(other); }

  private:
    T* get() {
        if (!is_ok_) [[unlikely]]
            broken("value() of a result that holds an error: " + error_.message);
        return &value_;
    }
    void take(Result& other) noexcept {
        if (is_ok_)
            std::construct_at(&value_, std::move(other.value_));
        else
            std::construct_at(&error_, std::move(other.error_));
    }
    void end() noexcept {
        if (is_ok_)
            std::destroy_at(&value_);
        else
            std::destroy_at(&error_);
    }

    // A std::variant would do the same, and cost the compiler many times as much.
    bool is_ok_;
    union {
        T value_;
        Error error_;
    };
};

/// Done, or the error that stood in the way.
template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    void value() const {
        if (error_) broken("value() of a status that holds an error: " + error_->message);
    }
    const Error& error() const& {
        check(!ok(), "error() of a status that is fine");
        return *error_;
    }
    Error&& error() && {
        check(!ok(), "error() of a status that is fine");
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace vdc::base

/// The value of a Result expression, or an early return of its error:
///     const Flavor flavor = TRY(find_flavor(name));
#define TRY(...)                                                          \
    __extension__({                                                       \
        auto result_of_try = (__VA_ARGS__);                               \
        if (!result_of_try.ok()) return std::move(result_of_try).error(); \
        std::move(result_of_try).value();                                 \
    })
