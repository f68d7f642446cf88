#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "drivers/host_driver.h"
#include "drivers/jail/cgroup.h"
#include "runtime/daemon.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::app {

namespace {

enum class Verdict { good, note, bad };

/// Prints findings as they are made and remembers the worst.
class Report {
  public:
    void say(Verdict verdict, const std::string& what, const std::string& detail) {
        static constexpr const char* words[] = {"ok  ", "note", "BAD "};
        std::printf("%s  %-22s %s\n", words[static_cast<int>(verdict)], what.c_str(),
                    detail.c_str());
        if (verdict == Verdict::bad) bad_ = true;
    }
    int exit_code() const { return bad_ ? 1 : 0; }

  private:
    bool bad_ = false;
};

void look_for_tool(Report& report, const std::string& tool, const std::string& package) {
    const auto found = runtime::run({{"which", tool}});
    if (found.ok() && found->status == 0)
        return report.say(Verdict::good, tool, found->out.substr(0, found->out.find('\n')));
    report.say(Verdict::bad, tool, "is missing; install the package " + package);
}

/// What a trial has found counts more than signs.
void look_at_accelerator(Report& report, const Settings& settings) {
    const auto kept = drivers::qemu::kept_verdict({settings.data, settings.run, ""});
    if (kept && kept->accelerator == drivers::qemu::Accelerator::kvm)
        return report.say(Verdict::good, "KVM", kept->reason);
    const std::string objection =
        kept ? kept->reason : drivers::qemu::objection(drivers::qemu::kvm_signs());
    if (objection.empty())
        return report.say(Verdict::good, "KVM", "looks usable; `vdc up` boots a guest to be sure");
    report.say(Verdict::note, "KVM",
               objection + "; guests will run by emulation (TCG), some ten times slower");
    report.say(Verdict::note, "isolation",
               "TCG is no security boundary by QEMU's own policy: here the jail is the boundary");
}

void look_at_daemon(Report& report, const Settings& settings) {
    const auto running = runtime::read_pid_file(settings.pid_file());
    if (running.ok() && *running)
        return report.say(Verdict::good, "daemon", "runs, pid " + std::to_string(**running));
    report.say(Verdict::note, "daemon", "does not run; `vdc up` starts it");
}

}  // namespace

int doctor(const Settings& settings) {
    Report report;
    if (::geteuid() == 0)
        report.say(Verdict::good, "privilege", "root");
    else
        report.say(Verdict::bad, "privilege", "vdc must run as root; use sudo");
    const auto qemu = drivers::qemu::qemu_version();
    report.say(qemu.ok() ? Verdict::good : Verdict::bad, "qemu-system-x86_64",
               qemu.ok() ? *qemu : text(qemu.error()));
    look_for_tool(report, "qemu-img", "qemu-utils");
    look_for_tool(report, "dnsmasq", "dnsmasq-base");
    look_for_tool(report, "haproxy", "haproxy");
    look_for_tool(report, "nft", "nftables");
    look_for_tool(report, "ip", "iproute2");
    look_for_tool(report, "xorriso", "xorriso");
    look_at_accelerator(report, settings);
    const auto layout = drivers::jail::find_layout();
    report.say(layout.ok() ? Verdict::good : Verdict::bad, "control groups",
               layout.ok() ? "v2 at " + layout->v2 : text(layout.error()));
    report.say(runtime::exists("/dev/net/tun") ? Verdict::good : Verdict::bad, "/dev/net/tun",
               runtime::exists("/dev/net/tun") ? "is there" : "is missing; load the module tun");
    const std::string folder = runtime::exists(settings.data) ? settings.data : "/";
    const auto facts = drivers::machine_facts(folder);
    if (facts.ok())
        report.say(facts->disk_free.count < 2048 ? Verdict::note : Verdict::good, "disk",
                   text(facts->disk_free) + " free at " + folder);
    look_at_daemon(report, settings);
    return report.exit_code();
}

}  // namespace vdc::app
