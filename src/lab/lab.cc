#include "lab/lab.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "drivers/networks/namespaces.h"
#include "runtime/files.h"

namespace vdc::lab {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using namespace std::chrono_literals;

static const std::string port = ":7443";

Lab::Lab(std::string name, std::string program)
    : name_(std::move(name)), program_(std::move(program)), cables_("vdc-" + name_) {}

static bool is_name(const std::string& name) {
    const auto is_letter = [](char each) { return each >= 'a' && each <= 'z'; };
    const auto is_part = [&](char each) { return is_letter(each) || (each >= '0' && each <= '9'); };
    constexpr std::size_t length_max = 10;
    return !name.empty() && name.size() <= length_max && is_letter(name.front()) &&
           std::ranges::all_of(name, is_part);
}

Result<Lab> Lab::named(const std::string& name, const std::string& program) {
    if (!is_name(name))
        return Error{Error::Code::invalid, "a lab cannot be named '" + base::quoted(name) + "'",
                     "up to 10 of a-z and 0-9, a letter first"};
    if (::geteuid() != 0)
        return Error{Error::Code::forbidden, "a lab is made of namespaces and control groups",
                     "run `sudo vdc lab`"};
    return Lab(name, program);
}

Machine Lab::machine(int number) const {
    const std::string below = "/" + Cables::name(number);
    return {cables_.machine(number), "/var/lib/vdc-" + name_ + below, "/run/vdc-" + name_ + below};
}

// ---- what is there -----------------------------------------------------------------------------

Result<std::vector<Lab::Host>> Lab::hosts() const {
    const std::map<int, Cut> cuts = TRY(cables_.cuts());
    std::vector<Host> found;
    for (int number = 1; number <= cables_.machines(); ++number) {
        const Machine its = machine(number);
        Host host;
        host.name = Cables::name(number);
        host.address = Cables::address(number);
        host.state = TRY(its.state());
        host.pid = TRY(its.pid());
        if (const auto cut = cuts.find(number); cut != cuts.end()) host.cut = cut->second;
        found.push_back(std::move(host));
    }
    return found;
}

Result<int> Lab::number_of(const std::string& host) const {
    std::vector<std::string> names;
    for (int number = 1; number <= cables_.machines(); ++number) {
        names.push_back(Cables::name(number));
        if (names.back() == host) return number;
    }
    if (names.empty())
        return Error{Error::Code::not_found, "there is no lab '" + name_ + "'",
                     "`vdc lab up` makes one"};
    return Error{Error::Code::not_found, "the lab has no host '" + base::quoted(host) + "'",
                 "it has " + names.front() + " to " + names.back()};
}

// ---- up and down -------------------------------------------------------------------------------

/// Of vdc, from the first controller.
Result<std::string> Lab::ask(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--socket", socket()});
    return machine(1).vdc(program_, std::move(words));
}

Status Lab::join(int number, bool controls) const {
    const Machine its = machine(number);
    TRY(runtime::ensure_dir(its.data(), 0711));
    std::vector<std::string> wish = {"host", "token"};
    std::vector<std::string> words = {"join",   Cables::address(1) + port, "--token", "-",
                                      "--name", Cables::name(number),      "--data",  its.data()};
    if (controls) {
        wish.push_back("--controller");
        words.insert(words.end(), {"--controller", "--listen", Cables::address(number) + port});
    }
    const std::string token = TRY(ask(std::move(wish)));
    TRY(its.vdc(program_, std::move(words), token));
    return {};
}

/// The first is the controller; each other joins it once.
Status Lab::start(int number, bool controls) const {
    const Machine its = machine(number);
    if (number == 1)
        return its.start(program_,
                         {"--name", Cables::name(1), "--listen", Cables::address(1) + port});
    if (!its.has_joined()) TRY(join(number, controls));
    return its.start(program_, {});
}

Status Lab::begin_cluster() const {
    if (machine(1).has_joined()) return {};  // its own host lives by a stream, too
    TRY(ask({"cluster", "init"}));
    return {};
}

/// While a new one begins, nobody may be there to say it: none, then.
Result<int> Lab::controllers_up() const {
    const auto told = ask({"api", "GET", "/v1/cluster"});
    if (!told.ok()) return 0;
    const Json cluster = TRY(base::parse_json(*told));
    if (!cluster.at("controllers").is(Json::Kind::array)) return 0;
    return static_cast<int>(
        std::ranges::count_if(cluster.at("controllers").items(), [](const Json& each) {
            return each.text_at("role") != "beginner" && each.boolean_at("answers");
        }));
}

/// How many the controller says are up.
Result<int> Lab::hosts_up() const {
    const std::string listed = TRY(ask({"host", "list", "--format", "json"}));
    const Json hosts = TRY(base::parse_json(listed));
    if (!hosts.is(Json::Kind::array)) return 0;
    return static_cast<int>(std::ranges::count_if(hosts.items(), [](const Json& host) {
        return host.at("claimed").text_at("health") == "up";
    }));
}

Status Lab::await(int count, const char* what, Result<int> (Lab::*count_now)() const) const {
    constexpr auto most = 60s;
    const auto end = std::chrono::steady_clock::now() + most;
    int present = 0;
    while (std::chrono::steady_clock::now() < end) {
        present = TRY((this->*count_now)());
        if (present >= count) return {};
        std::this_thread::sleep_for(100ms);
    }
    return Error{Error::Code::timed_out,
                 "after a minute " + std::to_string(present) + " of " + std::to_string(count) +
                     " " + what + " are up",
                 "see vdc.log and etcd.log in the folders below /var/lib/vdc-" + name_};
}

static Status check_size(Lab::Size size) {
    if (size.hosts < 1 || size.hosts > Cables::machines_max)
        return Error{Error::Code::invalid,
                     "a lab cannot have " + std::to_string(size.hosts) + " hosts",
                     "1 to " + std::to_string(Cables::machines_max)};
    const bool good = size.controllers == 1 || size.controllers == 3 || size.controllers == 5;
    if (good && size.controllers <= size.hosts) return {};
    return Error{Error::Code::invalid,
                 "a lab of " + std::to_string(size.hosts) + " hosts cannot have " +
                     std::to_string(size.controllers) + " controllers",
                 "1, 3 or 5, and no more than hosts"};
}

Status Lab::up(Size size, const std::function<void(const std::string&)>& told) const {
    TRY(check_size(size));
    const int all = std::max(size.hosts, cables_.machines());
    told("wires for " + std::to_string(all) + " hosts");
    TRY(cables_.lay(all));
    for (int number = 1; number <= all; ++number) {
        const bool controls = number <= size.controllers && size.controllers > 1;
        told(Cables::name(number) + " starts" + (controls ? ", a controller" : ""));
        TRY(start(number, controls));
        if (controls && number == 1) TRY(begin_cluster());
        // Each new one gets its vote before the next one begins.
        if (controls) TRY(await(number, "controllers", &Lab::controllers_up));
    }
    return await(all, "hosts", &Lab::hosts_up);
}

Status Lab::down() const {
    for (int number = cables_.machines(); number >= 1; --number)
        TRY(machine(number).purge(program_));
    TRY(cables_.remove());
    TRY(runtime::remove_tree("/run/vdc-" + name_));
    return runtime::remove_tree("/var/lib/vdc-" + name_);
}

// ---- what befalls a host -----------------------------------------------------------------------

Status Lab::cut(const std::string& host, Cut wanted) const {
    const int number = TRY(number_of(host));
    return cables_.cut(number, wanted);
}

Status Lab::pause(const std::string& host) const {
    const int number = TRY(number_of(host));
    return machine(number).pause();
}

Status Lab::kill(const std::string& host) const {
    const int number = TRY(number_of(host));
    return machine(number).kill();
}

Status Lab::heal(const std::string& host) const {
    const int number = TRY(number_of(host));
    TRY(cables_.cut(number, {}));
    return start(number, /*controls=*/false);  // what it is, it is already
}

Error Lab::become(const std::string& host, const std::vector<std::string>& words) const {
    const auto number = number_of(host);
    if (!number.ok()) return number.error();
    const Machine its = machine(*number);
    ::setenv("VDC_DATA", its.data().c_str(), 1);
    ::setenv("VDC_RUN", its.run().c_str(), 1);
    ::setenv("VDC_SOCKET", its.socket().c_str(), 1);
    std::vector<std::string> copies = words;
    std::vector<char*> pointers;
    for (std::string& word : copies) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const Status entered = drivers::networks::in_namespace(its.network(), [&]() -> Status {
        ::execvp(pointers[0], pointers.data());
        return runtime::system_error(errno, "cannot run " + words[0]);
    });
    return entered.error();
}

}  // namespace vdc::lab
