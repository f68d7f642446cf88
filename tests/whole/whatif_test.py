"""What would happen is told before it happens: a QEMU's crash, on a real host, against the crash itself."""

import datetime
import json
import os
import signal
import time
import unittest

from datacenter import Datacenter, Refused, eventually, hello


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


class WhatIf(unittest.TestCase):
    def setUp(self):
        self.datacenter = Datacenter()
        self.addCleanup(self.datacenter.close)
        self.datacenter.up()
        hello(self.datacenter)

    def ready(self):
        return len(self.datacenter.ask("GET", "/v1/apps/hello")["observed"]["ready"])

    def crash(self, name):
        """Kills the QEMU of a replica; seconds until it is ready again, by the log."""
        victim = self.datacenter.ask("GET", f"/v1/instances/{name}")
        [(pid, _)] = self.datacenter.qemus()[victim["id"]]
        crashes = victim["observed"]["crashes"]
        killed = time.time()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.datacenter.ask("GET", f"/v1/instances/{name}")["observed"]["crashes"] > crashes, 60,
                   f"the end of {name} is seen")
        eventually(lambda: self.ready() == 1, 120, "its front sees that it is gone")
        eventually(lambda: self.ready() == 2, 240, "it answers again")
        events = self.datacenter.ask("GET", "/v1/events?noun=app&subject=hello&limit=50")["items"]
        back = next(event for event in events if event["reason"].startswith("2 of 2 replicas"))
        return instant(back["at"]) - killed

    def foresee(self, *words):
        return json.loads(self.datacenter.vdc("whatif", *words, "-o", "json").stdout)

    def test_a_crash_is_foreseen_and_nothing_is_changed(self):
        for name in ("hello-1", "hello-2", "hello-1"):  # so that boots of this machine are known
            self.crash(name)
        before = self.datacenter.ask("GET", "/v1/datacenter")["revision"]
        forecast = self.foresee("--fail", "instance/hello-2")
        self.assertEqual(self.datacenter.ask("GET", "/v1/datacenter")["revision"], before)
        measured = {speed["of"] for speed in forecast["speeds"] if speed["measured"]}
        self.assertLessEqual({"launch", "boot"}, measured)
        self.assertEqual([each["instance"] for each in forecast["recoveries"]], ["hello-2"])
        self.assertEqual(forecast["moves"], [])
        self.assertEqual(forecast["cannot_run"], [])
        self.assertEqual([each["least"] for each in forecast["broken"]], [1])
        foreseen = forecast["recovery"]["max"]
        took = self.crash("hello-2")
        print(f"foreseen {foreseen:.2f} s, took {took:.2f} s: {100 * (foreseen - took) / took:+.0f} %")

    def test_questions_about_new_things_and_a_drawing(self):
        plot = os.path.join(self.datacenter.folder, "plot.svg")
        manifest = "kind: app\nname: more\nreplicas: 2\ntemplate: {image: tiny, flavor: tiny, network: default}\n"
        told = self.datacenter.vdc("whatif", "--run", "-", "--plot", plot, input=manifest).stdout
        self.assertIn("more-1", told)
        self.assertIn("Cost", told)
        with open(plot) as file:
            self.assertTrue(file.read().startswith("<svg"))
        with self.assertRaises(Refused):
            self.datacenter.ask("GET", "/v1/apps/more")
        [host] = self.datacenter.items("hosts")
        added = self.foresee("--add-hosts", "2", "--like", host["name"], "--flavor-change", "hello=small")
        self.assertEqual(added["cannot_run"], [])

    def test_what_means_nothing_is_refused(self):
        for words, told in ((["--fail", "host/nowhere"], "no host 'nowhere'"), (["--fail", "rack/r1"], "'rack'"),
                            (["--fail", "instance/hello-9"], "no instance 'hello-9'"), ([], "nothing is asked"),
                            (["--flavor-change", "hello"], "NAME=FLAVOR"), (["--add-hosts", "2"], "--like")):
            done = self.datacenter.vdc("whatif", *words, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(told, done.stderr)
