"""One lab of one's own: several hosts on this machine (docs/lab.md), and nothing of it at the end."""

import glob
import json
import os
import subprocess

from datacenter import BINARY


class Lab:
    def __init__(self, hosts, name=None):
        self.name = name or f"t{os.getpid()}"
        self.socket = f"/run/vdc-{self.name}/h1/api.sock"
        self.lab("up", "--hosts", str(hosts))

    def run(self, *words, code=0, **more):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=300, **more)
        if done.returncode != code:
            raise AssertionError(f"vdc {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

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
