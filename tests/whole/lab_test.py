"""A lab: a datacenter of several hosts on this machine, what may befall them, and nothing of it at the end."""

import json
import os
import subprocess
import unittest

from datacenter import BINARY, eventually


class Lab(unittest.TestCase):
    def setUp(self):
        self.name = f"t{os.getpid()}"
        self.addCleanup(self.nothing_is_left)
        self.addCleanup(self.lab, "down")
        self.lab("up", "--hosts", "3")
        self.socket = f"/run/vdc-{self.name}/h1/api.sock"

    def vdc(self, *words, code=0):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, f"vdc {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def lab(self, *words, code=0):
        return self.vdc("lab", "--name", self.name, *words, code=code)

    def hosts(self):
        rows = json.loads(self.lab("show", "-o", "json").stdout)
        return {row["host"]: " ".join(filter(None, (row["state"], row["cut"]))) for row in rows}

    def health(self):
        hosts = json.loads(self.vdc("--socket", self.socket, "host", "list", "-o", "json").stdout)
        return {host["name"]: host["claimed"]["health"] for host in hosts}

    def nothing_is_left(self):
        left = [name for name in os.listdir("/run/netns") if self.name in name]
        left += [path for path in (f"/run/vdc-{self.name}", f"/var/lib/vdc-{self.name}") if os.path.exists(path)]
        daemons = subprocess.run(["pgrep", "-f", f"vdc-{self.name}/"], capture_output=True, text=True).stdout.split()
        self.assertEqual(left + daemons, [])

    def test_what_befalls_a_host_is_seen_and_heals(self):
        self.assertEqual(self.hosts(), {"h1": "on", "h2": "on", "h3": "on"})
        self.assertEqual(self.health(), {"h1": "up", "h2": "up", "h3": "up"})

        self.lab("kill", "h2")
        self.lab("cut", "h3", "--from")
        self.assertEqual(self.hosts(), {"h1": "on", "h2": "off", "h3": "on from it"})
        eventually(lambda: "up" not in (self.health()["h2"], self.health()["h3"]), 60, "both are missed")
        self.lab("heal")
        self.assertEqual(self.hosts(), {"h1": "on", "h2": "on", "h3": "on"})
        eventually(lambda: set(self.health().values()) == {"up"}, 60, "all are heard again")

        self.lab("pause", "h2")
        self.assertEqual(self.hosts()["h2"], "paused")
        eventually(lambda: self.health()["h2"] != "up", 60, "it is missed")
        self.lab("heal", "h2")
        eventually(lambda: self.health()["h2"] == "up", 60, "it is heard again")

    def test_up_again_adds_hosts_and_touches_none(self):
        before = json.loads(self.lab("show", "-o", "json").stdout)
        after = json.loads(self.lab("up", "--hosts", "4", "-o", "json").stdout)
        self.assertEqual(after[:3], before)
        self.assertEqual(self.hosts()["h4"], "on")

    def test_a_command_runs_in_a_host_and_asks_its_vdc(self):
        shown = self.lab("run", "h2", "--", "ip", "-4", "-o", "addr", "show", "eth0").stdout
        self.assertIn("10.250.0.2/24", shown)
        self.assertIn("controlled elsewhere", self.lab("run", "h2", "--", BINARY, "host", "list", code=1).stderr)

    def test_wrong_words_are_named_and_change_nothing(self):
        self.assertIn("h1 to h3", self.lab("kill", "h9", code=3).stderr)
        self.assertIn("1 to 50", self.lab("up", "--hosts", "51", code=2).stderr)
        self.assertIn("a lab cannot be named", self.vdc("lab", "--name", "No!", "show", code=2).stderr)
        self.assertIn("there is no lab", self.vdc("lab", "--name", self.name + "x", "kill", "h1", code=3).stderr)
        self.assertEqual(set(self.hosts().values()), {"on"})


if __name__ == "__main__":
    unittest.main()
