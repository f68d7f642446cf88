#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace vdc::runtime {

/// Owns a file descriptor: closes it at its end. Moves, does not copy.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    /// The number, to be used while this lives; -1 when there is none.
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

    /// Gives the number away: the caller closes it.
    int release() { return std::exchange(number_, -1); }

    void reset(int number = -1) {
        if (number_ >= 0) ::close(number_);
        number_ = number;
    }

  private:
    int number_ = -1;
};

/// What the kernel said to a deed: "cannot open /x: Permission denied". The code follows errno:
/// ENOENT not_found, EEXIST exists, EACCES and EPERM forbidden, ENOSPC and their like exhausted,
/// ENOSYS and EOPNOTSUPP unsupported, all else failed. `deed` is "cannot ..." without the reason.
base::Error system_error(int errno_value, std::string deed, std::string hint = {});

/// A pipe, both ends CLOEXEC.
struct Pipe {
    Fd read;
    Fd write;
};
base::Result<Pipe> make_pipe();

/// Two stream sockets that are connected with each other, both CLOEXEC.
struct SocketPair {
    Fd ours;
    Fd theirs;
};
enum class Blocking { no, yes };
base::Result<SocketPair> make_socket_pair(Blocking blocking);

}  // namespace vdc::runtime
