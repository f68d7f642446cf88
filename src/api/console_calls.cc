#include "api/console_calls.h"

#include <algorithm>

namespace vdc::api {

using base::Error;
using base::Instant;
using base::Result;
using base::Status;
using model::HostId;

Status ConsoleCalls::begin(const std::string& session, HostId host, model::InstanceId instance,
                           Done done, Instant now) {
    const auto there =
        std::ranges::count_if(calls_, [&](const auto& each) { return each.second.host == host; });
    if (static_cast<std::size_t>(there) >= per_host_max || calls_.size() >= in_all_max)
        return Error{Error::Code::exhausted,
                     "too many consoles of other hosts are open: at most " +
                         std::to_string(per_host_max) + " of one host, " +
                         std::to_string(in_all_max) + " in all",
                     "close one of them"};
    const bool is_new =
        calls_.try_emplace(session, Call{host, instance, std::move(done), now + answered_within})
            .second;
    base::check(is_new, "a session's name is used once");
    return {};
}

Result<ConsoleCalls::Asked> ConsoleCalls::take(const std::string& session, HostId host) {
    const auto found = calls_.find(session);
    if (found == calls_.end() || found->second.host != host || !found->second.done)
        return Error{Error::Code::not_found, "nobody waits for that console"};
    return Asked{found->second.instance, std::exchange(found->second.done, nullptr)};
}

void ConsoleCalls::ended(const std::string& session) {
    calls_.erase(session);
}

/// Those who are told may ask for another one at once.
template <class Condition>
void ConsoleCalls::give_up(Condition&& which, const Error& why) {
    std::vector<Done> told;
    std::erase_if(calls_, [&](auto& each) {
        auto& [session, call] = each;
        if (!call.done || !which(session, call)) return false;
        told.push_back(std::move(call.done));
        return true;
    });
    for (const Done& done : told) done(why);
}

void ConsoleCalls::refused(const std::string& session, HostId host, const Error& why) {
    give_up([&](const std::string& name,
                const Call& call) { return name == session && call.host == host; },
            why);
}

void ConsoleCalls::lost(HostId host) {
    give_up([&](const std::string&, const Call& call) { return call.host == host; },
            {Error::Code::unavailable, "the host's connection was lost before it answered",
             "try again when `vdc host list` shows it up"});
}

void ConsoleCalls::expire(Instant now) {
    give_up([&](const std::string&, const Call& call) { return call.until <= now; },
            {Error::Code::timed_out, "the host did not open the console in time",
             "try again; its log (vdc.log in its data folder) may say more"});
}

}  // namespace vdc::api
