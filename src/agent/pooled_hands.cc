#include "agent/pooled_hands.h"

#include "runtime/log.h"

namespace vdc::agent {

using base::Error;
using base::Result;
using control::Sighting;

void PooledHands::start(const control::Effect& effect, std::function<void(Result<Sighting>)> done) {
    const bool taken = workers_.submit([this, effect, done] {
        Result<Sighting> result = driver_.run(effect);
        if (!std::holds_alternative<control::LookFront>(effect)) {
            if (result.ok())
                runtime::log().debug("agent", text(effect));
            else
                runtime::log().warning("agent", text(effect), {{"error", text(result.error())}});
        }
        executor_.post([done, result = std::move(result)]() mutable { done(std::move(result)); });
    });
    if (!taken)
        executor_.post([done] {
            done(Error{Error::Code::unavailable, "too much to do on this host",
                       "it is tried again"});
        });
}

}  // namespace vdc::agent
