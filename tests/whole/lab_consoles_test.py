"""Consoles and logs of guests on hosts that control nothing, seen at a controller that does not lead (docs/consoles.md)."""

import json
import os
import selectors
import signal
import subprocess
import time
import unittest

from datacenter import BINARY, eventually, tiny_image
from lab import Lab

APP = """kind: app
name: four
replicas: 4
template: {image: tiny, flavor: tiny, network: default}
"""


class Talk:
    """A command that goes on: what it says, and what is typed to it."""
    def __init__(self, *words):
        self.process = subprocess.Popen([BINARY, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.heard = b""

    def type(self, words):
        self.process.stdin.write(words.encode())
        self.process.stdin.flush()

    def hears(self, words, again=None):
        """Waits until it has said that; meanwhile types `again` every five seconds."""
        end = time.monotonic() + 120
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while words.encode() not in self.heard:
                if time.monotonic() > end:
                    raise AssertionError(f"'{words}' was not said: {self.heard[-2000:]}")
                if selector.select(5):
                    more = os.read(self.process.stdout.fileno(), 65536)
                    if not more:
                        raise AssertionError(f"it ended: {self.heard[-2000:]} {self.process.stderr.read()}")
                    self.heard += more
                elif again is not None:
                    self.type(again)

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class ConsolesTest(unittest.TestCase):
    def talk(self, *words):
        its = Talk("--socket", self.its.socket, *words)
        self.addCleanup(its.close)
        return its

    def instance_on(self, host):
        for each in self.its.items("instance"):
            if each["view"]["host"] == host and each["status"]["word"] == "running":
                return each["name"]
        return None

    def test_of_a_guest_on_a_joined_host_are_seen_through_a_follower(self):
        self.its = Lab(4, 3)
        self.addCleanup(self.its.close)
        self.its.vdc("image", "import", "tiny", tiny_image())
        self.its.vdc("apply", "-f", "-", input=APP)
        eventually(lambda: self.instance_on("h4"), 120, "a replica runs on h4")
        guest = self.instance_on("h4")
        leader = json.loads(self.its.vdc("cluster", "status", "-o", "json").stdout)["leader"]
        self.its.socket = self.its.socket_of("h2" if leader != "h2" else "h3")

        follower = self.talk("instance", "log", guest, "--follow")
        first, second = self.talk("console", guest), self.talk("console", guest)
        first.hears("login:", again="\r")
        first.type("root\r")
        first.hears("# ", again="\r")
        first.type("echo typed-$((40+2))\r")
        for reader in (first, second, follower):
            reader.hears("typed-42")
        second.type("echo answered-$((6*7))\r")
        first.hears("answered-42")
        self.assertIn("typed-42", self.its.vdc("instance", "log", guest).stdout)
        self.assertLessEqual(len(self.its.vdc("instance", "log", guest, "--bytes", "10").stdout), 10)

        daemon = f"/run/vdc-{self.its.name}/h4/vdc.pid"
        with open(daemon) as file:
            os.kill(int(file.read().split()[0]), signal.SIGKILL)
        self.assertEqual(second.process.wait(60) in (0, 1), True, "who looked is told that it is over")
        eventually(lambda: "not connected" in self.its.try_vdc("instance", "log", guest).stderr, 60, "it is said why")
        self.its.lab("heal")
        eventually(lambda: self.its.try_vdc("instance", "log", guest).returncode == 0, 60, "its log is there again")

    def test_that_are_not_there_are_refused_with_the_hosts_own_reason(self):
        self.its = Lab(2)
        self.addCleanup(self.its.close)
        self.its.vdc("image", "import", "tiny", tiny_image())
        self.its.vdc("host", "drain", "h1")
        self.its.vdc("instance", "create", "web", "--flavor", "tiny", "--image", "tiny", "--network", "default")
        eventually(lambda: self.instance_on("h2"), 120, "it runs on h2")
        papers = f"/var/lib/vdc-{self.its.name}/h2/host"
        dialed = self.its.try_run(
            "lab", "--name", self.its.name, "run", "h2", "--", "curl", "-sk", "-m", "10", "--cert", f"{papers}/host.crt",
            "--key", f"{papers}/host.key", "https://10.250.0.1:7443/v1/host-consoles/guessed", "-w", "%{http_code}")
        self.assertIn("404", dialed.stdout)
        eventually(lambda: self.its.try_vdc("instance", "log", "web").stdout, 60, "it says something")
        self.its.vdc("instance", "stop", "web", "--hard")
        self.assertIn("does not run", self.its.vdc("console", "web", code=1).stderr)
        self.assertTrue(self.its.vdc("instance", "log", "web").stdout, "of a run that ended")


if __name__ == "__main__":
    unittest.main()
