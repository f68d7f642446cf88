#include "runtime/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace vdc::runtime {

base::Result<Signals> Signals::open() {
    sigset_t wishes;
    sigemptyset(&wishes);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wishes, signal);
    ::pthread_sigmask(SIG_BLOCK, &wishes, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    Signals made;
    made.signals_ = Fd(::signalfd(-1, &wishes, SFD_CLOEXEC | SFD_NONBLOCK));
    made.interrupts_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!made.signals_ || !made.interrupts_) return system_error(errno, "cannot wait for signals");
    return made;
}

std::optional<int> Signals::wait() {
    for (;;) {
        pollfd watched[] = {{interrupts_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
        const int ready = ::poll(watched, 2, -1);
        if (ready < 0 && errno != EINTR) return {};
        if (ready > 0 && watched[0].revents != 0) return {};
        signalfd_siginfo info{};
        if (::read(signals_.get(), &info, sizeof info) == sizeof info)
            return static_cast<int>(info.ssi_signo);
    }
}

void Signals::interrupt() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it has been told already.
    [[maybe_unused]] const ssize_t told = ::write(interrupts_.get(), &one, sizeof one);
}

}  // namespace vdc::runtime
