#include "agent/host_link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "control/lease.h"
#include "runtime/clock.h"
#include "runtime/fd.h"
#include "runtime/log.h"

namespace vdc::agent {

using base::Duration;
using base::Error;
using base::Result;
using base::Status;
using control::Duties;
using control::DutiesUpdate;
using namespace std::chrono_literals;

/// Without a word from the controller for so long the stream is taken for dead.
static constexpr Duration silence_max = 4s;

/// There may be other controllers to try, and a lease runs.
static constexpr std::chrono::milliseconds connect_time = 2s;

/// A stream ends after so long and another begins, with the certificate of then.
static constexpr Duration stream_time_max = 12h;

/// This end of a TCP stream; none when it is not IPv4.
static base::Ipv4 local_address(int stream) {
    sockaddr_in here{};
    socklen_t size = sizeof here;
    const bool known = ::getsockname(stream, reinterpret_cast<sockaddr*>(&here), &size) == 0;
    if (!known || here.sin_family != AF_INET) return {};
    return {::ntohl(here.sin_addr.s_addr)};
}

class HostLink::Body {
  public:
    Body(runtime::Executor& agents, Options options)
        : agents_(agents), options_(std::move(options)) {
        auto pipe = runtime::make_pipe();
        base::check(pipe.ok(), "a pipe can be made");
        bell_ = std::move(*pipe);
        for (const int end : {bell_.read.get(), bell_.write.get()})
            ::fcntl(end, F_SETFL, O_NONBLOCK);
        if (!options_.open_console) return;
        dialer_ =
            std::make_unique<ConsoleDialer>(options_.console_path, options_.open_console,
                                            [this](const std::string& session, const Error& why) {
                                                put_out(control::ConsoleRefused{session, why});
                                            });
    }
    ~Body() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        ring();
        if (thread_.joinable()) thread_.join();
    }

    void start() {
        thread_ = std::thread([this] { run(); });
    }

    void report(model::Step step, std::function<void(Status)> done) {
        {
            const std::lock_guard lock(mutex_);
            if (is_open_) {
                outbox_.emplace_back(control::Report{++number_, std::move(step)});
                waiting_[number_] = std::move(done);
                return ring();
            }
        }
        answer(std::move(done), gone());
    }

  private:
    static Status gone() {
        return Error{Error::Code::unavailable, "the controller cannot be reached",
                     "it is tried again"};
    }
    void ring() {
        const char any = 0;
        (void)!::write(bell_.write.get(), &any, 1);  // full: it rings already
    }
    /// With no stream nobody waits for it.
    void put_out(control::FromHost message) {
        {
            const std::lock_guard lock(mutex_);
            if (!is_open_) return;
            outbox_.push_back(std::move(message));
        }
        ring();
    }
    void answer(std::function<void(Status)> done, Status outcome) {
        agents_.post([done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
    }

    // ---- on the thread -------------------------------------------------------------------------

    void run() {
        constexpr Duration pause_first = 200ms;
        constexpr Duration pause_most = 3s;
        Duration pause = pause_first;
        for (;;) {
            const Status ended = serve();
            if (was_told_) pause = pause_first;
            std::unique_lock lock(mutex_);
            if (stopping_) return;
            if (ended.error().message != last_trouble_)
                runtime::log().warning("link", "no stream to the controller",
                                       {{"error", text(ended.error())}});
            last_trouble_ = ended.error().message;
            changed_.wait_for(lock, pause, [this] { return stopping_; });
            if (stopping_) return;
            pause = std::min(pause * 2, pause_most);
        }
    }

    /// One stream from its beginning to its end; why it ended.
    Status serve() {
        was_told_ = false;
        holder_.reset();
        wire::ClientLimits limits;
        limits.connect_time = connect_time;
        endpoint_ = options_.controller();
        auto client = wire::Client::connect(endpoint_, limits);
        if (!client.ok()) return client.error();
        auto socket = (*client)->connect_websocket({.path = options_.path});
        if (!socket.ok()) return socket.error();
        socket_ = std::move(*socket);
        const Status ended = converse();
        close();
        return ended;
    }

    Status converse() {
        if (options_.underlay_from_stream)
            options_.hello.observed.underlay = local_address(socket_->fd());
        if (options_.complete) options_.complete(options_.hello.observed);
        TRY(say(options_.hello));
        {
            const std::lock_guard lock(mutex_);
            is_open_ = true;
        }
        heard_at_ = runtime::now();
        const base::Instant end = heard_at_ + stream_time_max;
        while (!is_stopping() && runtime::now() < end) {
            TRY(send_waiting());
            TRY(renew());
            TRY(hear_all());
            if (runtime::now() - heard_at_ > silence_max)
                return Error{Error::Code::unavailable, "the controller says nothing any more"};
            wait();
        }
        return gone();
    }

    bool is_stopping() {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }

    /// Until something is to be read or sent, or it is time to renew.
    void wait() {
        Duration most = 1s;
        if (holder_) most = std::clamp<Duration>(holder_->wake_at() - runtime::now(), 1ms, most);
        std::array<pollfd, 2> ends{{{socket_->fd(), POLLIN, 0}, {bell_.read.get(), POLLIN, 0}}};
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(most);
        ::poll(ends.data(), ends.size(), static_cast<int>(milliseconds.count()));
        std::array<char, 64> rung{};
        while (::read(bell_.read.get(), rung.data(), rung.size()) > 0) {
        }
    }

    Status say(const control::FromHost& message) {
        return socket_->send(text(message), wire::WebSocket::Kind::text);
    }

    Status send_waiting() {
        std::vector<control::FromHost> messages;
        {
            const std::lock_guard lock(mutex_);
            messages = std::exchange(outbox_, {});
        }
        for (const control::FromHost& message : messages) TRY(say(message));
        return {};
    }

    Status renew() {
        if (!holder_) return {};
        const auto renewal = holder_->renew(runtime::now());
        if (!renewal) return {};
        return say(control::Renewal{renewal->number, renewal->epoch});
    }

    Status hear_all() {
        while (auto message = TRY(socket_->receive(0ms))) {
            heard_at_ = runtime::now();
            auto said = TRY(control::parse_to_host(message->bytes));
            TRY(std::visit([&](auto& each) { return hear(std::move(each)); }, said));
        }
        return {};
    }

    Status hear(DutiesUpdate update) {
        take(duties_, std::move(update));
        was_told_ = true;
        last_trouble_.clear();
        if (duties_.epoch_over) return begin_anew();
        const auto profile = options_.hello.observed.lease;
        if (!holder_ || holder_->epoch() != duties_.epoch)
            holder_.emplace(control::figures_of(profile), duties_.epoch, runtime::now());
        agents_.post([hear = options_.on_duties, duties = duties_] { hear(duties); });
        return {};
    }

    Status hear(const control::Renewed& answer) {
        if (answer.is_over) return begin_anew();
        if (holder_) holder_->answered(answer.number);
        return {};
    }

    Status hear(control::Reported answered) {
        std::function<void(Status)> done;
        {
            const std::lock_guard lock(mutex_);
            const auto found = waiting_.find(answered.number);
            if (found == waiting_.end()) return {};
            done = std::move(found->second);
            waiting_.erase(found);
        }
        answer(std::move(done), std::move(answered.outcome));
        return {};
    }

    Status hear(control::Controllers controllers) {
        if (options_.on_controllers) options_.on_controllers(std::move(controllers));
        return {};
    }

    Status hear(control::OpenConsole open) {
        if (dialer_) {
            dialer_->dial(endpoint_, std::move(open));
            return {};
        }
        return say(control::ConsoleRefused{
            open.session, {Error::Code::unsupported, "this host opens no consoles"}});
    }

    /// The epoch is over: what fences itself has ended (nothing here does), and the next hello says
    /// so.
    Status begin_anew() {
        options_.hello.fenced_itself = duties_.epoch;
        return Error{Error::Code::conflict, "the host was fenced; it begins another epoch"};
    }

    void close() {
        if (socket_) socket_->close();
        socket_.reset();
        std::map<std::uint64_t, std::function<void(Status)>> unanswered;
        {
            const std::lock_guard lock(mutex_);
            is_open_ = false;
            outbox_.clear();
            unanswered = std::exchange(waiting_, {});
        }
        for (auto& [number, done] : unanswered) answer(std::move(done), gone());
    }

    runtime::Executor& agents_;
    Options options_;
    runtime::Pipe bell_;  ///< rung when there is something to send
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    bool is_open_ = false;
    std::uint64_t number_ = 0;
    std::vector<control::FromHost> outbox_;
    std::map<std::uint64_t, std::function<void(Status)>> waiting_;

    // Of the thread alone.
    wire::Endpoint endpoint_;  ///< of the stream
    std::unique_ptr<wire::ClientWebSocket> socket_;
    std::optional<control::LeaseHolder> holder_;
    Duties duties_;
    bool was_told_ = false;
    base::Instant heard_at_;
    std::string last_trouble_;
    std::thread thread_;

    std::unique_ptr<ConsoleDialer> dialer_;  ///< ends first: its calls tell us of refusals
};

HostLink::HostLink(runtime::Executor& agents, Options options)
    : body_(std::make_unique<Body>(agents, std::move(options))) {}
HostLink::~HostLink() = default;

void HostLink::start() {
    body_->start();
}
void HostLink::report(model::Step step, std::function<void(base::Status)> done) {
    body_->report(std::move(step), std::move(done));
}

}  // namespace vdc::agent
