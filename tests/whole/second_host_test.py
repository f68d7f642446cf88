"""A second machine becomes a host: it takes instances, is lost, and comes back; networks are one on both. Machines are
network namespaces."""

import json
import os
import signal
import subprocess
import unittest

from datacenter import Datacenter, eventually, tiny_image

TWO = """kind: app
name: two
replicas: 2
template:
  image: tiny
  flavor: tiny
  network: default
  user_data: |
    #!/bin/sh
    for name in two-1 two-2; do
        until timeout 3 wget -q -O /dev/null http://$name/health; do sleep 1; done
    done
front: {port: 80, target_port: 80, protocol: http, check_path: /health}
"""


def ip(*words, inside=None):
    """In that network namespace. Not by `ip -n`: that mounts, which a plain chroot does not let it do."""
    enter = ["nsenter", f"--net=/run/netns/{inside}"] if inside else []
    subprocess.run([*enter, "ip", *words], check=True)


class Machines:
    """Two machines with a cable between them; their names and addresses."""
    def __init__(self):
        mark = f"vj{os.getpid()}"
        self.first, self.second = mark + "a", mark + "b"
        self.address = "10.250.0.1:7443"
        for name in (self.first, self.second):
            ip("netns", "add", name)
        ip("link", "add", "cable", "netns", self.first, "type", "veth", "peer", "name", "cable", "netns", self.second)
        for number, name in enumerate((self.first, self.second), 1):
            ip("addr", "add", f"10.250.0.{number}/24", "dev", "cable", inside=name)
            ip("link", "set", "cable", "up", inside=name)
            ip("link", "set", "lo", "up", inside=name)

    def close(self):
        for name in (self.first, self.second):
            ip("netns", "del", name)


class Join(unittest.TestCase):
    def setUp(self):
        machines = Machines()
        self.addCleanup(machines.close)
        self.controller = Datacenter(machines.first)
        self.addCleanup(self.controller.close)
        self.host = Datacenter(machines.second)
        self.addCleanup(self.host.close)
        self.controller.up("--name", "h1", "--listen", machines.address)
        token = self.controller.vdc("host", "token").stdout.strip()
        self.host.vdc("join", machines.address, "--token", "-", "--name", "h2", input=token)
        self.host.up()
        eventually(lambda: self.health("h2") == "up", 30, "the host is on record")

    def health(self, name):
        hosts = {host["name"]: host for host in self.controller.items("hosts")}
        return hosts[name]["claimed"]["health"] if name in hosts else "nowhere"

    def where(self):
        """The hosts of instances that run and shall, by the instances' names."""
        names = {host["id"]: host["name"] for host in self.controller.items("hosts")}
        return {each["name"]: names[each["claimed"]["host"]] for each in self.controller.items("instances")
                if each["observed"]["phase"] == "running" and each["claimed"]["host"] and not each["deleting"]}

    def reached_all(self, machine):
        """Whether the replica of that machine has reached every replica by its name: its first deed."""
        logs = os.path.join(machine.data, "consoles")
        for name in os.listdir(logs):
            with open(os.path.join(logs, name), errors="replace") as log:
                if "vdc-tiny user-data done: exit 0" in log.read():
                    return True
        return False

    def served_by(self, machine, asked=8):
        """The replicas that answer at the application's front, by name, when asked from that machine."""
        address = self.controller.ask("GET", "/v1/apps/two")["claimed"]["address"]
        names = set()
        for _ in range(asked):
            answer = subprocess.run([*machine.inside, "curl", "-sf", "--max-time", "20", f"http://{address}/who.json"],
                                    capture_output=True, text=True, check=True)
            names.add(json.loads(answer.stdout)["name"])
        return names

    def lose_the_host(self):
        self.host.kill()
        for runs in self.host.qemus().values():
            for pid, _ in runs:
                os.kill(pid, signal.SIGKILL)

    def test_it_takes_instances_is_lost_and_comes_back(self):
        self.controller.vdc("image", "import", "tiny", tiny_image())
        self.controller.vdc("apply", "-f", "-", input=TWO)
        eventually(lambda: sorted(self.where().values()) == ["h1", "h2"], 120, "a replica runs on each host")
        self.assertEqual(len(self.host.qemus()), 1)
        for machine in (self.controller, self.host):
            eventually(lambda: self.reached_all(machine), 120, "its instance reaches that of the other machine by name")
        eventually(lambda: len(self.controller.ask("GET", "/v1/apps/two")["observed"]["ready"]) == 2, 60, "both are ready")
        self.assertEqual(self.served_by(self.controller), {"two-1", "two-2"})
        self.assertIn("controlled elsewhere", self.host.vdc("host", "list", check=False).stderr)

        self.lose_the_host()
        eventually(lambda: self.health("h2") == "down", 30, "the loss is noticed")
        survivors = {name for name, host in self.where().items() if host == "h1"}
        self.assertLessEqual(survivors, self.served_by(self.controller))
        eventually(lambda: sorted(self.where().values()) == ["h1", "h1"], 120, "its replica runs elsewhere")

        self.host.up()
        eventually(lambda: self.health("h2") == "up", 30, "it begins an epoch")
        eventually(lambda: not self.host.qemus() and len(self.controller.items("instances")) == 2, 60,
                   "what was replaced is gone")

    def test_a_controller_that_restarts_ends_nothing(self):
        self.controller.vdc("image", "import", "tiny", tiny_image())
        self.controller.vdc("apply", "-f", "-", input=TWO)
        eventually(lambda: sorted(self.where().values()) == ["h1", "h2"], 120, "a replica runs on each host")
        before = (self.controller.qemus(), self.host.qemus())
        epochs = {host["name"]: host["claimed"]["epoch"] for host in self.controller.items("hosts")}
        self.controller.kill()
        self.controller.up("--name", "h1", "--listen", "10.250.0.1:7443")
        self.controller.vdc("app", "edit", "two", "--replicas", "4")
        eventually(lambda: sorted(self.where().values()) == ["h1", "h1", "h2", "h2"], 120, "the host obeys again")
        for uuid, runs in {**before[0], **before[1]}.items():
            self.assertEqual({**self.controller.qemus(), **self.host.qemus()}[uuid], runs, "it was not touched")
        self.assertEqual({host["name"]: host["claimed"]["epoch"] for host in self.controller.items("hosts")}, epochs)


class JoinAsController(unittest.TestCase):
    def test_it_gets_the_token_that_opens_the_api_wherever_that_lies(self):
        machines = Machines()
        self.addCleanup(machines.close)
        first, second = Datacenter(machines.first), Datacenter(machines.second)
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        token_file = os.path.join(first.folder, "elsewhere")
        with open(token_file, "w") as file:
            file.write("a-token-of-our-own\n")
        first.up("--name", "h1", "--listen", machines.address, "--api-token-file", token_file)
        self.assertFalse(os.path.exists(os.path.join(first.data, "token")))
        first.vdc("cluster", "init")
        token = first.vdc("host", "token", "--controller").stdout.strip()
        second.vdc("join", machines.address, "--token", "-", "--name", "h2", "--controller", "--listen",
                   "10.250.0.2:7443", input=token)
        with open(os.path.join(second.data, "token")) as file:
            self.assertEqual(file.read(), "a-token-of-our-own")


if __name__ == "__main__":
    unittest.main()
