#include <cstdio>
#include <iostream>
#include <string>

#include "app/commands.h"
#include "app/machine_name.h"
#include "app/membership.h"
#include "base/text.h"
#include "runtime/clock.h"

namespace vdc::app {

using base::Result;

/// Without the end of its line.
static std::string token_from_stdin() {
    std::string line;
    std::getline(std::cin, line);
    while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
    return line;
}

static Result<Membership> try_to_join(const Settings& settings, const std::string& address,
                                      const std::string& token) {
    const std::string name = settings.host_name.empty() ? machine_name() : settings.host_name;
    TRY(base::check_name("a host", name));
    return join_datacenter(settings.data, address, token == "-" ? token_from_stdin() : token, name,
                           runtime::now());
}

int join(const Settings& settings, const std::string& address, const std::string& token) {
    const Result<Membership> joined = try_to_join(settings, address, token);
    if (!joined.ok()) {
        std::fprintf(stderr, "error: %s\n", text(joined.error()).c_str());
        return joined.error().code == base::Error::Code::invalid ? 2 : 1;
    }
    std::printf("this machine is the host %s of the datacenter %s\n", joined->host.c_str(),
                joined->datacenter.c_str());
    return 0;
}

}  // namespace vdc::app
