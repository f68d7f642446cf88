#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/result.h"
#include "drivers/qemu/watcher.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// An instance's serial console for many people at once. QEMU lets one connection in, and makes
/// the guest wait while that one does not read; so we are this one, read always, and pass on.
///
///     person --+
///     person --+-- Console -- QEMU
///     person --+
///
/// Everybody sees all output from when they came; what a person does not read in time is lost to
/// them alone. What people type goes to the guest in the order it comes; when the guest does not
/// read, they wait.
class Console {
  public:
    /// `path`: QEMU's listening socket. Connects when the first person comes.
    Console(Watcher& watcher, std::string path) : watcher_(watcher), path_(std::move(path)) {}
    ~Console();  ///< hangs up on everybody
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    /// One more person: a stream socket that does not block. It ends when QEMU ends. exhausted
    /// when 16 are there already.
    base::Result<runtime::Fd> open();

  private:
    struct Person {
        runtime::Fd socket;
        Watcher::Watch watch = 0;
    };
    base::Status connect();
    base::Status add_person(runtime::Fd socket);
    void guest_ready(std::uint32_t events);
    void person_ready(std::uint64_t number);
    void pass_on(std::string_view bytes);
    void type(std::string_view bytes);
    void flush();
    void drop_person(std::uint64_t number);
    void drop_all();

    Watcher& watcher_;
    const std::string path_;
    std::mutex opening_;  ///< one open() at a time
    std::mutex mutex_;    ///< all below
    runtime::Fd guest_;
    Watcher::Watch guest_watch_ = 0;
    std::map<std::uint64_t, Person> people_;
    std::uint64_t last_ = 0;
    std::string typed_;  ///< not yet taken by QEMU
};

}  // namespace vdc::drivers::qemu
