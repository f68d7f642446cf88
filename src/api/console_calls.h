#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "runtime/fd.h"

namespace vdc::api {

/// Who waits for consoles of instances on other machines, and which are open (docs/consoles.md):
///
///     begin() --> asked --- take() ---> open --- ended()
///                   |
///                   +---- refused(), lost() or expire(): the asker hears why
///
/// A session is taken once, and by the host that was asked. Knows no sockets and no clock.
class ConsoleCalls {
  public:
    /// Gets the console, or why there is none. Called once.
    using Done = std::function<void(base::Result<runtime::Fd>)>;

    /// A host that was asked dials within this time, or the asker is told that it did not.
    static constexpr base::Duration answered_within = std::chrono::seconds(10);
    static constexpr std::size_t per_host_max = 32;  ///< asked for and open
    static constexpr std::size_t in_all_max = 512;

    /// `session` is a secret that nobody had before. Errors: exhausted; `done` is not called then.
    base::Status begin(const std::string& session, model::HostId host, model::InstanceId instance,
                       Done done, base::Instant now);

    struct Asked {
        model::InstanceId instance;
        Done done;
    };
    /// The host takes it up; from now on it is open. not_found when nobody waits for that from it.
    base::Result<Asked> take(const std::string& session, model::HostId host);

    void ended(const std::string& session);
    void refused(const std::string& session, model::HostId host, const base::Error& why);
    /// The host's stream is over; what is open goes on.
    void lost(model::HostId host);
    void expire(base::Instant now);

  private:
    struct Call {
        model::HostId host;
        model::InstanceId instance;
        Done done;  ///< empty: it is open
        base::Instant until;
    };
    template <class Condition>
    void give_up(Condition&& which, const base::Error& why);

    std::map<std::string, Call> calls_;
};

}  // namespace vdc::api
