"""A lab: a datacenter of several hosts on this machine, and what may befall them."""

import json
import unittest

from datacenter import BINARY, eventually, tiny_image
from lab import Lab

THREE = """kind: app
name: three
replicas: 3
template: {image: tiny, flavor: tiny, network: default}
"""


class LabTest(unittest.TestCase):
    def setUp(self):
        self.its = Lab(3)
        self.addCleanup(self.its.close)

    def test_what_befalls_a_host_is_seen_and_heals(self):
        self.assertEqual(self.its.hosts(), {"h1": "on", "h2": "on", "h3": "on"})
        self.assertEqual(self.its.health(), {"h1": "up", "h2": "up", "h3": "up"})

        self.its.lab("kill", "h2")
        self.its.lab("cut", "h3", "--from")
        self.assertEqual(self.its.hosts(), {"h1": "on", "h2": "off", "h3": "on from it"})
        eventually(lambda: "up" not in (self.its.health()["h2"], self.its.health()["h3"]), 60, "both are missed")
        self.its.lab("heal")
        self.assertEqual(self.its.hosts(), {"h1": "on", "h2": "on", "h3": "on"})
        eventually(lambda: set(self.its.health().values()) == {"up"}, 60, "all are heard again")

        self.its.lab("pause", "h2")
        self.assertEqual(self.its.hosts()["h2"], "paused")
        eventually(lambda: self.its.health()["h2"] != "up", 60, "it is missed")
        self.its.lab("heal", "h2")
        eventually(lambda: self.its.health()["h2"] == "up", 60, "it is heard again")

    def recoveries(self):
        return json.loads(self.its.vdc("recovery", "show", "-o", "json").stdout)["items"]

    def test_a_recovery_is_told_with_its_moments(self):
        self.assertEqual(self.recoveries(), [])
        self.its.vdc("image", "import", "tiny", tiny_image())
        self.its.vdc("apply", "-f", "-", input=THREE)
        self.its.lab("kill", "h2")
        eventually(lambda: self.recoveries() and self.recoveries()[0]["over"], 120, "its replica runs elsewhere")
        loss, = self.recoveries()
        run, = loss["instances"]
        self.assertEqual((loss["host"], run["app"], run["fate"]), ("h2", "three", "replaced"))
        self.assertNotEqual(run["to"], "h2")
        moments = [loss["suspected"], loss["fenced"], run["placed"], run["started"], run["ready"]]
        self.assertEqual(moments, sorted(moments))
        self.assertIn(run["by"], self.its.vdc("recovery", "show").stdout)

    def test_up_again_adds_hosts_and_touches_none(self):
        before = json.loads(self.its.lab("show", "-o", "json").stdout)
        after = json.loads(self.its.lab("up", "--hosts", "4", "-o", "json").stdout)
        self.assertEqual(after[:3], before)
        self.assertEqual(self.its.hosts()["h4"], "on")

    def test_a_command_runs_in_a_host_and_asks_its_vdc(self):
        shown = self.its.lab("run", "h2", "--", "ip", "-4", "-o", "addr", "show", "eth0").stdout
        self.assertIn("10.250.0.2/24", shown)
        self.assertIn("controlled elsewhere", self.its.lab("run", "h2", "--", BINARY, "host", "list", code=1).stderr)

    def test_wrong_words_are_named_and_change_nothing(self):
        self.assertIn("h1 to h3", self.its.lab("kill", "h9", code=3).stderr)
        self.assertIn("1 to 50", self.its.lab("up", "--hosts", "51", code=2).stderr)
        self.assertIn("a lab cannot be named", self.its.run("lab", "--name", "No!", "show", code=2).stderr)
        self.assertIn("there is no lab", self.its.run("lab", "--name", "nosuch", "kill", "h1", code=3).stderr)
        self.assertEqual(set(self.its.hosts().values()), {"on"})


if __name__ == "__main__":
    unittest.main()
