#include <cstdio>
#include <iostream>
#include <string>

#include "app/commands.h"
#include "app/controller_papers.h"
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

static Result<Membership> join_as_host(const Settings& settings, const std::string& address,
                                       const std::string& token, bool as_controller) {
    const std::string name = settings.host_name.empty() ? machine_name() : settings.host_name;
    TRY(base::check_name("a host", name));
    return join_datacenter(settings.data, address, token == "-" ? token_from_stdin() : token, name,
                           runtime::now(), as_controller);
}

/// First as a host, whose certificate then opens what controllers share. One that broke off between
/// the two goes on; its token was used up. A host, also one that was a controller once, joins again
/// with its key.
static Result<Membership> join_as_controller(const Settings& settings, const std::string& address,
                                             const std::string& token) {
    TRY(check_listens_for_others(settings.listen));
    TRY(check_has_etcd());
    const bool has_papers = TRY(read_controller_papers(settings.data)).has_value();
    const auto before = TRY(read_membership(settings.data));
    const bool goes_on = before && !has_papers && before->not_after > runtime::now();
    if (goes_on) {
        const auto got = get_controller_papers(settings.data, before->endpoint(), settings.listen);
        if (got.ok()) return *before;
        if (got.error().code != base::Error::Code::forbidden) return got.error();
    }
    const Membership joined = TRY(join_as_host(settings, address, token, /*as_controller=*/true));
    TRY(get_controller_papers(settings.data, joined.endpoint(), settings.listen));
    return joined;
}

int join(const Settings& settings, const std::string& address, const std::string& token,
         bool as_controller) {
    const Result<Membership> joined =
        as_controller ? join_as_controller(settings, address, token)
                      : join_as_host(settings, address, token, /*as_controller=*/false);
    if (!joined.ok()) {
        std::fprintf(stderr, "error: %s\n", text(joined.error()).c_str());
        return joined.error().code == base::Error::Code::invalid ? 2 : 1;
    }
    std::printf("this machine is the host %s%s of the datacenter %s\n", joined->host.c_str(),
                as_controller ? " and a controller" : "", joined->datacenter.c_str());
    return 0;
}

}  // namespace vdc::app
