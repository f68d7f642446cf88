#include "api/host_links.h"

#include <map>

#include "api/console_host.h"
#include "control/registration.h"
#include "runtime/log.h"
#include "runtime/random.h"

namespace vdc::api {

using base::Result;
using base::Status;
using control::Duties;
using control::DutiesUpdate;
using engine::SnapshotPtr;
using model::HostId;
using model::Snapshot;
using model::Step;

namespace {

/// RFC 6455, section 7.4.1.
constexpr std::uint16_t goes_away = 1001;
constexpr std::uint16_t breaks_rules = 1008;
constexpr std::uint16_t cannot_go_on = 1011;

/// The stream of one host. On the loop.
struct Link {
    std::string name;
    HostId host;
    std::optional<wire::WebSocket> socket;
    bool has_greeted = false;
    bool is_told = false;  ///< has all duties as of `told`
    Duties told;
};
using LinkPtr = std::shared_ptr<Link>;

}  // namespace

class HostLinks::Body : public std::enable_shared_from_this<Body> {
  public:
    explicit Body(Services services)
        : services_(std::move(services)), heard_(services_.engine.snapshot()) {}

    wire::WebSocketEvents stream_of(const std::string& name) {
        auto link = std::make_shared<Link>();
        link->name = name;
        link->host = control::host_id(services_.datacenter, name);
        wire::WebSocketEvents events;
        events.on_open = [self = shared_from_this(), link](wire::WebSocket socket) {
            self->post([self, link, socket] { self->opened(link, socket); });
        };
        events.on_message = [self = shared_from_this(), link](std::string message, auto) {
            self->post([self, link, message = std::move(message)] { self->take(link, message); });
        };
        events.on_closed = [self = shared_from_this(), link](std::uint16_t) {
            self->post([self, link] { self->closed(link); });
        };
        return events;
    }

    /// On the engine's loop.
    void committed(const engine::Engine::Group& commits, const SnapshotPtr& snapshot) {
        const SnapshotPtr before = std::exchange(heard_, snapshot);
        control::Affected affected = control::affected_hosts(*before, *snapshot, commits);
        if (affected.empty()) return;
        if (services_.on_affected) services_.on_affected(affected);
        post([self = shared_from_this(), snapshot, affected = std::move(affected)] {
            for (const auto& [host, parts] : affected) self->tell(host, parts, *snapshot);
        });
    }

    /// On the loop.
    void tell_controllers() {
        for (const auto& [host, link] : links_)
            if (link->is_told) tell_controllers(link);
    }

    // ---- consoles, on the loop

    void open_console(HostId host, const control::ConsoleWish& wish, ConsoleCalls::Done done) {
        const auto present = links_.find(host);
        if (present == links_.end() || !present->second->is_told) return done(not_connected(host));
        const std::string session = runtime::random_token().reveal();
        const base::Instant now = services_.loop.now();
        // Who is refused at once is told here; `done` is the calls' from then on.
        const auto shared = std::make_shared<ConsoleCalls::Done>(std::move(done));
        const Status begun = calls_.begin(
            session, host, wish.instance,
            [shared](Result<runtime::Fd> console) { (*shared)(std::move(console)); }, now);
        if (!begun.ok()) return (*shared)(begun.error());
        send(present->second, control::OpenConsole{session, wish});
        services_.loop.post_at(now + ConsoleCalls::answered_within, [self = shared_from_this()] {
            self->calls_.expire(self->services_.loop.now());
        });
    }

    Result<ConsoleCalls::Done> take_console(const std::string& name, const std::string& session) {
        const HostId host = control::host_id(services_.datacenter, name);
        ConsoleCalls::Asked asked = TRY(calls_.take(session, host));
        const SnapshotPtr snapshot = services_.engine.snapshot();
        const auto* instance = snapshot->find<model::Instance>(asked.instance);
        if (instance != nullptr && console_host(*snapshot, *instance) == host)
            return std::move(asked.done);
        const base::Error gone{base::Error::Code::conflict,
                               "the instance has left host " + name + " meanwhile", "try again"};
        calls_.ended(session);
        asked.done(gone);
        return gone;
    }

    void console_ended(const std::string& session) { calls_.ended(session); }

    /// On the loop: from now on nobody is told anything.
    void end() {
        for (auto& [host, link] : links_) link->socket->close(goes_away, "the controller ends");
        links_.clear();
        ended_ = true;
    }

    template <class Task>
    void post(Task task) {
        services_.loop.post(std::move(task));
    }

  private:
    void opened(const LinkPtr& link, wire::WebSocket socket) {
        if (ended_) return socket.close(goes_away);
        link->socket = std::move(socket);
        LinkPtr& present = links_[link->host];
        if (present) present->socket->close(goes_away, "the host has a newer stream");
        present = link;
    }

    void closed(const LinkPtr& link) {
        const auto present = links_.find(link->host);
        if (present == links_.end() || present->second != link) return;
        links_.erase(present);
        calls_.lost(link->host);
        runtime::log().warning("hosts", "the stream of a host ended", {{"host", link->name}});
    }

    bool is_present(const LinkPtr& link) const {
        const auto present = links_.find(link->host);
        return present != links_.end() && present->second == link;
    }

    void take(const LinkPtr& link, const std::string& text) {
        if (!is_present(link)) return;
        auto message = control::parse_from_host(text);
        if (!message.ok()) return refuse(link, message.error());
        const bool is_hello = std::holds_alternative<control::Hello>(*message);
        if (is_hello == link->has_greeted)
            return refuse(link, {base::Error::Code::invalid,
                                 "a host says hello first, and once on each stream"});
        std::visit([&](auto& each) { hear(link, std::move(each)); }, *message);
    }

    void refuse(const LinkPtr& link, const base::Error& error) {
        runtime::log().warning("hosts", "a host was refused",
                               {{"host", link->name}, {"error", text(error)}});
        link->socket->close(breaks_rules, error.message.substr(0, 100));
    }

    void hear(const LinkPtr& link, control::Hello hello) {
        link->has_greeted = true;
        submit(
            link,
            [link, hello = std::move(hello)](const Snapshot& s) -> Result<std::vector<Step>> {
                return control::registration(s, link->host, link->name, hello.observed,
                                             hello.fenced_itself);
            },
            [self = shared_from_this(), link](const Status& outcome, const SnapshotPtr& snapshot) {
                self->greet(link, outcome, snapshot);
            });
    }

    /// Commits that follow the snapshot are told after this: both come by the engine's loop.
    void greet(const LinkPtr& link, const Status& outcome, const SnapshotPtr& snapshot) {
        if (!is_present(link)) return;
        if (!outcome.ok()) return link->socket->close(cannot_go_on, outcome.error().message);
        runtime::log().info("hosts", "a host is connected", {{"host", link->name}});
        link->told = control::duties(*snapshot, link->host);
        link->is_told = true;
        send(link, control::whole_update(link->told));
        tell_controllers(link);
    }

    void tell_controllers(const LinkPtr& link) {
        if (!services_.controllers) return;
        control::Controllers all{services_.controllers()};
        if (!all.addresses.empty()) send(link, std::move(all));
    }

    void hear(const LinkPtr& link, control::Report report) {
        submit(
            link,
            [link, step = std::move(report.step)](const Snapshot& s) -> Result<std::vector<Step>> {
                TRY(control::may_report(s, link->host, step.change));
                return std::vector{step};
            },
            [self = shared_from_this(), link, number = report.number](const Status& outcome,
                                                                      const SnapshotPtr&) {
                self->send(link, control::Reported{number, outcome});
            });
    }

    void hear(const LinkPtr& link, const control::Renewal& renewal) {
        services_.renew(link->host, renewal.epoch,
                        [self = shared_from_this(), link, number = renewal.number](bool counted) {
                            self->post([self, link, number, counted] {
                                self->send(link, control::Renewed{number, !counted});
                            });
                        });
    }

    void hear(const LinkPtr& link, const control::ConsoleRefused& refused) {
        calls_.refused(refused.session, link->host, refused.error);
    }

    base::Error not_connected(HostId host) const {
        const SnapshotPtr snapshot = services_.engine.snapshot();
        const auto* record = snapshot->find<model::Host>(host);
        return {base::Error::Code::unavailable,
                "host " + (record != nullptr ? record->name : text(host)) +
                    ", where the instance is, is not connected to the controller now",
                "it connects again when it can; `vdc host list` shows how it is"};
    }

    /// `done` is called on the loop.
    template <class Decide, class Done>
    void submit(const LinkPtr& link, Decide decide, Done done) {
        services_.engine.submit(
            {"host " + link->name, "", std::move(decide),
             [self = shared_from_this(), done = std::move(done)](
                 const Result<model::Revision>& outcome, const SnapshotPtr& snapshot) {
                 Status status = outcome.ok() ? Status{} : Status(outcome.error());
                 self->post(
                     [done, status = std::move(status), snapshot] { done(status, snapshot); });
             }});
    }

    void tell(HostId host, const control::Parts& parts, const Snapshot& snapshot) {
        const auto present = links_.find(host);
        if (present == links_.end() || !present->second->is_told) return;
        const LinkPtr link = present->second;
        if (snapshot.revision <= link->told.revision) return;
        if (snapshot.find<model::Host>(host) == nullptr)
            return link->socket->close(breaks_rules, "the host was deleted");
        control::renew(link->told, snapshot, host, parts);
        send(link, control::update_of(link->told, parts));
    }

    void send(const LinkPtr& link, const control::ToHost& message) {
        if (!is_present(link)) return;
        if (!link->socket->send(text(message), wire::WebSocket::Kind::text))
            runtime::log().warning("hosts", "a host does not read what it is told",
                                   {{"host", link->name}});
    }

    const Services services_;
    SnapshotPtr heard_;  ///< of the engine's loop
    std::map<HostId, LinkPtr> links_;
    ConsoleCalls calls_;
    bool ended_ = false;
};

HostLinks::HostLinks(Services services)
    : engine_(services.engine), body_(std::make_shared<Body>(std::move(services))) {
    listener_ = engine_.listen(
        [body = body_](const engine::Engine::Group& commits, const SnapshotPtr& snapshot) {
            body->committed(commits, snapshot);
        });
}

HostLinks::~HostLinks() {
    engine_.stop_listening(listener_);
    body_->post([body = body_] { body->end(); });
}

void HostLinks::tell_controllers() {
    body_->post([body = body_] { body->tell_controllers(); });
}

void HostLinks::open_console(HostId host, const control::ConsoleWish& wish,
                             ConsoleCalls::Done done) {
    body_->post([body = body_, host, wish, done = std::move(done)]() mutable {
        body->open_console(host, wish, std::move(done));
    });
}

void HostLinks::take_console(const std::string& host, const std::string& session,
                             std::function<void(Result<ConsoleCalls::Done>)> taken) {
    body_->post([body = body_, host, session, taken = std::move(taken)] {
        taken(body->take_console(host, session));
    });
}

void HostLinks::console_ended(const std::string& session) {
    body_->post([body = body_, session] { body->console_ended(session); });
}

wire::WebSocketEvents HostLinks::stream_of(const std::string& host) {
    return body_->stream_of(host);
}

}  // namespace vdc::api
