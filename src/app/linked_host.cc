#include "app/linked_host.h"

#include <algorithm>
#include <mutex>

#include "agent/host_link.h"
#include "app/underlay.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "runtime/log.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;

/// Members in the order in which they need each other; they end in the opposite order.
class LinkedHost::Body {
  public:
    Body(const Settings& settings, Membership membership)
        : settings_(settings), membership_(std::move(membership)) {}

    Status open(const drivers::HostPaths& paths) {
        const auto bring = [this](const control::FetchImage& effect, const runtime::Fd& into,
                                  std::uint64_t size_max) {
            return bring_image(effect, into, size_max);
        };
        host = TRY(HostPart::open(settings_, paths, membership_.host, bring));
        agent::HostLink::Options options;
        options.controller = [this] { return endpoint(); };
        options.hello.observed = host->observed();
        // Its disks are its own, so nothing here fences itself: no guards are needed.
        options.hello.observed.lease = model::LeaseProfile::usual;
        const auto underlay = TRY(wished_underlay(settings_));
        if (underlay) options.hello.observed.underlay = *underlay;
        options.underlay_from_stream = !underlay;
        options.complete = [this](model::HostObserved& observed) { open_moves(observed); };
        options.on_duties = [this](control::Duties duties) { host->set_duties(std::move(duties)); };
        options.open_console = [this](const control::ConsoleWish& wish) {
            return host->open_console(wish);
        };
        options.on_controllers = [this](control::Controllers all) { know(std::move(all)); };
        link_ = std::make_unique<agent::HostLink>(host->loop(), std::move(options));
        return {};
    }

    Status start() {
        TRY(host->start(*link_));
        link_->start();
        return {};
    }

    void stop() {
        link_.reset();
        if (host) host->stop();
    }

    ~Body() { stop(); }

    std::unique_ptr<HostPart> host;

  private:
    /// From the controller, whichever host it is published on: hosts have no way to each other.
    Status bring_image(const control::FetchImage& effect, const runtime::Fd& into,
                       std::uint64_t size_max) {
        const std::string name = text(effect.image.id);
        const auto controller = TRY(wire::Client::connect(present()));
        std::uint64_t written = 0;
        Status trouble;
        const auto keep = [&](std::string_view bytes) {
            written += bytes.size();
            trouble = written <= size_max
                          ? runtime::write_all(into.get(), bytes, "image " + name)
                          : Error{Error::Code::corrupt, "the image is larger than it can be"};
            return trouble.ok();
        };
        const wire::Response answer =
            TRY(controller->stream({.path = "/v1/host-images/" + name}, keep));
        TRY(std::move(trouble));
        if (answer.status == 200) return {};
        return Error{Error::Code::unavailable, "the controller does not give image " + name + ": " +
                                                   std::to_string(answer.status) + " " +
                                                   std::string(wire::status_word(answer.status))};
    }

    /// On the stream's thread. Without them the host does all but move guests.
    void open_moves(model::HostObserved& observed) {
        observed.moves_at.clear();
        if (!observed.underlay) return;
        const auto at = host->open_moves(observed.underlay, [this] {
            const std::lock_guard lock(mutex_);
            return wire::HostProof{membership_.identity, membership_.authority};
        });
        observed.moves_at = at.value_or("");
        if (!at.ok())
            runtime::log().warning("app", "no guests move from this host, or to it",
                                   {{"error", text(at.error())}});
    }

    /// Of the controller that was spoken to last.
    wire::Endpoint present() {
        const std::lock_guard lock(mutex_);
        return membership_.endpoint(turn_);
    }

    /// For the stream's next attempt, on its thread: each one asks another controller.
    wire::Endpoint endpoint() {
        Membership now;
        {
            const std::lock_guard lock(mutex_);
            if (!is_first_) ++turn_;
            is_first_ = false;
            now = membership_;
        }
        if (now.wants_renewal(runtime::now())) renew(now);
        return present();
    }

    void renew(const Membership& now) {
        auto renewed = renew_membership(settings_.data, now, turn_);
        if (!renewed.ok())
            return runtime::log().warning("app", "this host's certificate was not renewed",
                                          {{"error", text(renewed.error())}});
        const std::lock_guard lock(mutex_);
        membership_.identity = std::move(renewed->identity);
        membership_.not_before = renewed->not_before;
        membership_.not_after = renewed->not_after;
    }

    /// On the stream's thread. The one that is spoken to stays the present one.
    void know(control::Controllers all) {
        const std::lock_guard lock(mutex_);
        const std::string now = membership_.controllers[turn_ % membership_.controllers.size()];
        std::vector<std::string> known;
        for (const std::string& address : all.addresses)
            if (wire::parse_endpoint("https://" + address).ok())
                known.push_back("https://" + address);
        if (known.empty() || known == membership_.controllers) return;
        membership_.controllers = std::move(known);
        const auto same = std::ranges::find(membership_.controllers, now);
        turn_ = same == membership_.controllers.end()
                    ? 0
                    : static_cast<std::size_t>(same - membership_.controllers.begin());
        const Status kept = keep_controllers(settings_.data, membership_.controllers);
        if (!kept.ok())
            runtime::log().warning("app", "where the controllers are was not kept",
                                   {{"error", text(kept.error())}});
    }

    const Settings settings_;
    std::mutex mutex_;
    Membership membership_;  ///< its certificate is renewed
    std::size_t turn_ = 0;   ///< among the controllers, modulo their count
    bool is_first_ = true;
    std::unique_ptr<agent::HostLink> link_;
};

LinkedHost::LinkedHost(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LinkedHost::~LinkedHost() = default;

Result<std::unique_ptr<LinkedHost>> LinkedHost::open(const Settings& settings,
                                                     const drivers::HostPaths& paths,
                                                     const Membership& membership) {
    auto body = std::make_unique<Body>(settings, membership);
    TRY(body->open(paths));
    return std::unique_ptr<LinkedHost>(new LinkedHost(std::move(body)));
}

HostPart& LinkedHost::part() {
    return *body_->host;
}
Status LinkedHost::start() {
    return body_->start();
}
void LinkedHost::stop() {
    body_->stop();
}

}  // namespace vdc::app
