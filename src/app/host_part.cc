#include "app/host_part.h"

#include <map>
#include <mutex>

#include "agent/metadata_service.h"
#include "agent/move_streams.h"
#include "agent/pooled_hands.h"
#include "runtime/log.h"

namespace vdc::app {

using base::Result;
using base::Status;

namespace {

/// Passes effects on and tells the metadata service which networks are here.
class TellingDriver final : public drivers::Driver {
  public:
    TellingDriver(drivers::HostDriver& driver, agent::MetadataService& metadata)
        : driver_(driver), metadata_(metadata) {}

    Result<control::Sighting> run(const control::Effect& effect) override {
        if (const auto* going = std::get_if<control::RemoveNetwork>(&effect))
            metadata_.network_going(going->number);
        Result<control::Sighting> result = driver_.run(effect);
        if (const auto* up = std::get_if<control::ApplyNetwork>(&effect);
            up != nullptr && result.ok())
            metadata_.network_up(up->network.number);
        return result;
    }
    void on_notice(std::function<void(drivers::Notice)> heard) override {
        driver_.on_notice(std::move(heard));
    }
    Result<std::vector<model::InstanceId>> instances() override { return driver_.instances(); }
    Result<drivers::HostFacts> facts() override { return driver_.facts(); }

  private:
    drivers::HostDriver& driver_;
    agent::MetadataService& metadata_;
};

model::HostObserved observed_of(const drivers::HostFacts& facts) {
    return {{facts.vcpus, facts.memory, facts.disk},
            facts.disk_free,
            facts.accelerator,
            facts.qemu_version,
            facts.kernel,
            facts.boot_id,
            VDC_VERSION,
            facts.warnings};
}

}  // namespace

/// Members in the order in which they need each other; they end in the opposite order.
class HostPart::Body {
  public:
    Status open(const Settings& settings, const drivers::HostPaths& paths,
                const std::string& host_name, BringImage bring_image) {
        drivers::HostDriver::Options options;
        options.bring_image = std::move(bring_image);
        options.paths = paths;
        options.host_name = host_name;
        options.streams_to = [this](const control::SendInstance& move) { return streams_to(move); };
        options.accelerator = TRY(drivers::qemu::parse_accelerator_wish(settings.accelerator));
        options.trial.kernel = settings.trial_kernel;
        options.trial.initramfs = settings.trial_initramfs;
        options.trial.limit = std::chrono::seconds(settings.trial_seconds);
        driver = TRY(drivers::HostDriver::open(std::move(options)));
        metadata = TRY(agent::MetadataService::start(
            [this](int number) { return driver->networks().metadata_listener(number); }));
        telling = std::make_unique<TellingDriver>(*driver, *metadata);
        const drivers::HostFacts facts = TRY(driver->facts());
        for (const std::string& warning : facts.warnings) runtime::log().warning("app", warning);
        observed = observed_of(facts);
        return {};
    }

    Status start(agent::Controller& controller) {
        constexpr std::size_t at_once = 8;
        workers = std::make_unique<runtime::Workers>(at_once);
        hands = std::make_unique<agent::PooledHands>(*telling, *workers, loop);
        agent = std::make_unique<agent::Agent>(loop, *hands, controller);
        agent->found(TRY(driver->instances()));
        agent->on_duties([this](const control::Duties& duties) {
            metadata->set_duties(std::make_shared<const control::Duties>(duties));
        });
        driver->on_notice([this](drivers::Notice notice) {
            loop.post([this, notice = std::move(notice)] { agent->noticed(notice); });
        });
        loop.start();
        return {};
    }

    Result<std::string> open_moves(base::Ipv4 address, std::function<wire::HostProof()> proof) {
        const std::lock_guard lock(moves_mutex);
        const auto there = moves.find(address);
        if (there != moves.end()) return there->second->address();
        auto streams =
            TRY(agent::MoveStreams::start(base::text(address), std::move(proof), driver->qemus()));
        return moves.emplace(address, std::move(streams)).first->second->address();
    }

    /// From whichever address: the other host asks who sends, not from where.
    drivers::qemu::OpenStream streams_to(const control::SendInstance& move) {
        const std::lock_guard lock(moves_mutex);
        if (!moves.empty())
            return moves.begin()->second->to(move.address, move.receiver, move.instance,
                                             move.order.generation);
        return [](const std::string&) -> Result<runtime::Fd> {
            return base::Error{base::Error::Code::unavailable, "this host has no way to others yet",
                               "it has one when it has spoken to its controller"};
        };
    }

    void stop() {
        loop.stop();
        if (workers) workers->stop();
        loop.join();
        const std::lock_guard lock(moves_mutex);
        moves.clear();
    }

    ~Body() {
        stop();
        metadata.reset();
    }

    runtime::Loop loop{"agent"};
    model::HostObserved observed;
    std::unique_ptr<agent::MetadataService> metadata;
    std::unique_ptr<drivers::HostDriver> driver;
    std::mutex moves_mutex;
    /// Where they listen: the underlay that the host has, and those that it had.
    std::map<base::Ipv4, std::unique_ptr<agent::MoveStreams>> moves;
    std::unique_ptr<TellingDriver> telling;
    std::unique_ptr<runtime::Workers> workers;
    std::unique_ptr<agent::PooledHands> hands;
    std::unique_ptr<agent::Agent> agent;
};

HostPart::HostPart(std::unique_ptr<Body> body) : body_(std::move(body)) {}
HostPart::~HostPart() = default;

Result<std::unique_ptr<HostPart>> HostPart::open(const Settings& settings,
                                                 const drivers::HostPaths& paths,
                                                 const std::string& host_name,
                                                 BringImage bring_image) {
    auto body = std::make_unique<Body>();
    TRY(body->open(settings, paths, host_name, std::move(bring_image)));
    return std::unique_ptr<HostPart>(new HostPart(std::move(body)));
}

const model::HostObserved& HostPart::observed() const {
    return body_->observed;
}
runtime::Executor& HostPart::loop() {
    return body_->loop;
}
Result<runtime::Fd> HostPart::open_console(const control::ConsoleWish& wish) {
    using Until = drivers::qemu::LogFeeds::Until;
    drivers::qemu::Instances& qemus = body_->driver->qemus();
    if (!wish.log) return qemus.open_console(wish.instance);
    return qemus.open_log(wish.instance, wish.log->bytes_max,
                          wish.log->follows ? Until::reader_goes : Until::end_of_file);
}
drivers::images::Images& HostPart::images() {
    return body_->driver->images();
}
Result<std::string> HostPart::open_moves(base::Ipv4 address,
                                         std::function<wire::HostProof()> proof) {
    return body_->open_moves(address, std::move(proof));
}
Status HostPart::start(agent::Controller& controller) {
    return body_->start(controller);
}
void HostPart::set_duties(control::Duties duties) {
    body_->agent->set_duties(std::move(duties));
}
void HostPart::stop() {
    body_->stop();
}

}  // namespace vdc::app
