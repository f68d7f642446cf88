#include "store/etcd/leadership.h"

#include "runtime/log.h"
#include "store/etcd/layout.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using Code = Error::Code;

Leadership::Leadership(std::unique_ptr<EtcdClient> client, Options options)
    : client_(std::move(client)), options_(std::move(options)), renewer_([this] { renew(); }) {}

Result<std::unique_ptr<Leadership>> Leadership::open(const EtcdServers& servers, Options options) {
    EtcdServers patient = servers;
    // A renewal that is not answered must leave time for another one, at another server.
    patient.answer_within = std::min<base::Duration>(servers.answer_within, options.lease / 3);
    auto client = TRY(EtcdClient::open(patient));
    return std::unique_ptr<Leadership>(new Leadership(std::move(client), std::move(options)));
}

Leadership::~Leadership() {
    resign();
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    renewer_.join();
}

bool Leadership::leads() const {
    const std::lock_guard lock(mutex_);
    return lease_ != 0 && Clock::now() < leads_until_;
}

Result<std::string> Leadership::leader() {
    const auto found = TRY(client_->get(etcd_leader_key));
    return found ? found->value : std::string();
}

Result<std::optional<std::uint64_t>> Leadership::campaign(base::Duration within) {
    resign();
    const auto until = Clock::now() + within;
    for (;;) {
        const auto term = TRY(try_once());
        if (term) return term;
        if (Clock::now() + options_.look_every > until) return std::optional<std::uint64_t>();
        std::this_thread::sleep_for(options_.look_every);
    }
}

Result<std::optional<std::uint64_t>> Leadership::try_once() {
    if (TRY(client_->get(etcd_leader_key))) return std::optional<std::uint64_t>();
    const auto asked = Clock::now();
    const std::int64_t lease = TRY(client_->grant(options_.lease.count()));
    const EtcdGuard nobody{etcd_leader_key, 0};
    const EtcdWrite me{etcd_leader_key, options_.name, {}, lease};
    const auto made = client_->write({&nobody, 1}, {&me, 1});
    if (!made.ok() || !*made) {
        // Also where nobody knows whether it was written: then the key goes with the lease.
        (void)client_->revoke(lease);
        if (!made.ok()) return made.error();
        return std::optional<std::uint64_t>();
    }
    const auto term = static_cast<std::uint64_t>(**made);
    {
        const std::lock_guard lock(mutex_);
        lease_ = lease;
        leads_until_ = asked + options_.lease;
    }
    changed_.notify_all();
    const Status taken = take_head(term);
    if (!taken.ok()) {
        resign();
        return taken.error();
    }
    return std::optional(term);
}

/// Nothing that an earlier leader has under way can be written after this.
Status Leadership::take_head(std::uint64_t term) {
    const EtcdGuard mine{etcd_leader_key, static_cast<std::int64_t>(term)};
    for (;;) {
        const auto found = TRY(client_->get(etcd_head_key));
        if (!found) return {};  // an empty etcd: there was no leader before
        EtcdHead head = TRY(parse_head(found->value));
        head.latest.term = term;
        const EtcdGuard guards[] = {mine, {etcd_head_key, found->modified}};
        const EtcdWrite write{etcd_head_key, text(head)};
        if (TRY(client_->write(guards, {&write, 1}))) return {};
        const auto leader = TRY(client_->get(etcd_leader_key));
        if (!leader || leader->modified != mine.modified)
            return Error{Code::unavailable, "another controller leads before this one began",
                         "try again"};
    }
}

void Leadership::resign() {
    std::int64_t lease = 0;
    {
        const std::lock_guard lock(mutex_);
        lease = std::exchange(lease_, 0);
    }
    if (lease != 0) (void)client_->revoke(lease);
}

void Leadership::renew() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        changed_.wait_for(lock, options_.lease / 3);
        const std::int64_t lease = lease_;
        if (stopped_ || lease == 0) continue;
        lock.unlock();
        const auto asked = Clock::now();
        const auto renewed = client_->renew(lease);
        lock.lock();
        if (lease_ != lease) continue;
        if (renewed.ok() && *renewed) leads_until_ = asked + options_.lease;
        const bool ended = (renewed.ok() && !*renewed) || Clock::now() >= leads_until_;
        if (!ended) continue;
        lease_ = 0;
        runtime::log().warning("store", "leads no more: its lease has ended");
    }
}

}  // namespace vdc::store
