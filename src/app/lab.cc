#include "lab/lab.h"

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "runtime/files.h"

namespace vdc::app {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using lab::Cut;
using lab::Lab;
using Verb = cli::LabWish::Verb;

static std::string word(lab::Machine::State state) {
    switch (state) {
        case lab::Machine::State::off: return "off";
        case lab::Machine::State::on: return "on";
        case lab::Machine::State::paused: return "paused";
    }
    return "";
}

static std::string word(Cut cut) {
    if (cut.to && cut.from) return "both ways";
    return cut.to ? "to it" : cut.from ? "from it" : "";
}

static Result<Json> hosts_of(const Lab& its) {
    const std::vector<Lab::Host> hosts = TRY(its.hosts());
    Json rows = Json::array();
    for (const Lab::Host& host : hosts)
        rows.push(Json::object({{"host", host.name},
                                {"state", word(host.state)},
                                {"cut", word(host.cut)},
                                {"address", host.address},
                                {"pid", static_cast<std::int64_t>(host.pid)}}));
    return rows;
}

/// One host, or all when none is named.
static Status heal(const Lab& its, const std::string& host) {
    if (!host.empty()) return its.heal(host);
    const std::vector<Lab::Host> hosts = TRY(its.hosts());
    for (const Lab::Host& each : hosts) TRY(its.heal(each.name));
    return {};
}

static Status up(const Lab& its, Lab::Size size) {
    TRY(its.up(size, [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); }));
    std::fprintf(stderr, "the lab is up; export VDC_SOCKET=%s\n", its.socket().c_str());
    return {};
}

static Status change(const Lab& its, const cli::LabWish& wish) {
    switch (wish.verb) {
        case Verb::up: return up(its, {wish.hosts, wish.controllers});
        case Verb::show: return {};
        case Verb::cut: {
            const bool both = wish.to == wish.from;
            return its.cut(wish.host, {both || wish.to, both || wish.from});
        }
        case Verb::pause: return its.pause(wish.host);
        case Verb::kill: return its.kill(wish.host);
        case Verb::heal: return heal(its, wish.host);
        case Verb::run: return its.become(wish.host, wish.words);
        case Verb::down: return its.down();
    }
    return {};
}

/// The file of the program that runs now.
static Result<std::string> own_program() {
    std::error_code problem;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe", problem);
    if (problem) return runtime::system_error(problem.value(), "cannot read /proc/self/exe");
    return program;
}

Result<Json> lab(const cli::LabWish& wish) {
    const std::string program = TRY(own_program());
    const Lab its = TRY(Lab::named(wish.name, program));
    TRY(change(its, wish));
    return hosts_of(its);
}

}  // namespace vdc::app
