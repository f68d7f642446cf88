#include "app/daemon.h"

#include <unistd.h>

#include <algorithm>

#include "base/hash.h"
#include "drivers/networks/daemons.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/random.h"

namespace vdc::app {

using base::Error;
using base::Result;

Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings) {
    if (::geteuid() != 0)
        return Error{Error::Code::forbidden,
                     "vdc must run as root: it makes namespaces, devices and control groups",
                     "run `sudo vdc up`"};
    TRY(runtime::ensure_dir(settings.data, 0711));
    TRY(runtime::ensure_dir(settings.run, 0711));
    const auto papers = TRY(read_controller_papers(settings.data));
    const auto membership = TRY(read_membership(settings.data));
    if (papers && membership) return start_cluster_controller(settings, *papers, *membership);
    // It broke off before it began: the records are where they were.
    if (papers) TRY(drop_controller_papers(settings.data));
    return membership ? start_joined_host(settings, *membership) : start_controller(settings);
}

/// In the foreground of what runs now: the log goes on where it went.
static std::vector<std::string> own_words() {
    std::vector<std::string> words =
        drivers::networks::arguments_of(*drivers::networks::daemon_of(::getpid()));
    if (std::ranges::find(words, "--foreground") == words.end()) words.push_back("--foreground");
    return words;
}

void begin_anew(const std::string& why) {
    runtime::log().info("app", "vdc begins anew: " + why);
    std::vector<std::string> words = own_words();
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv("/proc/self/exe", pointers.data());
    base::broken("a program that runs can be run again");
}

Result<std::string> datacenter_tag(const Settings& settings) {
    if (runtime::exists(settings.tag_file())) return runtime::read_file(settings.tag_file(), 16);
    const std::string tag =
        text(base::Hasher{}.add(text(runtime::random_uuid())).finish()).substr(0, 4);
    TRY(runtime::write_file_atomic(settings.tag_file(), tag));
    return tag;
}

}  // namespace vdc::app
