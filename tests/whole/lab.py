"""One lab of one's own: several hosts on this machine (docs/lab.md), and nothing of it at the end."""

import glob
import json
import os
import subprocess

from datacenter import BINARY


class Lab:
    def __init__(self, hosts, controllers=1, name=None):
        self.name = name or f"t{os.getpid()}"
        self.socket = self.socket_of("h1")
        self.lab("up", "--hosts", str(hosts), "--controllers", str(controllers))

    def socket_of(self, host):
        return f"/run/vdc-{self.name}/{host}/api.sock"

    def run(self, *words, code=0, **more):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=300, **more)
        if done.returncode != code:
            raise AssertionError(f"vdc {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def try_run(self, *words):
        return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=300)

    def try_vdc(self, *words):
        return self.try_run("--socket", self.socket, *words)

    def lab(self, *words, code=0):
        return self.run("lab", "--name", self.name, *words, code=code)

    def vdc(self, *words, **more):
        """Asks the controller."""
        return self.run("--socket", self.socket, *words, **more)

    def items(self, noun):
        return json.loads(self.vdc(noun, "list", "-o", "json").stdout)

    def hosts(self):
        """What the lab says of each: "on", "paused both ways", ..."""
        rows = json.loads(self.lab("show", "-o", "json").stdout)
        return {row["host"]: " ".join(filter(None, (row["state"], row["cut"]))) for row in rows}

    def health(self):
        """What the controller says of each."""
        return {host["name"]: host["claimed"]["health"] for host in self.items("host")}

    def guests(self):
        """(host, pid, start time) of every QEMU of the lab."""
        found = set()
        for path in glob.glob(f"/var/lib/vdc-{self.name}/h*/tag"):
            with open(path) as file:
                group = f"vdc-{file.read().strip()}"
            host = path.split("/")[-2]
            for process in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{process}/cgroup") as file:
                        inside = group in file.read()
                    with open(f"/proc/{process}/cmdline") as file:
                        runs = "-uuid" in file.read().split("\0")
                    with open(f"/proc/{process}/stat") as file:
                        stat = file.read().rsplit(")", 1)[1].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if inside and runs and stat[0] != "Z":
                    found.add((host, int(process), stat[19]))
        return found

    def services(self):
        """Pids of what serves networks and fronts on all hosts."""
        shown = subprocess.run(["pgrep", "-f", f"^(/usr/sbin/)?(dnsmasq|haproxy).*vdc-{self.name}/"],
                               capture_output=True, text=True)
        return set(shown.stdout.split())

    def consoles(self):
        """The files that take the guests' serial output, on all hosts."""
        return set(glob.glob(f"/var/lib/vdc-{self.name}/h*/consoles/*"))

    def close(self):
        self.lab("down")
        left = [name for name in os.listdir("/run/netns") if self.name in name]
        left += [path for path in (f"/run/vdc-{self.name}", f"/var/lib/vdc-{self.name}") if os.path.exists(path)]
        left += subprocess.run(["pgrep", "-f", f"vdc-{self.name}/"], capture_output=True, text=True).stdout.split()
        if left:
            raise AssertionError(f"left behind: {left}")
